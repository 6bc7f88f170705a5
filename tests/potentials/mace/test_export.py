"""MACE's files against the estimator: mace-torch's calculator, its LAMMPS program, TorchScript."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from example_mace import CPU, mixed, small

from mlffbench.data import Labels
from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.batches import Graphs

pytestmark = pytest.mark.filterwarnings("ignore")  # mace-torch's own programs warn

ATOMS = {"H": -13.6, "C": -1029.125, "O": -2041.3}


@pytest.fixture(scope="module")
def model() -> Any:
    """A model of single precision with heavy isolated atoms."""
    frames = mixed()
    energy = [sum(ATOMS[s] for s in a.symbols) - (3.0 + i) * len(a) for i, a in enumerate(frames)]
    return small(max_epochs=1, dtype="float32", atomic_energies=ATOMS).fit(frames, Labels(np.array(energy)))


@pytest.fixture
def mace_torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Its programs load whole pickled modules and change torch's default precision."""
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


def frames() -> list[Atoms]:
    """A molecule, a slab and a periodic cell, rattled."""
    rattled = mixed()[:3]
    for atoms in rattled:
        atoms.rattle(0.1, seed=1)
    return rattled


def test_its_own_calculator_gives_equal_numbers(model: Any, tmp_path: Path, mace_torch: None) -> None:
    from mace.calculators import MACECalculator

    (file,) = model.export(tmp_path / "x.model").files
    calculator = MACECalculator(model_paths=str(file), device="cpu", default_dtype="float64")
    for atoms in frames():
        ours, theirs = model.predict([atoms]), atoms.copy()
        theirs.calc = calculator
        assert np.abs(ours.forces[0]).max() > 0.02
        assert ours.energy[0] == pytest.approx(theirs.get_potential_energy(), abs=1e-5)  # of -3000 eV
        np.testing.assert_allclose(ours.forces[0], theirs.get_forces(), atol=1e-5)
        if atoms.pbc.all():
            np.testing.assert_allclose(ours.stress[0], theirs.get_stress(), atol=1e-6)


def test_the_files_for_lammps_give_equal_numbers(
    model: Any, tmp_path: Path, mace_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours, and that of mace-torch's program from our ``.model``; called as ``pair_style mace`` does."""
    from mace.cli.create_lammps_model import main

    (file,) = model.export(tmp_path / "x.model").files
    monkeypatch.setattr(sys, "argv", ["mace_create_lammps_model", str(file)])
    main()
    include, ours = model.export(tmp_path / "x.lammps").files
    assert "pair_coeff * * x.lammps.pt H C O" in include.read_text()
    for scripted in (torch.jit.load(ours), torch.jit.load(f"{file}-lammps.pt")):
        for atoms in frames():
            expected = model.predict([atoms])
            energy, forces, virial = called_as_in_lammps(scripted, atoms)
            assert energy == pytest.approx(expected.energy[0], abs=1e-5)
            np.testing.assert_allclose(forces, expected.forces[0], atol=1e-5)
            if atoms.pbc.all():
                stress = -virial.ravel()[[0, 4, 8, 5, 2, 1]] / atoms.get_volume()
                np.testing.assert_allclose(stress, expected.stress[0], atol=1e-6)


def called_as_in_lammps(scripted: Any, atoms: Atoms) -> tuple[float, np.ndarray, np.ndarray]:
    """Energy, forces and virial of all atoms; none is another processor's."""
    numbers, cutoff = scripted.atomic_numbers.tolist(), scripted.r_max.item()
    batch = assemble(Graphs.build([atoms], numbers, cutoff, torch.float64, CPU), [0])
    tensors = {k: v for k, v in batch.mace_inputs().items() if isinstance(v, torch.Tensor)}
    local = torch.ones(len(atoms), dtype=torch.bool)
    with torch.jit.optimized_execution(False):  # else the first calls compile
        out = scripted({k: v.clone() for k, v in tensors.items()}, local, True)
    energy, forces, virials = (out[k].detach() for k in ("total_energy_local", "forces", "virials"))
    return energy.item(), forces.numpy()[batch.order], virials.numpy()
