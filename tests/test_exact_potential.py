"""The exact potential passes every quick task on systems of every kind, or the task is skipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.emt import EMT

from mlffbench import registry
from mlffbench.data import Dataset, Labels, Missing, Reference, Score, Split
from mlffbench.tasks.common.subtasks import unmet_need
from mlffbench.testing.controls import Analytic


def triclinic() -> Atoms:
    atoms = bulk("AuCu", "cesiumchloride", a=3.05)
    strain = np.array([[0.02, 0.03, 0.01], [0, 0.01, 0.05], [0, 0, -0.02]])
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    return atoms


def slab() -> Atoms:
    atoms = fcc111("Cu", (2, 2, 3), vacuum=6.0)
    atoms.pbc = (True, True, False)
    return atoms


SYSTEMS = {
    "one-atom cell": bulk("Cu", a=3.6),
    "one element": bulk("Cu", a=3.6, cubic=True),
    "two-atom cell": bulk("AuCu", "cesiumchloride", a=3.05),
    "triclinic": triclinic(),
    "slab": slab(),
    "molecule": molecule("CH3CH2OH"),
    "linear molecule": molecule("CO2"),
    "dimer": molecule("N2"),
    "chain": Atoms("Cu2", [[0, 0, 0], [0, 0, 2.4]], cell=[10, 10, 4.8], pbc=(False, False, True)),
    "lone atom": Atoms("Cu"),
    "atom in a box": Atoms("Cu", cell=[8, 8, 8], pbc=True),
}
CRYSTAL = ("equation_of_state", "elastic", "phonons", "vacancy", "surface", "phases", "thermal_expansion")
QUICK: dict[str, dict[str, Any]] = {
    "md": {"n_trajectories": 2, "picoseconds": 0.02, "nve_picoseconds": 0.02, "protocol": {"frames": 3}},
    "physics": {"n_lines": 1, "n_points": 40},
    "learning_curve": {"sizes": [0.5, 1.0], "n_seeds": 1},
    "screening": {"n": 6, "k": 2},
    "structure_prediction": {"n_rattled": 1, "n_cells": 2, "hops": 2, "sizes": (1, 2)},
    "properties": {"solids": {"include": CRYSTAL, "min_length": 5.0, "mesh": 3, "thickness": 5.0}},
}
COUNTS = ("steps", "force_calls", "minima_below")  # sizes of a search, not errors
FREE = {
    ("hessian_asymmetry", "error"), ("nve_drift", "error"), ("nve_fluctuation", "std"), ("cost", "seconds"),
    ("cost", "core_seconds"), ("cost", "seconds_per_structure"), ("cost", "core_seconds_per_structure"),
    ("dynamics", "time_per_atom_step"), ("dynamics", "days_per_ns"),
    ("batched_dynamics", "time_per_atom_step"),
}  # fmt: skip


def dataset(name: str) -> tuple[Dataset, Split]:
    """Eight frames about a structure with EMT's labels, and EMT as their truth."""
    atoms, frames = SYSTEMS[name], []
    for seed in range(8):
        frame = atoms.copy()
        if atoms.pbc.all():
            frame.set_cell(frame.cell.array * (0.99 + 0.0025 * seed), scale_atoms=True)
        frame.rattle(0.03, seed=seed)
        frames.append(frame)
    properties = [("energy", "forces", "stress") if a.pbc.all() else ("energy", "forces") for a in frames]
    rows = [[EMT().get_property(p, a) for p in names] for a, names in zip(frames, properties, strict=True)]
    stress = tuple(row[2] if len(row) == 3 else None for row in rows)
    labels = Labels(np.array([row[0] for row in rows]), tuple(row[1] for row in rows), stress)
    reference = Reference({name: atoms}, truth={"emt": {}}, source="EMT")
    split = Split(np.arange(4), {"near": np.arange(4, 6), "far": np.arange(6, 8)})
    return Dataset(name, frames, labels, reference=reference), split


@pytest.mark.parametrize("task", QUICK)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_exact_potential_passes(system: str, task: str) -> None:
    data, split = dataset(system)
    model = Analytic("emt").fit([data.frames[i] for i in split.train], data.labels[split.train])
    run = registry.load("tasks", task)
    if reason := unmet_need(run, model, data, split):
        pytest.skip(reason)
    rows = run(model, data, split, **QUICK[task])
    failures = [r for r in rows if isinstance(r, Missing) and r.kind != "skipped"]
    assert not failures
    pairs = {r.test for r in rows if isinstance(r, Score) and r.quantity == "tortuosity"}
    for row in rows:
        if not isinstance(row, Score) or row.metric in COUNTS:
            continue
        if (row.quantity, row.metric) not in FREE and row.test not in pairs:
            assert np.isfinite(row.value), row
            assert abs(row.value) < 0.01 or (row.quantity == "compression" and row.metric == "depth"), row


@pytest.mark.parametrize("system", ["linear molecule", "dimer", "lone atom"])
def test_the_exact_potential_has_the_modes_of_small_molecules(system: str) -> None:
    data, split = dataset(system)
    model = Analytic("emt").fit(data.frames, data.labels)
    include = {"include": ["geometry", "vibrations", "dissociation"], "n_points": 10}
    rows = registry.load("tasks", "properties")(model, data, split, molecules=include)
    assert not [r for r in rows if isinstance(r, Missing) and r.kind != "skipped"]
