"""Columns computed from the structures: composition, elements, number of atoms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlffbench.data import Dataset

__all__ = ["COMPUTED", "compositions"]


def compositions(dataset: Dataset) -> list[str]:
    """Chemical formulas in Hill's order: C, H, then the alphabet."""
    return [atoms.get_chemical_formula(mode="hill") for atoms in dataset.frames]


def _sizes(dataset: Dataset) -> list[int]:
    """Numbers of atoms."""
    return [len(atoms) for atoms in dataset.frames]


def _elements(dataset: Dataset) -> list[str]:
    """Elements of each frame without their numbers of atoms: ``C-H-O``."""
    return ["-".join(sorted(set(atoms.get_chemical_symbols()))) for atoms in dataset.frames]


COMPUTED: Mapping[str, Callable[[Dataset], list[Any]]] = {
    "composition": compositions,
    "elements": _elements,
    "n_atoms": _sizes,
    "size": _sizes,
}
