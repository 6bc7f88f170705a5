"""One colour and marker for each method, one style for all figures."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

__all__ = [
    "INK",
    "TIMED_APART",
    "Palette",
    "Plot",
    "bars",
    "figure",
    "hover_text",
    "log_axis",
    "palette_of",
    "trace_style",
]

INK = "#1f2933"
TIMED_APART = " Not measured under the conditions of most others: {}."  # of a caption
COLOURS = [
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#aa4499",
    "#b8860b",
    "#56b4e9",
    "#882255",
    "#44aa66",
    "#7f7f7f",
    "#332288",
]
SYMBOLS = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "pentagon", "star"]

Palette = dict[str, dict[str, str]]  # label -> its color and its symbol


class Plot(NamedTuple):
    """A figure with its heading and the sentence below it.

    Attributes
    ----------
    id : str
        Names the plot within the section of its problem.
    figure : plotly.graph_objects.Figure
    title : str
    caption : str
    small : bool
        One of a grid of small ones.
    """

    id: str
    figure: go.Figure
    title: str
    caption: str = ""
    small: bool = False


def palette_of(labels: Iterable[str]) -> Palette:
    """Assign each label a colour and a marker; the colours differ for colour-blind readers too."""
    return {
        label: {"color": COLOURS[i % len(COLOURS)], "symbol": SYMBOLS[i % len(SYMBOLS)]}
        for i, label in enumerate(dict.fromkeys(labels))
    }


def trace_style(palette: Palette, label: str) -> dict[str, Any]:
    """Keywords that give every trace of a method the same style and the name that its legend switches."""
    own = palette[label]
    name = escape(label)
    return {
        "name": name,
        "legendgroup": name,
        "marker": {
            "color": own["color"],
            "symbol": own["symbol"],
            "size": 9,
            "line": {"color": "white", "width": 1},
        },
        "line": {"color": own["color"], "width": 2},
    }


def hover_text(name: str) -> str:
    """A name as text of a hover template: no tag and no ``%{...}`` of it counts."""
    return escape(name).replace("%", "&#37;")


def figure(x: str, y: str, height: int = 360) -> go.Figure:
    """An empty figure with titled axes."""
    axis = {"gridcolor": "#e4e7eb", "linecolor": "#9aa5b1", "zeroline": False, "ticks": "outside",
            "tickcolor": "#9aa5b1", "automargin": True}  # fmt: skip
    return go.Figure(
        layout={
            "template": "none",
            "height": height,
            "margin": {"l": 56, "r": 18, "t": 14, "b": 48},
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "white",
            "showlegend": False,
            "xaxis": {"title": {"text": x, "standoff": 8}, **axis},
            "yaxis": {"title": {"text": y, "standoff": 8}, **axis},
        }
    )


def log_axis(values: Iterable[float], pad: float = 0.08) -> dict[str, Any]:
    """A logarithmic axis around positive values; ticks at 1, 2, 5, over many decades at powers of ten."""
    logs = np.log10([v for v in values if np.isfinite(v) and v > 0] or [1.0])
    low, high = float(logs.min()), float(logs.max())
    room = max(pad * (high - low), 0.1)
    low, high = low - room, high + room
    steps = (1, 2, 5) if high - low < 2.6 else (1,)
    decades = range(max(int(np.floor(low)), -300), min(int(np.ceil(high)), 300) + 1)
    every = 1 + len(decades) // 8
    ticks = [
        step * 10.0**k
        for k in decades
        if k % every == 0
        for step in steps
        if low <= np.log10(step) + k <= high
    ]
    return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": [f"{t:g}" for t in ticks]}


def bars(values: ArrayLike, low: ArrayLike, high: ArrayLike) -> dict[str, Any]:
    """Error bars of an interval; the lower end stays above zero, which a logarithmic axis cannot show."""
    value, lows, highs = (np.asarray(v, dtype=float) for v in (values, low, high))
    down = np.minimum(value - lows, 0.95 * value)
    lengths = [np.where(np.isfinite(v), np.maximum(v, 0), 0.0).tolist() for v in (highs - value, down)]
    style = {"thickness": 1.2, "width": 3}
    return {"type": "data", "symmetric": False, "array": lengths[0], "arrayminus": lengths[1], **style}
