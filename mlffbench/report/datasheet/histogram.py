"""Histograms of groups in the same bins, as shares: a small group is seen beside a large one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from mlffbench.report.figures.figure import Figure
from mlffbench.report.figures.style import Palette, Plot, figure, hover_text, log_axis
from mlffbench.report.wording import plain

__all__ = ["bin_edges", "histogram", "line", "top"]

CUT = "Narrow distributions of small groups go beyond the axis."
FAR = 6.0  # cut the axis if the range is so many times that of the inner 99 %


def histogram(
    values: Mapping[str, np.ndarray],
    palette: Palette,
    id: str,
    title: str,
    axis: str,
    caption: str = "",
    log: bool = False,
) -> Plot | None:
    """Shares of each group's values by bin, as steps; None without finite values.

    Parameters
    ----------
    values : mapping of str to (n,) array
        By group; groups without values are left out, as are values that are not finite.
    palette : mapping
        Colours by group.
    id, title, axis, caption : str
    log : bool
        A logarithmic axis of shares, for tails.
    """
    finite = {name: v[np.isfinite(v)] for name, v in values.items()}
    filled = {name: v for name, v in finite.items() if len(v)}
    if not filled:
        return None
    edges, beyond = bin_edges(np.concatenate(list(filled.values())))
    fig = figure(axis, "share of the group (%)", height=300)
    shares = {
        name: 100 * np.histogram(np.clip(own, edges[0], edges[-1]), edges)[0] / len(own)
        for name, own in filled.items()
    }
    cut = ""
    if log:
        fig.update_yaxes(log_axis(np.concatenate(list(shares.values()))))
    else:
        end = top(list(shares.values()), [len(v) for v in filled.values()])
        fig.update_yaxes(range=[0, end])
        cut = CUT if max(s.max() for s in shares.values()) > end else ""
    for name, heights in shares.items():
        _steps(fig, name, edges, heights, palette, filled=not log)
    return Plot(id, fig, title, " ".join(t for t in (caption, beyond, cut) if t))


def top(curves: Sequence[np.ndarray], sizes: Sequence[int]) -> float:
    """The upper end of a linear axis, limited so that a small narrow group does not flatten the others."""
    highest = [float(c.max()) for c in curves]
    large = max(h for h, n in zip(highest, sizes, strict=True) if 4 * n >= max(sizes))
    return 1.06 * min(max(highest), 2 * large)


def bin_edges(values: np.ndarray) -> tuple[np.ndarray, str]:
    """Edges of 30 to 80 equal bins, and a sentence if a few far values are put into the end bins."""
    low, high = float(values.min()), float(values.max())
    inner = np.percentile(values, [0.5, 99.5])
    width = float(inner[1] - inner[0])
    beyond = ""
    if width > 0 and high - low > FAR * width:
        cut = max(low, inner[0] - width), min(high, inner[1] + width)
        n = int(np.sum((values < cut[0]) | (values > cut[1])))
        ends = f"the values reach from {plain(low)} to {plain(high)}"
        beyond = f"{n} of {len(values):,} lie beyond the axis and are in its end bins: {ends}."
        low, high = map(float, cut)
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-3):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, int(np.clip(3 * len(values) ** (1 / 3), 30, 80)) + 1), beyond


def _steps(
    fig: Figure, name: str, edges: np.ndarray, shares: np.ndarray, palette: Palette, filled: bool
) -> None:
    """Draw steps through the middles of the bins, with an empty bin at either end."""
    width = edges[1] - edges[0]
    middles = np.concatenate([[edges[0] - width / 2], (edges[1:] + edges[:-1]) / 2, [edges[-1] + width / 2]])
    y = np.concatenate([[0.0], shares, [0.0]])
    if not filled:  # a logarithmic axis has no zero: far below what it shows
        y = np.where(y > 0, y, y[y > 0].min() / 1e6)
    hover = f"{hover_text(name)}<br>%{{x:.4g}}: %{{y:.3g}} %<extra></extra>"
    fig.add_scatter(x=middles, y=y, hovertemplate=hover, **line(palette, name, filled, "hvh"))
    fig.update_xaxes(range=[edges[0] - width / 2, edges[-1] + width / 2])


def line(palette: Palette, name: str, filled: bool = False, shape: str = "linear") -> dict[str, Any]:
    """Keywords that give a group's line the same style in every figure."""
    color = palette[name]["color"]
    style = {"mode": "lines", "name": escape(name), "legendgroup": escape(name)}
    stroke = {"line": {"color": color, "width": 1.6, "shape": shape}}
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    fill = {"fill": "tozeroy", "fillcolor": f"rgba({red},{green},{blue},0.12)"} if filled else {}
    return {**style, **stroke, **fill}
