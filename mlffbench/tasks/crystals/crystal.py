"""The crystal of a dataset with its polymorphs: the subject of every property in this folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.spacegroup.symmetrize import refine_symmetry

from mlffbench.data import Dataset, Reference, bare
from mlffbench.forcefield import ForceField
from mlffbench.properties.equation_of_state import equation_of_state
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.symmetry import standard_cell, symmetry_dataset
from mlffbench.system.ranges import Count, Length, Positive, Positives
from mlffbench.tasks.common.reference import measure_both, reference_potential
from mlffbench.tasks.common.subtasks import Row, error_row, skipped_row

__all__ = ["Crystal", "CrystalSettings"]

SYMPREC = 1e-3  # Å, of the reference structures
CUBIC = 195  # the first cubic space group
Measured = TypeVar("Measured")


CrystalProperty = Literal[
    "equation_of_state", "elastic", "phonons", "vacancy", "surface", "phases", "thermal_expansion"
]


@dataclass(frozen=True)
class CrystalSettings:
    """Keywords of the properties of crystals: the properties to measure, cells, grids and tolerances.

    Parameters
    ----------
    include : sequence of str
        Properties: names of the files in this folder.
    min_length : float
        Width of supercells, Å.
    mesh : int
        q-points of the phonons along each axis.
    surfaces : sequence of three int each
        Miller indices in the conventional cell.
    thickness : float
        Thickness of slabs, Å.
    temperatures : sequence of float
        K; the coefficient of thermal expansion at the first one is compared.
    fmax : float
        Largest force left by every relaxation, eV/Å.
    """

    include: Sequence[CrystalProperty] = (
        "equation_of_state",
        "elastic",
        "phonons",
        "vacancy",
        "surface",
        "phases",
    )
    min_length: Length = 10.0
    mesh: Count = 12
    surfaces: Sequence[Sequence[int]] = ((1, 1, 1),)
    thickness: Length = 10.0
    temperatures: Positives = (300.0,)
    fmax: Positive = 1e-3


@dataclass(frozen=True)
class Crystal:
    """A crystal structure, its polymorphs, the model, and the reference of both.

    Parameters
    ----------
    name : str
        The structure's name in the reference.
    structures : mapping of str to Atoms
        The structure and its polymorphs as conventional cells, the ground state first.
    """

    name: str
    structures: Mapping[str, Atoms]
    model: ForceField
    reference: Reference
    settings: CrystalSettings

    @classmethod
    def ground_state(cls, model: ForceField, dataset: Dataset, settings: CrystalSettings) -> Crystal | None:
        """Return the first crystal among the dataset's reference structures; None without one."""
        reference = dataset.reference or Reference()
        structures = {n: _conventional(a) for n, a in reference.structures.items() if a.pbc.all()}
        return cls(next(iter(structures)), structures, model, reference, settings) if structures else None

    @property
    def atoms(self) -> Atoms:
        return self.structures[self.name]

    @property
    def polymorphs(self) -> list[Crystal]:
        """The other structures of the reference."""
        return [replace(self, name=name) for name in self.structures if name != self.name]

    @property
    def values(self) -> Mapping[str, float]:
        """Numbers that the dataset stores of this structure."""
        return self.reference.values.get(self.name, {})

    @property
    def stress(self) -> bool:
        """True if the model predicts stress."""
        return "stress" in self.model.properties

    @property
    def cubic(self) -> bool:
        symmetry = symmetry_dataset(self.atoms, SYMPREC)
        return symmetry is not None and int(symmetry.number) >= CUBIC

    def equilibrium(self, calculator: BaseCalculator) -> Atoms:
        """Relax structure and cell to a potential's own minimum, with the symmetry kept."""
        if not self.stress:
            return equation_of_state(calculator, self.atoms, fmax=self.settings.fmax).atoms
        cell: bool | str = "hydrostatic" if self.cubic else True
        minimum = relaxed(calculator, self.atoms, cell=cell, fmax=self.settings.fmax)
        minimum.calc = None
        refine_symmetry(minimum, symprec=10 * SYMPREC)
        return minimum

    def supercell_width(self, equilibrium: Atoms) -> float:
        """Return the width, Å, that gives every potential a supercell of the same number of cells."""
        volume_ratio = float(equilibrium.get_volume() / self.atoms.get_volume())
        return self.settings.min_length * volume_ratio ** (1 / 3)

    def compare(self, measure: Callable[[BaseCalculator], Measured]) -> tuple[Measured, Measured | None]:
        """Measure a property with the model's calculator and with the reference's, None without one."""
        predicted = lambda: measure(self.model.calculator())
        if (potential := reference_potential(self.reference)) is None:
            return measure_both(predicted, None)
        return measure_both(predicted, lambda: measure(potential()))

    def rows(
        self, predicted: Mapping[str, float], true: Mapping[str, float] | None, units: Mapping[str, str]
    ) -> list[Row]:
        """Compare each number with the reference potential's, else with the one the dataset stores."""
        reference = {**self.values, **(true or {})}
        return [
            error_row(self.name, quantity, value, reference[quantity], units[quantity])
            if quantity in reference
            else skipped_row(self.name, quantity, "no reference value")
            for quantity, value in predicted.items()
        ]


def _conventional(atoms: Atoms) -> Atoms:
    """Return the conventional cell in standard orientation, in which elastic constants have their names."""
    standard = standard_cell(atoms, SYMPREC)
    return bare(atoms) if standard is None else standard
