"""Positions and atomic numbers of frames in .npz arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from mlffbench.datasets.formats.chemical_symbols import fault_of_symbol

__all__ = ["NUMBERS", "POSITIONS", "structures"]

NUMBERS = ("nuclear_charges", "z", "Z", "atomic_numbers", "numbers", "species", "symbols", "elements")
POSITIONS = ("coords", "R", "positions", "coordinates")


def structures(file: Path, data: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions, (n, N, 3), and the atomic numbers, (N,) or (n, N).

    Raises
    ------
    ValueError
        Arrays of another shape, or words that are no chemical symbols.
    """
    place, positions = _one_of(file, POSITIONS, data)
    key, numbers = _one_of(file, NUMBERS, data)
    n_atoms = numbers.shape[-1] if numbers.ndim else 0
    if positions.ndim == 2 and n_atoms and positions.shape[1] == 3 * n_atoms:
        positions = positions.reshape(len(positions), n_atoms, 3)
    if positions.ndim != 3 or positions.shape[2] != 3:
        raise ValueError(
            f"{file.name}: {place!r} has shape {positions.shape}; the positions of n frames of N atoms have "
            "(n, N, 3)"
        )
    if numbers.shape not in (positions.shape[1:2], positions.shape[:2]):
        raise ValueError(
            f"{file.name}: {key!r} has shape {numbers.shape}, and {place!r} {positions.shape}; the atomic "
            f"numbers have ({positions.shape[1]},), or {positions.shape[:2]} for frames of different atoms"
        )
    if numbers.dtype.kind in "US":
        return positions, _of_symbols(file, key, numbers)
    return positions, np.nan_to_num(numbers).astype(int)


def _of_symbols(file: Path, key: str, symbols: np.ndarray) -> np.ndarray:
    """Atomic numbers of chemical symbols; 0 for empty words, which are padding."""
    known = {}
    for word in np.unique(symbols):
        text = (word.decode(errors="replace") if isinstance(word, bytes) else str(word)).strip()
        if text and (fault := fault_of_symbol(text)) is not None:
            raise ValueError(f"{file.name}: {key!r}: {fault}")
        known[word] = atomic_numbers[text.capitalize()] if text else 0
    return np.array([known[word] for word in symbols.ravel()], dtype=int).reshape(symbols.shape)


def _one_of(file: Path, names: Sequence[str], data: Mapping[str, np.ndarray]) -> tuple[str, np.ndarray]:
    """Return the name and the values of the first array of these names."""
    for name in names:
        if name in data:
            return name, data[name]
    raise ValueError(f"{file.name}: none of {list(names)} among its arrays {sorted(data)}")
