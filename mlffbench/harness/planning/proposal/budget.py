"""Time that a run may take, as the user writes it."""

from __future__ import annotations

import re

__all__ = ["minutes", "seconds"]

UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
LEAST, MOST = 30.0, 30 * 86_400.0  # seconds


def seconds(budget: str | float) -> float:
    """Seconds of ``90s``, ``30m``, ``2h`` or ``1.5 h``; a number is seconds.

    Raises
    ------
    ValueError
        No such time, less than half a minute, or more than a month.

    Examples
    --------
    >>> [seconds(text) for text in ("90s", "30m", "2h", "1.5 h", 120)]
    [90.0, 1800.0, 7200.0, 5400.0, 120.0]
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", str(budget).lower())
    if isinstance(budget, int | float) and not isinstance(budget, bool):
        value = float(budget)
    elif match and match[2] in UNITS:
        value = float(match[1]) * UNITS[match[2]]
    else:
        raise ValueError(f"a budget is a time such as 90s, 30m or 2h, not {budget!r}")
    if not LEAST <= value <= MOST:
        raise ValueError(f"a budget is between 30 s and 30 days, not {budget!r}")
    return value


def minutes(value: float) -> str:
    """Seconds in words.

    Examples
    --------
    >>> [minutes(v) for v in (45.2, 130, 5400, 20_000)]
    ['45 s', '2 min', '90 min', '5.6 h']
    """
    if value < 100:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 6000 else f"{value / 3600:.1f} h"
