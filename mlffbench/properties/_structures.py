"""Structure helpers of several properties: supercells, scaled copies, energies and forces of copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import as_atoms

__all__ = [
    "energies_and_forces",
    "energy_and_forces",
    "most_atoms",
    "on_cuda",
    "repeats",
    "right_handed",
    "scaled",
    "takes_any_structure",
]

MOST_ATOMS, MOST_ATOMS_CUDA = 4096, 65536  # evaluated at once; models make smaller batches where memory asks
Given = ParamSpec("Given")
Value = TypeVar("Value")


def takes_any_structure(function: Callable[Given, Value]) -> Callable[Given, Value]:
    """Convert structures and molecules of pymatgen among the arguments, also inside lists, to Atoms."""

    @wraps(function)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Value:
        return function(*map(_with_atoms, args), **{k: _with_atoms(v) for k, v in kwargs.items()})

    return call


def _with_atoms(value: Any) -> Any:
    if isinstance(value, list | tuple) and any(hasattr(item, "to_ase_atoms") for item in value):
        return [as_atoms(item) for item in value]
    if isinstance(value, Mapping) and any(hasattr(item, "to_ase_atoms") for item in value.values()):
        return {key: as_atoms(item) for key, item in value.items()}
    return as_atoms(value)


def repeats(atoms: Atoms, min_length: float) -> np.ndarray:
    """Repetitions of each axis for a supercell at least `min_length` Å wide between its faces, (3,) int."""
    widths = 1 / np.linalg.norm(atoms.cell.reciprocal(), axis=1)
    return np.maximum(np.ceil(min_length / widths - 1e-6).astype(int), 1)


def scaled(atoms: Atoms, factor: float) -> Atoms:
    """A copy without constraints, cell and positions times `factor`."""
    copy = atoms.copy()
    copy.set_constraint()
    copy.set_cell(atoms.cell.array * factor)
    copy.positions = atoms.positions * factor
    return copy


def right_handed(atoms: Atoms) -> Atoms:
    """The same crystal with right-handed cell vectors: all three reversed where they are left-handed."""
    copy = atoms.copy()
    if np.linalg.det(copy.cell.array) < 0:
        copy.set_cell(-copy.cell.array)
    return copy


def energy_and_forces(calculator: BaseCalculator, atoms: Atoms) -> tuple[float, np.ndarray]:
    """Energy, eV, and forces (n, 3), eV/Å, of a copy without constraints."""
    bare = atoms.copy()
    bare.set_constraint()
    bare.calc = calculator
    return float(bare.get_potential_energy()), bare.get_forces()


def on_cuda(calculator: BaseCalculator) -> bool:
    """True for the calculator of a model on a CUDA device."""
    return str(getattr(getattr(calculator, "model", None), "device", "cpu")).startswith("cuda")


def most_atoms(calculator: BaseCalculator) -> int:
    """Atoms of many structures that are handed to a calculator together."""
    return MOST_ATOMS_CUDA if on_cuda(calculator) else MOST_ATOMS


def energies_and_forces(
    calculator: BaseCalculator, structures: Sequence[Atoms]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Energies (n,), eV, and the forces of each, eV/Å; in batches where `calculator` can."""
    calculate_many = getattr(calculator, "calculate_many", None)
    if calculate_many is None:
        pairs = [energy_and_forces(calculator, atoms) for atoms in structures]
        return np.array([energy for energy, _ in pairs]), [forces for _, forces in pairs]
    size = max(1, most_atoms(calculator) // max(len(a) for a in structures))
    batches = [structures[i : i + size] for i in range(0, len(structures), size)]
    results = [r for batch in batches for r in calculate_many(batch, quantities=("energy", "forces"))]
    return np.array([r["energy"] for r in results]), [r["forces"] for r in results]
