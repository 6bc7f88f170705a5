"""Labels that are NaN throughout in single frames, found while a file is indexed: they are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from mlffbench.datasets.formats.index import Entry, Index, Layout, is_missing
from mlffbench.datasets.formats.records import Record

__all__ = ["first_is_nan", "missing_arrays", "with_missing"]


def missing_arrays(record: Record, names: Iterable[str] | None = None) -> frozenset[str]:
    """Names of the arrays of a record that are NaN throughout, among `names` if they are given."""
    held = record.values if names is None else [k for k in names if k in record.values]
    return frozenset(k for k in held if np.ndim(record.values[k]) and is_missing(record.values[k]))


def first_is_nan(array: np.ndarray) -> np.ndarray:
    """Mask of the frames whose first number is NaN, (n,) bool; others are not NaN throughout."""
    if array.dtype.kind != "f" or array.size == 0:
        return np.zeros(len(array), dtype=bool)
    return np.isnan(array.reshape(len(array), -1)[:, 0])


def with_missing(index: Index, names: Mapping[int, frozenset[str]]) -> Index:
    """Return an index in which the arrays of these names are missing, by frame."""
    if not any(names.values()):
        return index
    layouts, numbers = list(index.layouts), index.layout.copy()
    known: dict[tuple[int, frozenset[str]], int] = {}
    for i, missing in names.items():
        if not missing:
            continue
        form = (int(index.layout[i]), missing)
        if form not in known:
            known[form] = len(layouts)
            layouts.append(_without(index.layouts[form[0]], missing))
        numbers[i] = known[form]
    used, numbers = np.unique(numbers, return_inverse=True)
    return replace(index, layout=numbers.astype(np.int32), layouts=tuple(layouts[k] for k in used.tolist()))


def _without(layout: Layout, missing: frozenset[str]) -> Layout:
    """Layout of a frame in which the arrays of these names are missing."""
    marked = (
        Entry(e.name, e.ndim, "missing", e.column) if e.name in missing and e.kind == "other" else e
        for e in layout.entries
    )
    return replace(layout, entries=tuple(marked))
