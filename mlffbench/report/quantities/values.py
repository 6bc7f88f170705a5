"""Values of quantities as text: three digits, and words for what collapsed or exploded."""

from __future__ import annotations

import math

from mlffbench.report.quantities.quantity import Quantity
from mlffbench.report.wording import plain, with_interval

__all__ = ["COLLAPSED", "EXPLODED", "broken_word", "value_text"]

COLLAPSED, EXPLODED = "collapsed", "exploded"


def broken_word(
    entry: Quantity | None, value: float, predicted: float | None = None, reference: float | None = None
) -> str:
    """Return ``collapsed`` or ``exploded`` for a number that says nothing else; '' for others.

    Parameters
    ----------
    value : float
        In the unit of documents.
    predicted, reference : float, optional
        The numbers that an error is the difference of: a prediction far below its reference has collapsed.
    """
    if entry is None or entry.broken is None or math.isnan(value):
        return ""
    if math.isfinite(value) and abs(value) <= entry.broken:
        return ""
    below = predicted is not None and reference is not None and predicted < reference
    return COLLAPSED if below else EXPLODED


def value_text(
    entry: Quantity | None,
    value: float,
    low: float = math.nan,
    high: float = math.nan,
    predicted: float | None = None,
    reference: float | None = None,
) -> str:
    """Return a number as tables show it: ``35.0 ±2.1``, ``0.0123``, ``collapsed``."""
    return broken_word(entry, value, predicted, reference) or (
        with_interval(value, low, high) if math.isfinite(low + high) else plain(value)
    )
