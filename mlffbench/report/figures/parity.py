"""Parity plots: predicted against reference, a small panel for each method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mlffbench.report.figures.style import INK, Look, Plot, figure, mark
from mlffbench.report.results import Problem
from mlffbench.report.wording import plain

__all__ = ["Predictions", "parity_plots", "shown_groups"]

Arrays = Mapping[str, np.ndarray]
Predictions = Callable[[str], Arrays | None]


class Pairs(NamedTuple):
    """True and predicted numbers of one quantity in one group, meV."""

    quantity: str
    axis: str
    unit: str
    true: np.ndarray
    predicted: np.ndarray
    lost: int  # predictions that are not finite


def shown_groups(problem: Problem, moved: pd.DataFrame) -> list[str]:
    """The reference group and the one that is hardest: with the largest median error over the methods."""
    columns = ("force RMSE (meV/Å)", "energy RMSE (meV/atom)")
    column = next((c for c in columns if moved[c].notna().any()), None)
    if column is None or problem.reference is None:
        return [problem.reference] if problem.reference else []
    medians = moved.groupby("test")[column].median()
    return list(dict.fromkeys([problem.reference, str(medians.idxmax())]))


def parity_plots(
    arrays: Mapping[str, Arrays], groups: list[str], look: Look, points: int
) -> dict[str, list[Plot]]:
    """Small panels by heading, one a method.

    Parameters
    ----------
    arrays : mapping
        Method -> arrays of its npz file.
    groups : list of str
        Test groups to show.
    look : mapping
        Colours by method.
    points : int
        At most so many points a panel, drawn evenly at random; the RMSE in its caption is of all points.
    """
    plots: dict[str, list[Plot]] = {}
    for group in groups:
        for label, own in arrays.items():
            for pairs in _pairs(own, group):
                panel = Plot(_panel(pairs, label, look, points), label, _caption(pairs), small=True)
                plots.setdefault(f"{pairs.quantity}, {group}", []).append(panel)
    return plots


def _caption(pairs: Pairs) -> str:
    rmse = float(np.sqrt(np.mean((pairs.predicted - pairs.true) ** 2)))
    lost = f", {pairs.lost} predictions not finite" if pairs.lost else ""
    return f"RMSE {plain(rmse)} {pairs.unit}{lost}"


def _pairs(arrays: Arrays, group: str) -> list[Pairs]:
    """Energies per atom, less the group's mean reference energy, and force components, where stored."""
    get = lambda name: arrays.get(f"{group}/{name}")
    n, true, predicted = get("n_atoms"), get("energy_true"), get("energy_predicted")
    found = []
    if n is not None and true is not None and predicted is not None and np.isfinite(true).any():
        mean = np.nanmean(true / n)
        found.append(_finite("Energy per atom", "energy", "meV/atom", true / n - mean, predicted / n - mean))
    true, predicted = get("forces_true"), get("forces_predicted")
    if true is not None and predicted is not None:
        found.append(_finite("Force components", "force", "meV/Å", true, predicted))
    return [pairs for pairs in found if len(pairs.true)]


def _finite(quantity: str, axis: str, unit: str, true: np.ndarray, predicted: np.ndarray) -> Pairs:
    labelled, both = np.isfinite(true), np.isfinite(true) & np.isfinite(predicted)
    lost = int(labelled.sum() - both.sum())
    return Pairs(quantity, axis, unit, 1000 * true[both].ravel(), 1000 * predicted[both].ravel(), lost)


def _panel(pairs: Pairs, label: str, look: Look, points: int) -> go.Figure:
    fig = figure(f"reference {pairs.axis} ({pairs.unit})", f"predicted ({pairs.unit})", height=230)
    picks = np.arange(len(pairs.true))
    if len(picks) > points:
        picks = np.sort(np.random.default_rng(0).choice(picks, points, replace=False))
    x, y = pairs.true[picks].astype(np.float32), pairs.predicted[picks].astype(np.float32)
    ends = [float(min(x.min(), y.min())), float(max(x.max(), y.max()))]
    fig.add_scatter(x=ends, y=ends, mode="lines", line={"color": INK, "width": 1}, hoverinfo="skip")
    style = mark(look, label)
    style["marker"] = {"color": look[label]["color"], "size": 4, "opacity": 0.35}
    fig.add_scatter(
        x=x, y=y, mode="markers", hoverinfo="skip", **{k: v for k, v in style.items() if k != "line"}
    )
    room = 0.05 * (ends[1] - ends[0]) or 1.0
    fig.update_xaxes(range=[ends[0] - room, ends[1] + room], nticks=5)
    fig.update_yaxes(range=[ends[0] - room, ends[1] + room], nticks=5)
    fig.update_layout(font_size=11, margin={"l": 48, "r": 8, "t": 6, "b": 40})
    return fig
