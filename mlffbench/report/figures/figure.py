"""Figures as plotly.js draws them: traces and layout, plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Figure"]

DIGITS = 7  # of numbers in a page


@dataclass(frozen=True, eq=False)
class Figure:
    """Traces and layout of one figure, in the words of plotly.js.

    Attributes
    ----------
    data : list of dict
        Traces.
    layout : dict
    """

    data: list[dict[str, Any]] = field(default_factory=list)
    layout: dict[str, Any] = field(default_factory=dict)

    def add_scatter(self, **trace: Any) -> None:
        """Add points, lines or both."""
        self.data.append({"type": "scatter", **trace})

    def add_bar(self, **trace: Any) -> None:
        """Add bars."""
        self.data.append({"type": "bar", **trace})

    def update_layout(self, **changes: Any) -> None:
        """Change entries of the layout."""
        self.layout.update(changes)

    def update_xaxes(self, axis: Mapping[str, Any] | None = None, **changes: Any) -> None:
        """Change entries of the horizontal axis."""
        self.layout["xaxis"] = {**self.layout.get("xaxis", {}), **(axis or {}), **changes}

    def update_yaxes(self, axis: Mapping[str, Any] | None = None, **changes: Any) -> None:
        """Change entries of the vertical axis."""
        self.layout["yaxis"] = {**self.layout.get("yaxis", {}), **(axis or {}), **changes}

    def plain(self) -> dict[str, Any]:
        """Data and layout as plain JSON: numbers of seven digits, None for NaN."""
        return {"data": _plain(self.data), "layout": _plain(self.layout)}

    def to_json(self) -> str:
        """The figure as JSON."""
        return json.dumps(self.plain(), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if type(value) is float:  # nearly all values
        return _rounded(value)
    if type(value) in (str, int, bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(own) for key, own in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(own) for own in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return _rounded(value) if isinstance(value, float) else value


def _rounded(value: float) -> float | int | None:
    """The number of seven digits, a whole one without its decimal; None where it is not finite."""
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short
