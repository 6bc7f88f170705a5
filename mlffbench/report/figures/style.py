"""One colour and marker for each method, one style for all figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mlffbench.report.figures.figure import Figure

__all__ = [
    "GROUND",
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

INK = "#1f2933"  # the page draws it in the colour of its text
GROUND = "white"  # and this in that of its ground
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
FAMILY_COLOURS = {  # shades of one hue; each is seen on white and on black
    "baseline": ["#7f7f7f", "#a0a0a0"],
    "classical": ["#b8860b", "#d9a520", "#94700f"],
    "kernel": ["#0072b2", "#3d9bd6", "#2a5f9e"],
    "Gaussian process": ["#009e73", "#3fb992", "#0b7f5f"],
    "linear": ["#c0398b", "#e06fb3", "#9b2d73"],
    "neural network": ["#d55e00", "#f0813a", "#b34a08", "#e8590c"],
    "pretrained": ["#7b5cd6", "#9a80e6", "#6544b8"],
    "composite": ["#128a9b", "#35aebf", "#0f6f7d"],
}
OTHER_COLOURS = ["#8a6d5a", "#a98a75"]
SYMBOLS = [
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "triangle-down",
    "cross",
    "x",
    "pentagon",
    "star",
    "hexagon",
    "bowtie",
    "hourglass",
]

Palette = dict[str, dict[str, str]]  # label -> its color and its symbol


class Plot(NamedTuple):
    """A figure with its heading and the sentence below it.

    Attributes
    ----------
    id : str
        Names the plot within the section of its problem.
    figure : Figure
    title : str
    caption : str
    small : bool
        One of a grid of small ones.
    heading : str
        Title of the grid.
    group : str
        Test group, if points of the figure are frames of one.
    """

    id: str
    figure: Figure
    title: str
    caption: str = ""
    small: bool = False
    heading: str = ""
    group: str = ""


def palette_of(labels: Iterable[str], families: Mapping[str, str] | None = None) -> Palette:
    """Assign each label a colour and a marker; the colours differ for colour-blind readers too.

    Parameters
    ----------
    labels : iterable of str
    families : mapping, optional
        Family by label: its methods have shades of one colour, and markers that differ.
    """
    distinct = list(dict.fromkeys(labels))
    if families is None:
        return {
            label: {"color": COLOURS[i % len(COLOURS)], "symbol": SYMBOLS[i % len(SYMBOLS)]}
            for i, label in enumerate(distinct)
        }
    palette: Palette = {}
    members: Counter[str] = Counter()
    for label in distinct:
        family = families.get(label, "")
        shades, place = FAMILY_COLOURS.get(family, OTHER_COLOURS), members[family]
        palette[label] = {"color": shades[place % len(shades)], "symbol": SYMBOLS[place % len(SYMBOLS)]}
        members[family] += 1
    return palette


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
            "line": {"color": GROUND, "width": 1},
        },
        "line": {"color": own["color"], "width": 2},
    }


def hover_text(name: str) -> str:
    """A name as text of a hover template: no tag and no ``%{...}`` of it counts."""
    return escape(name).replace("%", "&#37;")


def figure(x: str, y: str, height: int = 360) -> Figure:
    """An empty figure with titled axes; the page adds the colours and fonts of its theme."""
    return Figure(layout={"height": height, "xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}})


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
