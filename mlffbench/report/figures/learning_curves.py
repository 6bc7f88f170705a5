"""Learning curves: the error against the number of training frames, across the problems of one dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from mlffbench.report.figures.style import Palette, Plot, figure, hover_text, log_axis, trace_style
from mlffbench.report.problems import Problem, spec_text

__all__ = ["learning_plots"]


def learning_plots(problems: Iterable[Problem], errors: pd.DataFrame, palette: Palette) -> list[Plot]:
    """One figure for each dataset and kind of split that was run with several training-set sizes."""
    families: dict[tuple[str, str], dict[int, Problem]] = {}
    for problem in problems:
        if n_train := problem.first("split", "n_train"):
            key = spec_text(problem.first("case", "dataset")), _family(problem.first("case", "split"))
            families.setdefault(key, {})[int(n_train)] = problem
    plots = [_plot(key, by_size, errors, palette) for key, by_size in families.items() if len(by_size) > 1]
    return [plot for plot in plots if plot is not None]


def _family(split: Mapping[str, Any]) -> str:
    """The kind of split, and the split that it is nested in."""
    inner = (split.get("params") or {}).get("split")
    return f"{split['name']} of {inner}" if inner else str(split["name"])


def _plot(
    key: tuple[str, str], by_size: dict[int, Problem], errors: pd.DataFrame, palette: Palette
) -> Plot | None:
    forces = errors[errors["quantity"] == "forces"]
    curves: dict[str, list[tuple[int, float]]] = {}
    for size, problem in sorted(by_size.items()):
        own = forces[(forces["problem"] == problem.name) & (forces["test"] == problem.reference)]
        for method, value in zip(own["method"], own["value"], strict=True):
            if value > 0:
                curves.setdefault(method, []).append((size, float(value)))
    if not curves:
        return None
    fig = figure("training frames", "force RMSE, reference group (meV/Å)")
    for method, points in curves.items():
        x, y = zip(*points, strict=True)
        hover = f"{hover_text(method)}<br>%{{x}} frames<br>%{{y:.3g}} meV/Å<extra></extra>"
        style = trace_style(palette, method)
        fig.add_scatter(x=list(x), y=list(y), mode="lines+markers", hovertemplate=hover, **style)
    fig.update_xaxes(
        log_axis(map(float, by_size)), tickvals=sorted(by_size), ticktext=[str(n) for n in sorted(by_size)]
    )
    fig.update_yaxes(log_axis(v for points in curves.values() for _, v in points))
    caption = "Force RMSE on the reference group; both axes logarithmic."
    return Plot(f"learning/{key[0]}/{key[1]}", fig, f"{key[0]}, split {key[1]}", caption)
