"""Figures of one problem: transfer curves, energy profiles, training curves."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mlffbench.report.dataframes.leaderboard import SHOWN
from mlffbench.report.dataframes.profiles import Curve, aligned
from mlffbench.report.dataframes.scores import number
from mlffbench.report.figures.style import INK, Look, Plot, bars, figure, log_axis, mark
from mlffbench.report.results import Problem, dig, series

__all__ = ["profile_plots", "training_plots", "transfer_plots"]


def transfer_plots(problem: Problem, moved: pd.DataFrame, look: Look) -> list[Plot]:
    """Errors against test groups, the groups of a numbered series (300K, 600K ...) joined by lines."""
    plots = []
    for word, unit in SHOWN.values():
        column = f"{word} RMSE ({unit})"
        if len(problem.tests) > 1 and (moved[column] > 0).any():
            caption = (
                "Bars are 95 % intervals; lines join groups that differ in a number only. Logarithmic scale."
            )
            fig = _transfer_figure(
                problem, moved, (column, f"{word} low ({unit})", f"{word} high ({unit})"), look
            )
            plots.append(Plot(fig, f"{word.capitalize()} error by test group", caption))
    return plots


def _transfer_figure(
    problem: Problem, moved: pd.DataFrame, columns: tuple[str, str, str], look: Look
) -> go.Figure:
    value, low, high = columns
    places = {test: i for i, test in enumerate(problem.tests)}
    joined = series(problem.tests)
    fig = figure("", value, height=380)
    methods = list(dict.fromkeys(moved["method"]))
    for k, method in enumerate(methods):
        shift = 0.28 * (k - (len(methods) - 1) / 2) / max(len(methods) - 1, 1)
        own = moved[(moved["method"] == method) & (moved[value] > 0) & np.isfinite(moved[value])].set_index(
            "test"
        )
        for tests, mode in ((joined, "lines+markers"), ([t for t in places if t not in joined], "markers")):
            rows = own.loc[[t for t in tests if t in own.index]]
            if rows.empty:
                continue
            fig.add_scatter(
                x=[places[str(t)] + shift for t in rows.index], y=rows[value].tolist(), mode=mode,
                error_y=bars(rows[value].tolist(), rows[low].tolist(), rows[high].tolist()),
                hovertemplate=f"{escape(method)}<br>%{{y:.3g}}<extra></extra>", **mark(look, method),
            )  # fmt: skip
    names = [escape(t) + ("<br>(in domain)" if t == problem.in_domain else "") for t in places]
    fig.update_xaxes(
        tickvals=list(places.values()), ticktext=names, range=[-0.5, len(places) - 0.5], showgrid=False
    )
    fig.update_yaxes(log_axis(moved[value]))
    return fig


def profile_plots(problem: Problem, look: Look) -> list[Plot]:
    """The reference energy along each path, and every method's."""
    first = {m.label: dig(m.done[0], "profiles") or {} for m in problem.methods if m.done}
    level = (problem.first("dataset", "card") or {}).get("level", "the dataset's labels")
    caption = (
        f"Black: reference ({level}). Every curve is relative to its own energy where the reference is "
        "lowest, so a hole dug elsewhere is negative. First seed."
    )
    plots = []
    for name in dict.fromkeys(n for profiles in first.values() for n in profiles):
        curves = {label: curve for label, p in first.items() if name in p and (curve := aligned(p[name]))}
        if curves:
            plots.append(Plot(_profile_figure(curves, look), f"Energy along {name}", caption))
    return plots


def _profile_figure(curves: dict[str, Curve], look: Look) -> go.Figure:
    longest = max(curves.values(), key=lambda c: len(c.coordinate))
    fig = figure(longest.label, "energy (meV)")
    for label, curve in curves.items():
        style = mark(look, label)
        style["marker"]["size"] = 6
        fig.add_scatter(x=curve.coordinate, y=curve.predicted, mode="lines+markers", **style)
    black = {"line": {"color": INK, "width": 3}, "marker": {"color": INK, "size": 5}}
    fig.add_scatter(
        x=longest.coordinate, y=longest.reference, mode="lines+markers", name="reference", **black
    )
    return fig


def training_plots(problem: Problem, look: Look) -> list[Plot]:
    """Loss and validation error by epoch, of the methods that record them."""
    histories = {m.label: found for m in problem.methods if m.done and (found := m.done[0].get("history"))}
    caption = "First seed, each in the method's own unit and weights: shapes compare, heights do not."
    plots = []
    for key, title in (("loss", "Training loss"), ("validation", "Validation error")):
        curves = {label: _curve(history, key) for label, history in histories.items()}
        curves = {label: (x, y) for label, (x, y) in curves.items() if x}
        if curves:
            plots.append(Plot(_training_figure(curves, key, look), title, caption))
    return plots


def _training_figure(curves: dict[str, tuple[list[float], list[float]]], key: str, look: Look) -> go.Figure:
    fig = figure("epoch", f"{key} (method's own unit)", height=320)
    for label, (x, y) in curves.items():
        style = mark(look, label)
        fig.add_scatter(x=x, y=y, mode="lines" if len(x) > 1 else "markers", **style)
    fig.update_yaxes(log_axis(v for _, y in curves.values() for v in y))
    return fig


def _curve(history: Iterable[dict[str, Any]], key: str) -> tuple[list[float], list[float]]:
    points = [(number(h.get("epoch")), number(h.get(key))) for h in history]
    kept = [(x, y) for x, y in points if np.isfinite(x) and np.isfinite(y) and y > 0]
    return [x for x, _ in kept], [y for _, y in kept]
