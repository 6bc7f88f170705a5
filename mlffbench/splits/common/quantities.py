"""Quantities by which a split can order frames: excess energy, largest force, largest strain, size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset
from mlffbench.splits.common.composition import compositions

__all__ = ["QUANTITIES", "Quantity"]


@dataclass(frozen=True)
class Quantity:
    """Function that computes one number for each frame, (n,), and its unit."""

    of: Callable[[Dataset], np.ndarray]
    unit: str


def excess_energy(dataset: Dataset) -> np.ndarray:
    """Energy per atom above that of the composition, E/N − Σ_Z c_Z e_Z, eV/atom.

    c_Z is the share of element Z among the atoms, e_Z its energy by least squares over all frames.
    """
    numbers, rows = {}, []  # type: dict[int, int], list[np.ndarray]
    for atoms in dataset.frames:
        elements, n_atoms = np.unique(atoms.numbers, return_counts=True)
        columns = [numbers.setdefault(int(z), len(numbers)) for z in elements]
        row = np.zeros(len(numbers))
        row[columns] = n_atoms
        rows.append(row)
    counts = np.array([np.pad(row, (0, len(numbers) - len(row))) for row in rows])
    size = counts.sum(axis=1)
    share, energy = counts / size[:, None], dataset.labels.energy / size
    return energy - share @ np.linalg.lstsq(share, energy, rcond=None)[0]


def largest_force(dataset: Dataset) -> np.ndarray:
    """Largest force on an atom, max_i |F_i|, eV/Å."""
    forces = dataset.labels.forces
    if forces is None:
        raise ValueError(f"{dataset.name} has no forces to order its frames by")
    norms = [None if f is None else np.linalg.norm(f, axis=1).max(initial=0.0) for f in forces]
    missing = [i for i, norm in enumerate(norms) if norm is None]
    if missing:
        raise ValueError(
            f"{dataset.name}: {len(missing)} frames (first: frame {missing[0]}) have no forces to order by"
        )
    return np.array(norms, dtype=float)


def largest_strain(dataset: Dataset) -> np.ndarray:
    """Largest principal strain in magnitude, against the median cell of the same formula.

    The largest |eigenvalue| of η = ½ (h₀⁻¹ G h₀⁻ᵀ − 1), Green's and Lagrange's strain. G = h hᵀ holds the
    products of the cell vectors (rows of h), so that a rotated cell is not strained; its median over frames
    of one Hill formula is G₀ = h₀ h₀ᵀ. Cells of one formula must be described by the same kind of vectors;
    another choice of them looks like a large strain.
    """
    metric = np.array([_metric(dataset.name, i, atoms) for i, atoms in enumerate(dataset.frames)])
    formulas = np.array(compositions(dataset))
    strain = np.empty(len(formulas))
    for formula in np.unique(formulas):
        own = formulas == formula
        try:
            h = np.linalg.cholesky(np.median(metric[own], axis=0))
        except np.linalg.LinAlgError:
            raise ValueError(
                f"{dataset.name}: the cells of {formula} have no common kind of vectors, so no median cell"
            ) from None
        inverse = np.linalg.inv(h)
        eta = (inverse @ metric[own] @ inverse.T - np.eye(3)) / 2
        strain[own] = np.abs(np.linalg.eigvalsh(eta)).max(axis=1)
    return strain


def _metric(name: str, i: int, atoms: Atoms) -> np.ndarray:
    """Metric tensor G = h hᵀ of a cell."""
    cell, pbc = np.asarray(atoms.cell), atoms.pbc
    if not pbc.all():
        raise ValueError(f"{name}: frame {i} is not periodic in three directions, so it has no strain")
    return cell @ cell.T


def size(dataset: Dataset) -> np.ndarray:
    """Numbers of atoms."""
    return np.array([len(atoms) for atoms in dataset.frames], dtype=float)


QUANTITIES: Mapping[str, Quantity] = {
    "energy": Quantity(excess_energy, "eV/atom"),
    "force": Quantity(largest_force, "eV/Å"),
    "strain": Quantity(largest_strain, ""),
    "size": Quantity(size, "atoms"),
}
