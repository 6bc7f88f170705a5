"""Parts of a document: nested values, which may be missing, and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlffbench.estimators.tuning.limits import TUNED

__all__ = [
    "LARGE", "TRAIN", "TRAINING", "VALIDATION", "Document", "dig", "failed_as", "fitted_here", "number",
    "search_params",
]  # fmt: skip

Document = dict[str, Any]
LARGE = 1_000  # documents from which on a results folder has an index

TRAINING = "training"  # stands for the task of errors on the training part, which are of no test group
TRAIN, VALIDATION = "train", "validation"  # tests of that task: frames trained on, and held out to judge


def dig(document: Any, *keys: str) -> Any:
    """document[a][b][c], or None where a step is missing."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def fitted_here(document: Mapping[str, Any]) -> bool:
    """False for a potential that existed already, whose fit has no time."""
    return dig(document, "model", "fitted_here") is not False


def search_params(spec: Any) -> Mapping[str, Any] | None:
    """Parameters of the search of hyperparameters in an estimator's spec, its own or of a model inside it.

    None for a method that searches none.
    """
    if not isinstance(spec, Mapping):
        return None
    if spec.get("name") == TUNED or TUNED in spec:
        params = spec.get("params") if spec.get("name") == TUNED else spec[TUNED]
        return params if isinstance(params, Mapping) else {}
    inside = (search_params(value) for value in spec.values())
    return next((params for params in inside if params is not None), None)


def failed_as(failure: Mapping[str, Any]) -> str:
    """Kind of a failure, with the memory that ran out: ``out of memory (GPU)``."""
    kind, where = str(failure.get("kind") or "internal error"), failure.get("where")
    return f"{kind} ({where})" if where else kind


def number(value: Any) -> float:
    """A float; NaN for None, for a truth value, for text and for a whole number that is too large."""
    if type(value) is float:  # nearly always
        return value
    if value is None or isinstance(value, bool | str):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
