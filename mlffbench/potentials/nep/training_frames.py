"""Labelled frames in torchnep's own form of extended XYZ, in which every frame is periodic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

from mlffbench.data import Labels
from mlffbench.descriptors.neighbours import periodic_box

__all__ = ["write_frames"]


def write_frames(file: Path, frames: Sequence[Atoms], labels: Labels, cutoff: float) -> None:
    """Write frames with the labels that they have: energy, eV, forces, eV/Å, and virial W = −V σ, eV.

    Open directions get a box that is too wide for neighbours within `cutoff`, Å, across it; frames with one
    have no virial.
    """
    with file.open("w", encoding="utf-8") as stream:
        for i, atoms in enumerate(frames):
            forces = None if labels.forces is None else labels.forces[i]
            stress = None if labels.stress is None or not atoms.pbc.all() else labels.stress[i]
            stream.write(_frame(atoms, float(labels.energy[i]), forces, stress, cutoff))


def _frame(
    atoms: Atoms, energy: float, forces: np.ndarray | None, stress: np.ndarray | None, cutoff: float
) -> str:
    box = periodic_box(atoms, cutoff)
    words = [f'Lattice="{_row(box.cell.array)}"', f"energy={energy!r}"]
    if stress is not None:
        words.append(f'virial="{_row(-atoms.get_volume() * voigt_6_to_full_3x3_stress(stress))}"')
    words.append("Properties=species:S:1:pos:R:3" + ("" if forces is None else ":forces:R:3"))
    columns = box.positions if forces is None else np.hstack([box.positions, forces])
    lines = [f"{symbol} {_row(row)}" for symbol, row in zip(box.symbols, columns, strict=True)]
    return "\n".join([str(len(atoms)), " ".join(words), *lines, ""])


def _row(values: np.ndarray) -> str:
    return " ".join(map(repr, np.asarray(values, dtype=float).ravel().tolist()))
