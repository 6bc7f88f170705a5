"""Base class of the estimators that can continue from an earlier fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from ase import Atoms

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField

__all__ = ["WarmStart"]


class WarmStart(ForceField):
    """An estimator that with ``warm_start=True`` continues a second `fit` from the present weights.

    A subclass has the parameter `warm_start` and writes `_partial_fit`. Elements, atomic energies and the
    scaling of inputs and outputs stay those of the first fit.
    """

    warm_start: bool

    def fit(self, X: Sequence[Atoms], y: Labels | Any = None) -> Self:
        """Fit from scratch as `ForceField.fit`, or with `warm_start` from the weights of a fitted model."""
        if self.warm_start and self.__sklearn_is_fitted__():
            return self.partial_fit(X, y)
        return super().fit(X, y)

    def _has_partial_fit(self) -> bool:
        # a network trained on new frames only forgets the old ones: partial_fit must be asked for
        return bool(self.warm_start)
