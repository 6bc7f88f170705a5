"""Metrics ``(true, predicted) -> float``, one per file, and scorers on forces for scikit-learn.

>>> from mlffbench.metrics import neg_forces_rmse
>>> cross_val_score(model, frames, labels, scoring=neg_forces_rmse)  # doctest: +SKIP
"""

from mlffbench.metrics._scorers import ForcesScorer, neg_forces_mae, neg_forces_rmse
from mlffbench.metrics.mae import mae
from mlffbench.metrics.max_error import max_error
from mlffbench.metrics.rmse import rmse

__all__ = ["ForcesScorer", "mae", "max_error", "neg_forces_mae", "neg_forces_rmse", "rmse"]
