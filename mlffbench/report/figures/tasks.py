"""Curves that tasks measured: every method's, and the reference in black."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from mlffbench.report.conditions import timed_apart
from mlffbench.report.figures.figure import Figure
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

__all__ = ["band_corners", "task_plots"]

PATH, POINTS, SURVIVAL = "path ", "reference energy", "survival"  # the beginning of their names
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


def _figure(curves: dict[str, dict[str, Any]], palette: Palette) -> Figure:
    labels = next(iter(curves.values()))
    fig = figure(escape(labels["x_label"]), escape(labels["y_label"]), height=320)
    points = labels["x_label"].startswith(POINTS)
    _add_reference(fig, curves.values(), points)
    for label, curve in curves.items():
        style = trace_style(palette, label)
        if curve.get("log"):
            _add_medians(fig, curve, style)
        elif points:
            fig.add_scatter(x=curve["x"], y=curve["y"], mode="markers", **style)
        else:
            style["line"]["shape"] = "hv" if str(labels["name"]).startswith(SURVIVAL) else "linear"
            fig.add_scatter(x=curve["x"], y=curve["y"], mode="lines", **style)
    if str(labels["name"]).startswith(SURVIVAL):
        fig.update_yaxes(range=[-0.03, 1.05])
    if labels.get("log"):
        fig.update_xaxes(log_axis(v for curve in curves.values() for v in curve["x"]))
        fig.update_yaxes(log_axis(v for curve in curves.values() for v in curve["y"]))
    if corners := band_corners(str(labels["x_label"]), labels["x"]):
        fig.update_xaxes(tickvals=list(corners), ticktext=list(corners.values()), title={"text": "k-points"})
    return fig


def _add_reference(fig: Figure, curves: Collection[dict[str, Any]], points: bool) -> None:
    """Add the line of perfect agreement to points, else the reference's curve, if there is one."""
    referenced = next((c for c in curves if c.get("reference_y")), None)
    if points:
        ends = _ends(curves)
        fig.add_scatter(
            x=ends, y=ends, mode="lines", name="perfect agreement", line={"color": INK, "width": 1}
        )
    elif referenced is not None:
        x, line = referenced.get("reference_x") or referenced["x"], {"color": INK, "width": 4}
        fig.add_scatter(x=x, y=referenced["reference_y"], mode="lines", name="reference", line=line)


def _ends(curves: Iterable[dict[str, Any]]) -> list[float]:
    """The least and the largest number of a figure whose axes have one quantity."""
    numbers = np.array([v for curve in curves for axis in ("x", "y") for v in curve[axis]], dtype=float)
    finite = numbers[np.isfinite(numbers)]
    return [float(finite.min()), float(finite.max())] if len(finite) else [0.0, 1.0]


def band_corners(label: str, x: Sequence[float]) -> dict[float, str]:
    """Names of the corners of a path of phonon bands, by their place on it; none if they are not known.

    Parameters
    ----------
    label : str
        Of the axis: ``path G X W / (1/Å)``.
    x : sequence of float
        Places of the points of all bands, each band after the other: along a straight part they are evenly
        spaced, and the space changes at a corner.
    """
    if not label.startswith(PATH):
        return {}
    names = label.removeprefix(PATH).partition(" /")[0].split()
    steps = np.diff(np.asarray(x, dtype=float))
    back = np.flatnonzero(steps < 0)  # the next band begins where this one ends
    steps = steps[: back[0] - 1] if len(back) else steps
    if not len(steps):
        return {}
    turns = np.flatnonzero(np.abs(np.diff(steps)) > 1e-6 * np.abs(steps).max()) + 1
    places = [float(x[i]) for i in (0, *turns, len(steps))]
    if len(places) != len(names):
        return {}
    corners: dict[float, str] = {}
    for place, name in zip(places, names, strict=True):
        text = "Γ" if name == "G" else escape(name)
        corners[place] = f"{corners[place]}|{text}" if place in corners else text
    return corners


def _add_medians(fig: Figure, curve: dict[str, Any], style: dict[str, Any]) -> None:
    """Add the medians of the samples at each x, with bars between the quartiles."""
    x, y = (np.array(curve[axis], dtype=float) for axis in ("x", "y"))
    sizes = np.unique(x[np.isfinite(x) & np.isfinite(y)])
    low, middle, high = np.transpose([np.percentile(y[x == size], [25, 50, 75]) for size in sizes])
    error_y = bars(middle, low, high)
    fig.add_scatter(x=sizes.tolist(), y=middle.tolist(), mode="lines+markers", error_y=error_y, **style)
