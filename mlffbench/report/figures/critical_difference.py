"""Critical-difference diagram: methods at their mean ranks, bars joining those that are not told apart."""

from __future__ import annotations

from html import escape

import numpy as np

from mlffbench.report.figures.figure import Figure
from mlffbench.report.figures.style import INK, Palette, Plot, bars, hover_text, trace_style
from mlffbench.report.statistics.across_problems import AcrossProblems
from mlffbench.report.wording import plain

__all__ = ["critical_difference_plots"]

CAPTION = (
    "Methods at their mean ranks with 95 % intervals over datasets, the best on top. The bars on the right "
    "join methods that are not told apart at 5 %: of two by Wilcoxon's test; of more where Friedman's test "
    "finds no difference, else where all their mean ranks differ by no more than Nemenyi's critical "
    "difference (CD), whose length is then drawn at the top."
)
ROW_PIXELS = 22
ROOM = 0.3  # for the bars, of the length of the axis


def critical_difference_plots(found: AcrossProblems, palette: Palette) -> list[Plot]:
    """The diagram; none without a test.

    References
    ----------
    J. Demšar, J. Mach. Learn. Res. 7, 1 (2006).
    """
    if found.reason:
        return []
    m, n_bars = len(found.methods), len(found.cliques)
    step = ROOM * (m - 1) / max(n_bars, 6)
    fig = _axes(found, m + step * (n_bars + 1))
    for i, label in enumerate(found.methods):
        _add_method(fig, found, palette, i, label)
    for k, clique in enumerate(found.cliques):
        x = float(m + step * (k + 1))
        fig.add_scatter(x=[x, x], y=[clique[0], clique[-1]], **_line(5))
    if np.isfinite(found.critical_difference):
        _add_scale(fig, found.critical_difference)
    title = f"Mean ranks over {found.n_datasets} datasets"
    return [Plot("across/critical_difference", fig, title, CAPTION)]


def _axes(found: AcrossProblems, end: float) -> Figure:
    """Empty figure: ranks from left to right, a row a method."""
    m, difference = len(found.methods), np.nan_to_num(found.critical_difference)
    return Figure(
        layout={
            "height": 90 + ROW_PIXELS * (m + 1),
            "xaxis": {
                "title": {"text": "mean rank"},
                "tickvals": list(range(1, m + 1, 1 + (m - 1) // 7)),
                "range": [1 - 0.04 * (m - 1), max(end, 1 + difference)],
            },
            "yaxis": {
                "tickvals": list(range(m)),
                "ticktext": [escape(label) for label in found.methods],
                "range": [m - 0.4, -1.6],
            },
        }
    )


def _add_scale(fig: Figure, difference: float) -> None:
    """Draw the length of the critical difference above the methods."""
    fig.add_scatter(x=[1.0, 1.0 + difference], y=[-1, -1], **_line(2))
    text = f"CD {plain(difference)}"
    label = {"x": 1 + difference / 2, "y": -1, "yshift": 9, "showarrow": False, "text": text}
    fig.update_layout(annotations=[label])


def _add_method(fig: Figure, found: AcrossProblems, palette: Palette, i: int, label: str) -> None:
    """Add the mean rank of a method with its interval."""
    rank, (low, high) = float(found.mean_ranks[i]), found.bounds[i]
    known = bool(np.isfinite(low + high))
    interval = f" [{plain(low)}, {plain(high)}]" if known else ""
    more = {"error_x": bars([rank], [low], [high])} if known else {}
    fig.add_scatter(
        x=[rank], y=[i], mode="markers", **trace_style(palette, label), **more,
        hovertemplate=f"{hover_text(label)}<br>mean rank {plain(rank)}{interval}<extra></extra>",
    )  # fmt: skip


def _line(width: int) -> dict[str, object]:
    return {"mode": "lines", "line": {"color": INK, "width": width}, "hoverinfo": "skip"}
