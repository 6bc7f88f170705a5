"""Parity plots: predicted against reference, a small panel for each method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.figures.style import INK, Palette, Plot, figure, trace_style
from mlffbench.report.problems import Problem
from mlffbench.report.wording import plain

__all__ = ["Predictions", "parity_plots", "shown_groups"]

Arrays = Mapping[str, np.ndarray]
Predictions = Callable[[str], Arrays | None]


class Pairs(NamedTuple):
    """True and predicted numbers of one quantity in one test group, meV."""

    heading: str
    axis: str
    unit: str
    true: np.ndarray
    predicted: np.ndarray
    n_diverged: int  # predictions that are not finite


def shown_groups(problem: Problem, errors: pd.DataFrame) -> list[str]:
    """The reference group and the hardest one, with the largest median error over the methods."""
    by_quantity = (errors[errors["quantity"] == quantity] for quantity in SHOWN)
    measured = next((own for own in by_quantity if own["value"].notna().any()), None)
    if measured is None or problem.reference is None:
        return [problem.reference] if problem.reference else []
    medians = measured.groupby("test")["value"].median()
    return list(dict.fromkeys([problem.reference, str(medians.idxmax())]))


def parity_plots(
    arrays: Mapping[str, Arrays], groups: list[str], palette: Palette, points: int
) -> dict[str, list[Plot]]:
    """Small panels by heading, one a method.

    Parameters
    ----------
    arrays : mapping
        Method -> arrays of its npz file.
    groups : list of str
        Test groups to show.
    palette : mapping
        Colours by method.
    points : int
        At most so many points a panel, drawn evenly at random; the RMSE in its caption is of all points.
    """
    plots: dict[str, list[Plot]] = {}
    for group in groups:
        for label, own in arrays.items():
            for pairs in _pairs(own, group):
                fig = _panel(pairs, label, palette, points)
                panel = Plot(f"parity/{pairs.axis}/{group}/{label}", fig, label, _caption(pairs), small=True)
                plots.setdefault(f"{pairs.heading}, {group}", []).append(panel)
    return plots


def _caption(pairs: Pairs) -> str:
    rmse = float(np.sqrt(np.mean((pairs.predicted - pairs.true) ** 2)))
    diverged = f", {pairs.n_diverged} predictions not finite" if pairs.n_diverged else ""
    return f"RMSE {plain(rmse)} {pairs.unit}{diverged}"


def _pairs(arrays: Arrays, group: str) -> list[Pairs]:
    """Energies per atom, less the group's mean reference energy, and force components, where stored."""
    get = lambda name: arrays.get(f"{group}/{name}")
    n, true, predicted = get("n_atoms"), get("energy_true"), get("energy_predicted")
    pairs = []
    if n is not None and true is not None and predicted is not None and np.isfinite(true).any():
        mean = np.nanmean(true / n)
        pairs.append(_finite("Energy per atom", "energy", "meV/atom", true / n - mean, predicted / n - mean))
    true, predicted = get("forces_true"), get("forces_predicted")
    if true is not None and predicted is not None:
        pairs.append(_finite("Force components", "force", "meV/Å", true, predicted))
    return [own for own in pairs if len(own.true)]


def _finite(heading: str, axis: str, unit: str, true: np.ndarray, predicted: np.ndarray) -> Pairs:
    """The pairs of finite numbers, in meV."""
    labelled, finite = np.isfinite(true), np.isfinite(true) & np.isfinite(predicted)
    n_diverged = int(labelled.sum() - finite.sum())
    return Pairs(
        heading, axis, unit, 1000 * true[finite].ravel(), 1000 * predicted[finite].ravel(), n_diverged
    )


def _panel(pairs: Pairs, label: str, palette: Palette, points: int) -> go.Figure:
    fig = figure(f"reference {pairs.axis} ({pairs.unit})", f"predicted ({pairs.unit})", height=230)
    picks = np.arange(len(pairs.true))
    if len(picks) > points:
        picks = np.sort(np.random.default_rng(0).choice(picks, points, replace=False))
    x, y = pairs.true[picks].astype(np.float32), pairs.predicted[picks].astype(np.float32)
    ends = [float(min(x.min(), y.min())), float(max(x.max(), y.max()))]
    fig.add_scatter(x=ends, y=ends, mode="lines", line={"color": INK, "width": 1}, hoverinfo="skip")
    style = trace_style(palette, label)
    style["marker"] = {"color": palette[label]["color"], "size": 4, "opacity": 0.35}
    fig.add_scatter(
        x=x, y=y, mode="markers", hoverinfo="skip", **{k: v for k, v in style.items() if k != "line"}
    )
    room = 0.05 * (ends[1] - ends[0]) or 1.0
    fig.update_xaxes(range=[ends[0] - room, ends[1] + room], nticks=5)
    fig.update_yaxes(range=[ends[0] - room, ends[1] + room], nticks=5)
    fig.update_layout(font_size=11, margin={"l": 48, "r": 8, "t": 6, "b": 40})
    return fig
