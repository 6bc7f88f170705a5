"""The curves that tasks measured: every method's, and the reference in black."""

from __future__ import annotations

from typing import Any

from mlffbench.report.figures.style import INK, Look, Plot, figure, mark
from mlffbench.report.results import Document, Problem

__all__ = ["task_plots"]

CAPTION = "First seed of each method; black: the reference, where there is one."


def task_plots(problem: Problem, look: Look) -> list[Plot]:
    """One figure a curve's name, in the order of the tasks."""
    first = {m.label: _curves(m.done[0]) for m in problem.methods if m.done}
    names = dict.fromkeys(name for curves in first.values() for name in curves)
    return [
        Plot(_figure({label: c[name] for label, c in first.items() if name in c}, look), name[1], CAPTION)
        for name in names
    ]


def _curves(document: Document) -> dict[tuple[str, str], dict[str, Any]]:
    return {(c.get("task", ""), c["name"]): c for c in document.get("curves") or []}


def _figure(curves: dict[str, dict[str, Any]], look: Look) -> Any:
    any_ = next(iter(curves.values()))
    fig = figure(any_["x_label"], any_["y_label"], height=320)
    known = next((c for c in curves.values() if c.get("reference_y")), None)
    if known is not None:
        x = known.get("reference_x") or known["x"]
        fig.add_scatter(
            x=x, y=known["reference_y"], mode="lines", name="reference", line={"color": INK, "width": 4}
        )
    for label, curve in curves.items():
        fig.add_scatter(x=curve["x"], y=curve["y"], mode="lines", **mark(look, label))
    return fig
