"""The chain of four atoms as dataset and as model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from example_chain import Chain, chain

from mlffbench.data import Curve, Dataset, Labels, Missing, Reference, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vibrations import vibrations
from mlffbench.tasks.properties import properties

TRUE = Chain()
FEW = {
    "n_images": 5, "n_points": 50, "longest": 4.5, "permutation": [0, 1, 2, 3], "mirror": True,
    "dihedral": [0, 1, 2, 3],
}  # fmt: skip
PATHS = {"saddle": "transfer_saddle", "profiles": ["dihedral", "proton_transfer"]}
OTHER = {"bond": 1.45, "v1": -0.25, "v3": 0.5}


class Toy(ForceField):
    """The chain with its own parameters, nothing learned."""

    properties = ("energy", "forces")
    calculator_class = Chain

    def __init__(self, params: dict[str, float] | None = None, atomic_energies: Any = None) -> None:
        self.params = params
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.chain_ = self.calculator_class(**(self.params or {}))

    def _evaluate(self, inputs: Any) -> Labels:
        energies, forces = zip(*(evaluated(self.chain_, a) for a in inputs), strict=True)
        return Labels(np.array(energies), forces)


class Torn(Chain):
    """2 eV lower where the first bond is longer than 2.5 Å."""

    def energies(self, x: np.ndarray) -> np.ndarray:
        return super().energies(x) - 2.0 * (np.linalg.norm(x[:, 0] - x[:, 1], axis=-1) > 2.5)


class TornToy(Toy):
    calculator_class = Torn


def evaluated(calculator: Chain, atoms: Atoms) -> tuple[float, np.ndarray]:
    copy = atoms.copy()
    copy.calc = calculator
    forces = copy.get_forces()
    return copy.get_potential_energy(), forces


def dataset(truth: bool = True) -> tuple[Dataset, Split]:
    """Two frames to train on, a labelled turn and a labelled half of the way over; what is known of both."""
    gauche = TRUE.gauche()
    angles = np.concatenate([[50, 60], np.arange(0, 181, 15), np.linspace(-gauche, gauche, 7)])
    groups = np.repeat(["train", "dihedral", "proton_transfer"], [2, 13, 7])
    frames = [chain(a) for a in angles]
    energies, forces = zip(*(evaluated(TRUE, a) for a in frames), strict=True)
    structures = {"minimum": chain(gauche), "conformer trans": chain(180)}
    saddles = {"transfer_saddle": chain(0)}
    values: dict[str, dict[str, float]] = {
        n: {"energy": evaluated(TRUE, a)[0]} for n, a in (structures | saddles).items()
    }
    found = vibrations(TRUE, relaxed(TRUE, structures["minimum"], fmax=1e-4)).wavenumbers
    values["minimum"] |= {f"wavenumber_{i + 1}": float(v) for i, v in enumerate(found)}
    spec = {"example_chain:Chain": {}}
    known, potential = ({}, spec) if truth else (values, None)
    reference = Reference(structures, known, "Chain", potential, saddles)
    columns = {"group": groups, "coordinate": angles.astype(float)}
    labels = Labels(np.array(energies), forces)
    data = Dataset("chain", frames, labels, columns, {"molecule": PATHS}, {"C": 0.0, "O": 0.0}, reference)
    tests = {g: np.flatnonzero(groups == g)[::-1] for g in ("dihedral", "proton_transfer")}
    return data, Split(np.flatnonzero(groups == "train"), tests)


def rows(model: ForceField, data: Dataset, split: Split, **keywords: Any) -> list[Score | Missing | Curve]:
    """Rows of the properties of the chain; a property that fails is an error."""
    fitted = model.fit([data.frames[i] for i in split.train], data.labels[split.train])
    found = properties(fitted, data, split, 0, molecules={**FEW, **keywords})
    assert not [r for r in found if isinstance(r, Missing) and r.kind != "skipped"]
    return found


def scores(found: Sequence[Any]) -> dict[tuple[str, str, str], Score]:
    return {(r.test, r.quantity, r.metric): r for r in found if isinstance(r, Score)}


def missing(found: Sequence[Any]) -> dict[str, str]:
    assert all(r.kind == "skipped" for r in found if isinstance(r, Missing))
    return {r.quantity: r.message for r in found if isinstance(r, Missing)}
