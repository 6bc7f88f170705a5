"""Frames of one atom that are references and no training data, in any spelling, and their energies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from ase import Atoms

from mlffbench.datasets.formats.index import Index

__all__ = ["energies_by_symbol", "isolated_atoms"]

ISOLATED = re.compile("(?:[a-z]{1,2})?(?:isolated|free|single)atoms?(?:[a-z]{1,2})?")
FLAG_OF_ATOM = re.compile("(?:is)?isolatedatoms?")


def isolated_atoms(index: Index) -> np.ndarray:
    """Mask of the single-atom frames that a text or a flag calls an isolated atom, in any spelling, (n,)."""
    named = np.zeros(len(index), dtype=bool)
    for key in index.scalars:
        if FLAG_OF_ATOM.fullmatch(_letters(key)):  # a flag or its number
            named |= (index.texts(key) == "True") | (index.is_kind(key, "number") & (index.scalars[key] == 1))
            continue
        words, place = np.unique(index.texts(key), return_inverse=True)
        of_kind = _letters(key) in ("configtype", "config", "type")
        isolated = [_is_isolated(str(word), of_kind) for word in words]
        named |= np.array(isolated, dtype=bool)[place]
    return named & (index.natoms == 1)


def _is_isolated(word: str, of_kind: bool) -> bool:
    """True for ``isolated_atom`` in any spelling, also with its element; in a key of kinds also ``E0``."""
    plain = "".join(c for c in word.lower() if c.isalnum())
    return ISOLATED.fullmatch(plain) is not None or (of_kind and plain in ("e0", "e0s", "isolated"))


def _letters(word: str) -> str:
    """Letters of a word in lower case, without separators."""
    return "".join(c for c in word.lower() if c.isalpha())


def energies_by_symbol(name: str, frames: Iterable[Atoms], energies: Sequence[float]) -> dict[str, float]:
    """Energies by chemical symbol; two frames of one element must agree."""
    energy_of: dict[str, float] = {}
    for atoms, energy in zip(frames, energies, strict=True):
        symbol = atoms.get_chemical_symbols()[0]
        if abs(energy_of.setdefault(symbol, energy) - energy) > 1e-6:
            raise ValueError(
                f"{name}: isolated {symbol} has two energies, {energy_of[symbol]} and {energy} eV; keep one, "
                "or give the energies as a mapping"
            )
    return energy_of
