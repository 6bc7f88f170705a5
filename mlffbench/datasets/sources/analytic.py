"""Analytic datasets: randomly strained and rattled crystals with the exact labels of a potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Labels, Reference, bare

__all__ = ["UNITS", "Group", "analytic"]

UNITS = {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "positions": "Å"}


class Group(NamedTuple):
    """A group of `n` frames of one crystal: largest strain, and standard deviation of displacements in Å."""

    name: str
    n: int
    perfect: Atoms
    strain: float
    rattle: float


def analytic(
    name: str,
    groups: Sequence[Group],
    calculator: Any,
    seed: int,
    card: Mapping[str, Any],
    atomic_energies: Mapping[str, float],
    structures: Mapping[str, Atoms],
    truth: Mapping[str, Any],
) -> Dataset:
    """Build a dataset of all groups with energies, forces and stresses of an ASE calculator.

    `truth` names the same calculator in the registry; `structures` are its crystals, the ground state first.
    """
    rng = np.random.default_rng(seed)
    frames = [_disturbed(g.perfect, g.strain, g.rattle, rng) for g in groups for _ in range(g.n)]
    counts = {g.name: g.n for g in groups}
    columns = {"group": np.repeat(list(counts), list(counts.values()))}
    full_card = {"train": "train", "in_domain": "test", **card, "groups": counts}
    labels, level = _labels(frames, calculator), str(card["level"])
    reference = Reference(structures, source=level, truth=truth, level=level)
    return Dataset(name, frames, labels, columns, full_card, atomic_energies, reference)


def _disturbed(perfect: Atoms, strain: float, rattle: float, rng: np.random.Generator) -> Atoms:
    """A copy of the crystal, strained and rattled."""
    atoms = bare(perfect)
    deformation = rng.uniform(-strain, strain, size=(3, 3))
    atoms.set_cell(atoms.cell @ (np.eye(3) + (deformation + deformation.T) / 2), scale_atoms=True)
    atoms.positions += rng.normal(scale=rattle, size=atoms.positions.shape)
    return atoms


def _labels(frames: Sequence[Atoms], calculator: Any) -> Labels:
    """Energies, forces and stresses of the frames."""
    rows = [[calculator.get_property(q, atoms) for q in ("energy", "forces", "stress")] for atoms in frames]
    energy, forces, stress = zip(*rows, strict=True)
    return Labels(np.array(energy), forces, stress)
