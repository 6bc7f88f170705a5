"""The molecule of a dataset with its conformers and paths: the subject of every property in this folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Dataset, Reference, Score, Split, bare
from mlffbench.forcefield import ForceField
from mlffbench.properties.reaction_path import ReactionPath
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.torsion import Torsion
from mlffbench.system.ranges import Count, Length, Positive
from mlffbench.tasks.common.reference import ReferenceFails, measure_both, reference_calculator, stored_value
from mlffbench.tasks.common.subtasks import error_row

__all__ = ["MEV", "Molecule", "MoleculeSettings", "barrier_row"]

MINIMUM = "minimum"  # name of the ground state, where the reference has it
AMPLITUDE = 0.02  # Å, of the rattled coordinates before a relaxation
MEV = 1e3  # meV/eV
Measured = TypeVar("Measured")


MoleculeProperty = Literal[
    "geometry", "vibrations", "profiles", "torsion", "reaction_path", "dissociation", "conformers"
]


@dataclass(frozen=True)
class MoleculeSettings:
    """Keywords of the properties of molecules: the properties to measure, atoms and paths, grids, tolerances.

    The card of the dataset can set them under ``molecule``; keywords of the suite win.

    Parameters
    ----------
    include : sequence of str
        Properties: names of the files in this folder.
    permutation, mirror : sequence of int, bool
        The end of the reaction path is the permuted (and mirrored) minimum, see `reaction_path.permuted`.
    path_group : str, optional
        Test group whose first and last frame are the ends of the path if no permutation is given.
    saddle : str, optional
        Name of the path's saddle point in the reference.
    dihedral : four ints, optional
        Angle of the torsion scan; no scan without it.
    bonds : sequence of two ints each, optional
        Bonds to break, by default one of every two elements.
    profiles : sequence of str, optional
        Test groups of labelled frames along a path, ordered by the column ``coordinate``; by default those
        that the card lists under ``coordinates``.
    n_images : int
        Images of the reaction path's band.
    path_fmax : float
        Largest force left on the band, eV/Å.
    fmax : float
        Largest force left in a minimum, eV/Å.
    n_points : int
        Points of a dissociation curve.
    longest : float
        Length of the broken bond at the end of a dissociation curve, Å.
    """

    include: Sequence[MoleculeProperty] = (
        "geometry", "vibrations", "profiles", "torsion", "reaction_path", "dissociation", "conformers",
    )  # fmt: skip
    permutation: Sequence[int] | None = None
    mirror: bool = False
    path_group: str | None = None
    saddle: str | None = None
    dihedral: Sequence[int] | None = None
    bonds: Sequence[Sequence[int]] | None = None
    profiles: Sequence[str] | None = None
    n_images: Count = 9
    path_fmax: Positive = 0.05
    fmax: Positive = 0.002
    n_points: Count = 80
    longest: Length = 7.0


@dataclass(frozen=True)
class Molecule:
    """The molecule among a dataset's reference structures, the model, and the reference of both."""

    model: ForceField
    dataset: Dataset
    split: Split
    seed: int
    settings: MoleculeSettings

    @property
    def reference(self) -> Reference:
        return self.dataset.reference or Reference()

    @cached_property
    def structures(self) -> dict[str, Atoms]:
        """The conformers, the ground state first."""
        conformers = {n: a for n, a in self.reference.structures.items() if not a.pbc.any()}
        return {n: conformers[n] for n in sorted(conformers, key=lambda n: n != MINIMUM)}

    @property
    def name(self) -> str:
        """Name of the ground state."""
        return next(iter(self.structures))

    @property
    def saddle(self) -> Atoms | None:
        """Saddle point of the reaction path."""
        name = self.settings.saddle
        return None if name is None else self.reference.saddles.get(name)

    @cached_property
    def calculator(self) -> BaseCalculator:
        return self.model.calculator()

    @cached_property
    def true_calculator(self) -> BaseCalculator | None:
        """Calculator of the reference potential."""
        return reference_calculator(self.reference)

    @cached_property
    def true_minimum(self) -> Atoms:
        """Ground state of the reference potential, relaxed from the rattled stored one, else the stored one.

        Raises
        ------
        ReferenceFails
            The reference potential does not relax it.
        """
        stored = self.structures[self.name]
        if self.true_calculator is None:
            return stored
        try:
            return bare(relaxed(self.true_calculator, self.rattled(stored), fmax=self.settings.fmax))
        except ValueError as error:
            raise ReferenceFails(f"the reference potential itself fails: {error}") from error

    @cached_property
    def minimum(self) -> Atoms:
        """The model's minimum next to the reference's, relaxed from the same start."""
        start = self.rattled(self.structures[self.name])
        return bare(relaxed(self.calculator, start, fmax=self.settings.fmax))

    def rattled(self, atoms: Atoms) -> Atoms:
        """Move the atoms a little, out of a symmetry that the model's minimum may not have."""
        moved = bare(atoms)
        moved.rattle(AMPLITUDE, seed=self.seed)
        return moved

    def compare(
        self, measure: Callable[[BaseCalculator, Atoms], Measured]
    ) -> tuple[Measured, Measured | None]:
        """Measure a property of model and reference potential, None without one, each at its own minimum."""
        predicted = lambda: measure(self.calculator, self.minimum)
        if (calculator := self.true_calculator) is None:
            return measure_both(predicted, None)
        return measure_both(predicted, lambda: measure(calculator, self.true_minimum))

    def stored_value(self, structure: str, quantity: str = "energy") -> float | None:
        """Return the number that the dataset stores of a structure."""
        return stored_value(self.reference, structure, quantity)

    def ordered(self, group: str) -> np.ndarray:
        """Return the indices of a test group's frames in the order of their coordinate."""
        indices = self.split.tests[group]
        return indices[np.argsort(self.coordinate(indices), kind="stable")]

    def coordinate(self, indices: np.ndarray) -> np.ndarray:
        """Return the column ``coordinate``, else the indices themselves, (n,)."""
        column = self.dataset.columns.get("coordinate")
        return np.asarray(indices if column is None else column[indices], dtype=float)


def barrier_row(test: str, predicted: ReactionPath | Torsion, reference: float) -> Score:
    """Error of a barrier, meV; `reference` is in eV."""
    return error_row(test, "barrier", MEV * predicted.barrier, MEV * reference, "meV")
