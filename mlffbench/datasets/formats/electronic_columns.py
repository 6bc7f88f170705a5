"""Columns of magnetic moments and charges that a file holds for each atom, or as a calculator's result."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mlffbench.datasets.formats.index import Entry, Index, Layout
from mlffbench.datasets.formats.records import Reader

__all__ = ["with_electronic_columns"]

PREFIX = re.compile("^(dft|ref|qm)")
MOMENTS = ("magmoms", "magmom", "magneticmoments", "magneticmoment", "spins", "initialmagmoms")
CHARGES = ("initialcharges", "charges", "atomiccharges", "partialcharges")
Sum = Callable[[np.ndarray], float]
SUMS: dict[str, tuple[tuple[str, ...], Sum]] = {
    "total_magmoms": (MOMENTS, lambda m: float(np.linalg.norm(m.sum(axis=0)) if m.ndim == 2 else m.sum())),
    "total_abs_magmoms": (
        MOMENTS,
        lambda m: float(np.sum(np.linalg.norm(m, axis=1) if m.ndim == 2 else np.abs(m))),
    ),
    "total_charges": (CHARGES, lambda q: float(np.sum(q))),
}


def with_electronic_columns(index: Index, reader: Reader) -> Index:
    """Return an index with columns ``total_magmoms``, ``total_abs_magmoms`` and ``total_charges``.

    The arrays of the atoms, collinear or not, become their sums: no method reads them, but a check compares
    them. A calculator's total, ``magmom``, becomes a column too.
    """
    for column, (words, total) in SUMS.items():
        key = _key(index, words)
        if key is not None and column not in index.names():
            index = _with_column(index, reader, column, key, total)
    layouts = tuple(
        replace(layout, entries=tuple(_as_column(e) for e in layout.entries)) for layout in index.layouts
    )
    return replace(index, layouts=layouts)


def _as_column(entry: Entry) -> Entry:
    """The entry, as a column if it is a calculator's total moment."""
    return replace(entry, column=True) if entry.name == "magmom" and entry.kind == "number" else entry


def _key(index: Index, words: tuple[str, ...]) -> str | None:
    """Name of the first array of the atoms among these words, without separators and prefixes."""
    names = {
        PREFIX.sub("", re.sub("[^a-z]", "", k.lower())): k for k, n in index.names().items() if n <= {1, 2}
    }
    return next((names[word] for word in words if word in names), None)


def _with_column(index: Index, reader: Reader, column: str, key: str, total: Sum) -> Index:
    """Return the index with a column of totals of the array `key`; NaN where a frame has none."""
    values = np.full(len(index), np.nan)
    for i in np.flatnonzero(index.has(key)).tolist():
        record = reader.record(i)
        array = np.asarray(record.values[key])
        if array.dtype.kind in "fiu" and array.shape in ((len(record),), (len(record), 3)):
            values[i] = total(array)
    if not np.isfinite(values).any():
        return index
    entry = Entry(column, 0, "number", True)
    layouts = (
        Layout((*layout.entries, entry), layout.periodic) if key in layout.names() else layout
        for layout in index.layouts
    )
    return replace(index, layouts=tuple(layouts), scalars={**index.scalars, column: values})
