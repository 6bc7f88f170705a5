"""Columns of magnetic moments and charges that a file holds for each atom, or as a calculator's result."""

from __future__ import annotations

import numpy as np

from mlffbench.datasets.formats.records import Source

__all__ = ["electronic_columns"]

MOMENTS = ("magmoms", "initial_magmoms")
CHARGES = ("initial_charges", "charges")


def electronic_columns(source: Source, lazy: bool = False) -> dict[str, np.ndarray]:
    """Columns ``magmom``, ``total_magmoms``, ``total_abs_magmoms`` and ``total_charges``, as far as known.

    The arrays of the atoms become their sums: no method reads them, but a check compares them. If `lazy`,
    they are left in the file.
    """
    names, columns = source.index.names(), {}
    if "magmom" in source.index.scalars and source.index.is_kind("magmom", "number").any():
        columns["magmom"] = np.where(
            source.index.is_kind("magmom", "number"), source.index.scalars["magmom"], np.nan
        )
    if lazy:
        return columns
    moments = next((k for k in MOMENTS if names.get(k) == {1}), None)
    charges = next((k for k in CHARGES if names.get(k) == {1}), None)
    if moments is not None:
        columns["total_magmoms"] = _sums(source, moments)
        columns["total_abs_magmoms"] = _sums(source, moments, absolute=True)
    if charges is not None:
        columns["total_charges"] = _sums(source, charges)
    return columns


def _sums(source: Source, key: str, absolute: bool = False) -> np.ndarray:
    """Sum over the atoms of each frame, or of the absolute values; NaN where a frame has none."""
    totals = np.full(len(source.index), np.nan)
    for i in np.flatnonzero(source.index.has(key)).tolist():
        values = np.asarray(source.reader.record(i).values[key])
        if values.dtype.kind in "fiu":
            totals[i] = float(np.sum(np.abs(values) if absolute else values))
    return totals
