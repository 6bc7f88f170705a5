"""Curves that tasks measured: every method's, and the reference in black."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from mlffbench.report.conditions import timed_apart
from mlffbench.report.figures.style import (
    INK,
    TIMED_APART,
    Palette,
    Plot,
    bars,
    figure,
    log_axis,
    trace_style,
)
from mlffbench.report.problems import Document, Problem

__all__ = ["task_plots"]

CAPTION = "First seed of each method; black: the reference, where there is one."


def task_plots(problem: Problem, palette: Palette) -> list[Plot]:
    """One figure for each task and name of a curve, in the order of the tasks."""
    first = {m.label: _curves(m.done[0]) for m in problem.methods if m.done}
    keys = dict.fromkeys(key for curves in first.values() for key in curves)
    plots = []
    for task, name in keys:
        curves = {label: own[task, name] for label, own in first.items() if (task, name) in own}
        plots.append(Plot(f"curves/{task}/{name}", _figure(curves, palette), name, _caption(problem, curves)))
    return plots


def _curves(document: Document) -> dict[tuple[str, str], dict[str, Any]]:
    """The curves of a document by task and name."""
    return {(c.get("task", ""), c["name"]): c for c in document.get("curves") or []}


def _caption(problem: Problem, curves: dict[str, dict[str, Any]]) -> str:
    """The caption; of times, which have logarithmic axes, with the methods that were timed apart."""
    if not any(curve.get("log") for curve in curves.values()):
        return CAPTION
    apart = [label for label in curves if label in timed_apart(problem)]
    words = "First seed of each method. Medians between their quartiles."
    return words + (TIMED_APART.format(", ".join(apart)) if apart else "")


def _figure(curves: dict[str, dict[str, Any]], palette: Palette) -> Any:
    labels = next(iter(curves.values()))
    fig = figure(escape(labels["x_label"]), escape(labels["y_label"]), height=320)
    referenced = next((c for c in curves.values() if c.get("reference_y")), None)
    if referenced is not None:
        x = referenced.get("reference_x") or referenced["x"]
        fig.add_scatter(
            x=x, y=referenced["reference_y"], mode="lines", name="reference", line={"color": INK, "width": 4}
        )
    for label, curve in curves.items():
        if curve.get("log"):
            _add_medians(fig, curve, trace_style(palette, label))
        else:
            fig.add_scatter(x=curve["x"], y=curve["y"], mode="lines", **trace_style(palette, label))
    if labels.get("log"):
        fig.update_xaxes(log_axis(v for curve in curves.values() for v in curve["x"]))
        fig.update_yaxes(log_axis(v for curve in curves.values() for v in curve["y"]))
    return fig


def _add_medians(fig: Any, curve: dict[str, Any], style: dict[str, Any]) -> None:
    """Add the medians of the samples at each x, with bars between the quartiles."""
    x, y = (np.array(curve[axis], dtype=float) for axis in ("x", "y"))
    sizes = np.unique(x[np.isfinite(x) & np.isfinite(y)])
    low, middle, high = np.transpose([np.percentile(y[x == size], [25, 50, 75]) for size in sizes])
    error_y = bars(middle, low, high)
    fig.add_scatter(x=sizes.tolist(), y=middle.tolist(), mode="lines+markers", error_y=error_y, **style)
