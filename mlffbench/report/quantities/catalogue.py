"""Catalogue of all quantities, found by their names in a document."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from mlffbench.harness.documents.parts import TRAINING
from mlffbench.report.quantities import (
    costs,
    crystals,
    dynamics,
    errors,
    learning,
    molecules,
    physics,
    search,
    speed,
    uncertainty,
)
from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES", "find_quantity", "known_quantity"]

QUANTITIES: tuple[Quantity, ...] = (
    *errors.QUANTITIES, *physics.QUANTITIES, *crystals.QUANTITIES, *molecules.QUANTITIES,
    *dynamics.QUANTITIES, *search.QUANTITIES, *uncertainty.QUANTITIES, *learning.QUANTITIES,
    *speed.QUANTITIES, *costs.QUANTITIES,
)  # fmt: skip
BY_KEY = {entry.key: entry for entry in QUANTITIES}
PATTERNS = tuple(entry for entry in QUANTITIES if entry.is_pattern)


@lru_cache(maxsize=4096)
def find_quantity(task: str, name: str, metric: str) -> Quantity | None:
    """Return the quantity with these names in a document; None for one of somebody else's task.

    Parameters
    ----------
    task : str
        With its keywords or without: ``md(temperatures=[300])``; '' for errors on test groups, ``training``
        for the same errors on the training part.
    """
    short = "" if task == TRAINING else task.partition("(")[0]
    if (entry := BY_KEY.get((short, name, metric))) is not None:
        return entry
    alike = (p for p in PATTERNS if p.task == short and p.metric == metric)
    return next((entry for entry in alike if fnmatchcase(name, entry.quantity)), None)


def known_quantity(task: str, name: str, metric: str = "") -> Quantity:
    """Return the quantity with these names; a KeyError if there is none."""
    return BY_KEY[task, name, metric]
