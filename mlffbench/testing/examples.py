"""Example data of the contract, and models fitted to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from sklearn.base import clone

from mlffbench.data import Dataset, Labels
from mlffbench.forcefield import ForceField
from mlffbench.testing.compare import raises

__all__ = [
    "EXAMPLES",
    "FEW",
    "Fitted",
    "alloys",
    "fitted",
    "molecules",
    "refusal",
    "solids",
    "without_derivatives",
]

FEW = 4  # frames of a check that needs a fit of its own


@dataclass(frozen=True)
class Fitted:
    """A fitted model, its training frames and labels, and copies of the frames from before the fit."""

    model: ForceField
    frames: list[Atoms]
    labels: Labels
    before: list[Atoms]

    @cached_property
    def few(self) -> Fitted:
        """A fit with the same parameters to a few frames, of which every second lacks forces and stress.

        A model that refuses missing labels is fitted to all labels of these frames.
        """
        labels = self.labels[:FEW]
        return self.refitted(without_derivatives(labels)) or self.refitted(labels, needed=True)

    def refitted(self, y: Any, needed: bool = False) -> Any:
        """A fit with the same parameters to other labels of the first few frames.

        None if the model refuses these labels, which it must do with a sentence. With `needed` its error is
        raised.
        """
        try:
            return _fit(clone(self.model), [a.copy() for a in self.frames[:FEW]], y)
        except ValueError as error:
            if needed:
                raise
            sentence = str(error)
        assert len(sentence.split()) > 3, f"{sentence!r} is no sentence"
        return None


def fitted(cls: type[ForceField], dataset: Dataset) -> Fitted:
    """Fit the class with its ``test_params`` to a dataset."""
    return _fit(cls(**cls.test_params()), [a.copy() for a in dataset.frames], dataset.labels)


def _fit(model: ForceField, frames: list[Atoms], y: Any) -> Fitted:
    before = [a.copy() for a in frames]
    return Fitted(model.fit(frames, y), frames, y if isinstance(y, Labels) else Labels(y), before)


def without_derivatives(labels: Labels, zero: bool = False) -> Labels:
    """Labels without forces and stress of every second frame, or with zeros instead."""

    def part(values: Any) -> Any:
        replacements = [None if v is None or not zero else np.zeros_like(v) for v in values]
        return [v if i % 2 else w for i, (v, w) in enumerate(zip(values, replacements, strict=True))]

    changes = {n: part(v) for n in ("forces", "stress") if (v := getattr(labels, n)) is not None}
    return replace(labels, **changes)


def refusal(cls: type[ForceField], dataset: Dataset) -> str | None:
    """The message with which a class refuses data that it does not support; None for data that it supports.

    Raises
    ------
    AssertionError
        The class accepts data that it does not support.
    """
    model = cls(**cls.test_params())
    periodic = any(a.pbc.any() for a in dataset.frames)
    formulas = {a.get_chemical_formula() for a in dataset.frames}
    supported = ("periodic" in model.supports or not periodic) and (
        "extensive" in model.supports or len(formulas) == 1
    )
    if supported:
        return None
    with raises(ValueError, r"\w+ \w+") as messages:
        model.fit(list(dataset.frames), dataset.labels)
    return messages[0]


# ---------------------------------------------------------------- data
def molecules(n: int = 10) -> Dataset:
    """Malonaldehyde with DFT labels."""
    from mlffbench.datasets.malonaldehyde import malonaldehyde

    return _head(malonaldehyde(), n)


def solids(n: int = 8) -> Dataset:
    """A strained and rattled Lennard-Jones crystal with exact labels."""
    from mlffbench.datasets.lennard_jones import lennard_jones

    return _head(lennard_jones(n_train=n), n)


def alloys(n: int = 8) -> Dataset:
    """Small cells of copper, nickel and gold in several compositions, strained and rattled.

    Each has one to four atoms, so that the cutoff contains many images of each atom. Exact labels by
    effective-medium theory, as in ASE.
    """
    rng = np.random.default_rng(0)
    frames = [_rattled(perfect, rng) for perfect in (_ordered_alloys() * n)[:n]]
    calculator = EMT()
    rows = [[calculator.get_property(q, atoms) for q in ("energy", "forces", "stress")] for atoms in frames]
    energy, forces, stress = zip(*rows, strict=True)
    atoms = {s: float(calculator.get_property("energy", Atoms(s))) for s in ("Ni", "Cu", "Au")}
    return Dataset("alloys", frames, Labels(np.array(energy), forces, stress), atomic_energies=atoms)


def _ordered_alloys() -> list[Atoms]:
    """Ordered alloys of types CsCl, AuCu3 and AuCu, and the elements; the first two cells hold all three."""
    four = bulk("Cu", "fcc", a=3.8, cubic=True)
    alloyed = lambda symbols: Atoms(symbols, four.positions, cell=four.cell, pbc=True)
    return [
        bulk("AuCu", "cesiumchloride", a=3.1),
        alloyed("NiCuAuCu"),
        bulk("Cu"),
        Atoms("NiAu", [[0, 0, 0], [1.35, 1.35, 1.8]], cell=[2.7, 2.7, 3.6], pbc=True),
        bulk("Ni"),
        alloyed("Au3Ni"),
        bulk("Au"),
        bulk("NiCu", "cesiumchloride", a=2.85),
    ]


def _rattled(perfect: Atoms, rng: np.random.Generator) -> Atoms:
    """A strained and rattled copy."""
    atoms = Atoms(perfect.numbers, perfect.positions, cell=perfect.cell, pbc=True)
    deformation = rng.uniform(-0.04, 0.04, size=(3, 3))
    atoms.set_cell(atoms.cell @ (np.eye(3) + (deformation + deformation.T) / 2), scale_atoms=True)
    atoms.positions += rng.normal(scale=0.08, size=atoms.positions.shape)
    return atoms


def _head(dataset: Dataset, n: int) -> Dataset:
    """The first n frames."""
    columns = {k: v[:n] for k, v in dataset.columns.items()}
    return Dataset(
        dataset.name, dataset.frames[:n], dataset.labels[:n], columns, dataset.card, dataset.atomic_energies
    )


EXAMPLES: tuple[Callable[[], Dataset], ...] = (molecules, solids, alloys)
