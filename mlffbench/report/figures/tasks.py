"""Curves that tasks measured: every method's, and the reference in black."""

from __future__ import annotations

from html import escape
from typing import Any

from mlffbench.report.figures.style import INK, Palette, Plot, figure, trace_style
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
        plots.append(Plot(f"curves/{task}/{name}", _figure(curves, palette), name, CAPTION))
    return plots


def _curves(document: Document) -> dict[tuple[str, str], dict[str, Any]]:
    """The curves of a document by task and name."""
    return {(c.get("task", ""), c["name"]): c for c in document.get("curves") or []}


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
        fig.add_scatter(x=curve["x"], y=curve["y"], mode="lines", **trace_style(palette, label))
    return fig
