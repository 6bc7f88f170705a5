"""Curves that tasks measured, one row a point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlffbench.report.results import Results

__all__ = ["tidy_curves"]

NAMES = ["problem", "method", "seed", "task", "curve", "x_label", "y_label"]


def tidy_curves(results: Results) -> pd.DataFrame:
    """One row a point of each curve of the tasks of every fit.

    Columns problem, method, seed, task, curve, x_label, y_label (with units), reference (True for a point of
    the curve that the model's is compared with), x, y.
    """
    parts = [
        _points([problem.name, method.label, document["case"].get("seed")], curve)
        for problem, method in results.methods()
        for document in method.done
        for curve in document.get("curves") or ()
    ]
    empty = pd.DataFrame(columns=[*NAMES, "reference", "x", "y"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def _points(fit: list[Any], curve: dict[str, Any]) -> pd.DataFrame:
    """Points of the model's curve, then those of the reference."""
    own = _columns(curve["x"], curve["y"]).assign(reference=False)
    reference_x, reference_y = curve.get("reference_x"), curve.get("reference_y")
    truth = _columns(curve["x"] if reference_x is None else reference_x, reference_y or []).assign(
        reference=True
    )
    points = pd.concat([own, truth], ignore_index=True) if len(truth) else own
    names = [*fit, *(curve.get(key) or "" for key in ("task", "name", "x_label", "y_label"))]
    table = points.assign(**dict(zip(NAMES, names, strict=True)))
    return table[[*NAMES, "reference", "x", "y"]]


def _columns(x: Any, y: Any) -> pd.DataFrame:
    n = min(len(x), len(y))
    return pd.DataFrame({"x": np.array(x[:n], dtype=float), "y": np.array(y[:n], dtype=float)})
