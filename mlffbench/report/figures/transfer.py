"""Figures of one problem: errors by test group, energy profiles, training curves."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from mlffbench.harness.reference_group import series
from mlffbench.report.dataframes.profiles import Curve, aligned
from mlffbench.report.dataframes.scores import SHOWN, axis_title
from mlffbench.report.figures.figure import Figure
from mlffbench.report.figures.style import INK, Palette, Plot, bars, figure, hover_text, log_axis, trace_style
from mlffbench.report.problems import Problem, dig
from mlffbench.report.results import number

__all__ = ["profile_plots", "training_plots", "transfer_plots"]

TRANSFER_CAPTION = (
    "Bars are 95 % intervals; lines join groups that differ in a number only. Logarithmic scale."
)
TRAINING_CAPTION = (
    "First seed of each method. Losses have different units and weights: compare how they fall, not their "
    "values."
)


def transfer_plots(problem: Problem, errors: pd.DataFrame, palette: Palette) -> list[Plot]:
    """Errors against test groups, the groups of a numbered series (300K, 600K ...) joined by lines."""
    plots = []
    for quantity, (name, _) in SHOWN.items():
        own = errors[errors["quantity"] == quantity]
        if len(problem.tests) > 1 and (own["value"] > 0).any():
            fig = _transfer_figure(problem, own, axis_title(quantity), palette)
            title = f"{name.capitalize()} error by test group"
            plots.append(Plot(f"transfer/{quantity}", fig, title, TRANSFER_CAPTION))
    return plots


def _transfer_figure(problem: Problem, errors: pd.DataFrame, title: str, palette: Palette) -> Figure:
    places = {test: i for i, test in enumerate(problem.tests)}
    joined = series(problem.tests)
    fig = figure("", title, height=380)
    by_method = _positive(errors)
    for k, (method, own) in enumerate(by_method.items()):
        shift = 0.28 * (k - (len(by_method) - 1) / 2) / max(len(by_method) - 1, 1)
        style = {"hovertemplate": f"{hover_text(method)}<br>%{{y:.3g}}<extra></extra>"}
        for tests, mode in ((joined, "lines+markers"), ([t for t in places if t not in joined], "markers")):
            drawn = [t for t in tests if t in own]
            if not drawn:
                continue
            value, low, high = map(list, zip(*(own[t] for t in drawn), strict=True))
            fig.add_scatter(
                x=[places[t] + shift for t in drawn], y=value, error_y=bars(value, low, high),
                mode=mode, **style, **trace_style(palette, method),
            )  # fmt: skip
    names = [escape(t) + ("<br>(in domain)" if t == problem.in_domain else "") for t in places]
    fig.update_xaxes(
        tickvals=list(places.values()), ticktext=names, range=[-0.5, len(places) - 0.5], showgrid=False
    )
    fig.update_yaxes(log_axis(errors["value"]))
    return fig


def _positive(errors: pd.DataFrame) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Errors that a logarithmic axis shows, with their intervals, by method and test group."""
    found: dict[str, dict[str, tuple[float, float, float]]] = {}
    columns = (errors[name].tolist() for name in ("method", "test", "value", "low", "high"))
    for method, test, value, low, high in zip(*columns, strict=True):
        own = found.setdefault(method, {})
        if np.isfinite(value) and value > 0:
            own[test] = (value, low, high)
    return found


def profile_plots(problem: Problem, palette: Palette) -> list[Plot]:
    """The reference energy along each path, and every method's."""
    profiles = {m.label: dig(m.done[0], "profiles") or {} for m in problem.methods if m.done}
    level = (problem.first("dataset", "card") or {}).get("level", "the dataset's labels")
    caption = (
        f"Black: reference ({level}). Every curve is relative to its own energy where the reference is "
        "lowest; a negative energy means that the model finds this point too stable. First seed."
    )
    plots = []
    for name in dict.fromkeys(n for own in profiles.values() for n in own):
        curves = {m: curve for m, own in profiles.items() if name in own and (curve := aligned(own[name]))}
        if curves:
            fig = _profile_figure(curves, palette)
            plots.append(Plot(f"profiles/{name}", fig, f"Energy along {name}", caption))
    return plots


def _profile_figure(curves: dict[str, Curve], palette: Palette) -> Figure:
    longest = max(curves.values(), key=lambda c: len(c.coordinate))
    fig = figure(escape(longest.label), "energy (meV)")
    for label, curve in curves.items():
        style = trace_style(palette, label)
        style["marker"]["size"] = 6
        fig.add_scatter(x=curve.coordinate, y=curve.predicted, mode="lines+markers", **style)
    black = {"line": {"color": INK, "width": 3}, "marker": {"color": INK, "size": 5}}
    fig.add_scatter(
        x=longest.coordinate, y=longest.reference, mode="lines+markers", name="reference", **black
    )
    return fig


def training_plots(problem: Problem, palette: Palette) -> list[Plot]:
    """Loss and validation error by epoch, of the methods that record them."""
    histories = {m.label: h for m in problem.methods if m.done and (h := m.done[0].get("history"))}
    plots = []
    for key, title in (("loss", "Training loss"), ("validation", "Validation error")):
        curves = {label: _curve(history, key) for label, history in histories.items()}
        curves = {label: (x, y) for label, (x, y) in curves.items() if x}
        if curves:
            plots.append(
                Plot(f"training/{key}", _training_figure(curves, key, palette), title, TRAINING_CAPTION)
            )
    return plots


def _training_figure(
    curves: dict[str, tuple[list[float], list[float]]], key: str, palette: Palette
) -> Figure:
    fig = figure("epoch", f"{escape(key)} (method's own unit)", height=320)
    for label, (x, y) in curves.items():
        style = trace_style(palette, label)
        fig.add_scatter(x=x, y=y, mode="lines" if len(x) > 1 else "markers", **style)
    fig.update_yaxes(log_axis(v for _, y in curves.values() for v in y))
    return fig


def _curve(history: Iterable[dict[str, Any]], key: str) -> tuple[list[float], list[float]]:
    """Epochs and values of a training curve; a logarithmic axis shows only positive ones."""
    points = [(number(h.get("epoch")), number(h.get(key))) for h in history]
    drawable = [(x, y) for x, y in points if np.isfinite(x) and np.isfinite(y) and y > 0]
    return [x for x, _ in drawable], [y for _, y in drawable]
