"""Scorers on forces for scikit-learn, ``(estimator, X, y) -> float``; higher is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from mlffbench.data import Labels, labels_of, matched
from mlffbench.forcefield import ForceField
from mlffbench.metrics.mae import mae
from mlffbench.metrics.rmse import rmse

__all__ = ["ForcesScorer", "neg_forces_mae", "neg_forces_rmse"]


@dataclass(frozen=True)
class ForcesScorer:
    """Minus a metric of all force components (eV/Å) of the frames that have force labels.

    Raises
    ------
    ValueError
        The model predicts no forces, or no frame has force labels.
    InvalidPrediction
        The model predicts forces for some of the frames only.
    """

    metric: Callable[[np.ndarray, np.ndarray], float]

    def __call__(self, estimator: ForceField, X: Sequence[Atoms], y: Labels | None = None) -> float:
        true, predicted = (labels_of(X) if y is None else y), estimator.predict(X)
        if not isinstance(true, Labels) or true.forces is None:
            raise ValueError("a forces scorer needs Labels with forces as y")
        if not isinstance(predicted, Labels) or predicted.forces is None:
            raise ValueError(f"{type(estimator).__name__} predicts no forces")
        pairs = matched(true.forces, predicted.forces, "forces")
        components = [np.concatenate([np.ravel(f) for f in frames]) for frames in zip(*pairs, strict=True)]
        return -self.metric(components[0], components[1])


neg_forces_rmse = ForcesScorer(rmse)
neg_forces_mae = ForcesScorer(mae)
