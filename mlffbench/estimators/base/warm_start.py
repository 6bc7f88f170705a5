"""Estimators whose next `fit` can go on from the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from ase import Atoms

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField

__all__ = ["WarmStart"]


class WarmStart(ForceField):
    """With ``warm_start=True`` a second `fit` goes on from the present weights, on the frames it is given.

    A subclass has the parameter `warm_start` and writes `_partial_fit`. Elements, atomic energies and the
    scaling of inputs and outputs stay those of the first fit.
    """

    warm_start: bool

    def fit(self, X: Sequence[Atoms], y: Labels | Any = None) -> Self:
        """As `ForceField.fit`; where `warm_start` is set, a fitted model goes on from its weights."""
        if self.warm_start and self.__sklearn_is_fitted__():
            return self.partial_fit(X, y)
        return super().fit(X, y)

    def _has_partial_fit(self) -> bool:
        # a network that is shown new frames only forgets the old: partial_fit is for those who ask for it
        return bool(self.warm_start)
