"""Accuracy against cost, with the Pareto front."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mlffbench.report.conditions import timed_apart
from mlffbench.report.dataframes.costs import COSTS
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.scores import SHOWN, axis_title
from mlffbench.report.figures.style import (
    GROUND,
    INK,
    TIMED_APART,
    Palette,
    Plot,
    bars,
    figure,
    hover_text,
    log_axis,
    trace_style,
)
from mlffbench.report.problems import Problem
from mlffbench.report.statistics.pareto import pareto_front

__all__ = ["cost_plots", "label_places"]

SHOWN_COSTS = ("fit_time", "prediction_time")
CAPTION = (
    "Lower left is better. Named points on the dotted line are the Pareto front: none is better in both. "
    "The legend and the text at a point name the others."
)
TWO_FRONTS = " Tuned methods have a front of their own."
PLACES = {  # the lower left corner of a label: shares of its width and height, plus pixels
    "top center": (-0.5, 0, 0, 8),
    "bottom center": (-0.5, -1, 0, -8),
    "middle right": (0, -0.5, 10, 0),
    "middle left": (-1, -0.5, -10, 0),
    "top right": (0, 0, 5, 5),
    "bottom right": (0, -1, 5, -5),
    "top left": (-1, 0, -5, 5),
    "bottom left": (-1, -1, -5, -5),
}


class Points(NamedTuple):
    """Methods of one plot: costs, errors with intervals, which ones are tuned, and which were timed apart."""

    names: list[str]
    cost: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    tuned: np.ndarray
    apart: np.ndarray


def cost_plots(problem: Problem, frames: Frames, palette: Palette) -> list[Plot]:
    """The error that ranks against the fit time and against the prediction time."""
    for quantity in SHOWN:
        errors = frames.errors[frames.errors["quantity"] == quantity]
        on_reference = errors[errors["test"] == problem.reference]
        if not (on_reference["value"] > 0).any():
            continue
        board = frames.leaderboard
        # an error with gaps is no place on the front
        methods = board[board["rank"].notna()][["method", "tuned"]]
        for frame in (on_reference[["method", "value", "low", "high"]], frames.costs):
            methods = methods.merge(frame, on="method")
        title = axis_title(quantity, problem.reference)
        apart = timed_apart(problem)
        plots = (_plot(methods, cost, title, palette, apart) for cost in SHOWN_COSTS)
        return [plot for plot in plots if plot is not None]
    return []


def _plot(
    methods: pd.DataFrame, cost: str, error_title: str, palette: Palette, apart: Collection[str]
) -> Plot | None:
    """Plot of the methods with a positive cost and a positive error; None without any."""
    numbers = methods[[cost, "value"]].to_numpy(dtype=float)
    drawable = methods[np.isfinite(numbers).all(axis=1) & (numbers > 0).all(axis=1)]
    if drawable.empty:
        return None
    name, unit = COSTS[cost]
    columns = [drawable[c].to_numpy(dtype=float) for c in (cost, "value", "low", "high", "tuned")]
    names = list(drawable["method"])
    points = Points._make([names, *columns, np.array([label in apart for label in names])])
    fig = _figure(points, f"{name} ({unit})", error_title, palette)
    away = [label for label in points.names if label in apart]
    both = TWO_FRONTS if 0 < points.tuned.sum() < len(points.names) else ""
    caption = CAPTION + both + (TIMED_APART.format(", ".join(away)) if away else "")
    return Plot(f"cost/{cost}", fig, f"Accuracy versus {name}", caption)


def _figure(points: Points, cost: str, error: str, palette: Palette) -> Any:
    fig = figure(cost, escape(error))
    x_axis, y_axis = log_axis(points.cost, pad=0.2), log_axis(points.error, pad=0.15)
    dotted = {"color": "#9aa5b1", "width": 1.5, "dash": "dot", "shape": "hv"}
    best = np.zeros(len(points.names), dtype=bool)
    for front in _fronts(points):
        x, y = points.cost[front], points.error[front]
        fig.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip", line=dotted)
        best[front] = True
    places = label_places(points, best, x_axis["range"], y_axis["range"])
    hover = f"{hover_text(cost)}: %{{x:.3g}}<br>{hover_text(error)}: %{{y:.3g}}"
    for i, name in enumerate(points.names):
        style = trace_style(palette, name)
        style["marker"] |= {
            "size": 13,
            "line": {"color": INK if best[i] else GROUND, "width": 2 if best[i] else 1},
        }
        one = slice(i, i + 1)
        fig.add_scatter(
            x=points.cost[one], y=points.error[one], mode="markers+text" if best[i] else "markers",
            cliponaxis=False,
            error_y=bars(points.error[one], points.low[one], points.high[one]),
            **({"text": [escape(name)], "textposition": places[i]} if best[i] else {}),
            hovertemplate=f"{hover_text(name)}<br>{hover}<extra></extra>", **style,
        )  # fmt: skip
    fig.update_xaxes(x_axis)
    fig.update_yaxes(y_axis)
    return fig


def _fronts(points: Points) -> list[np.ndarray]:
    """Indices of the Pareto fronts in the order of cost: of default methods, and of tuned ones.

    Times that were not measured under the conditions of most others are on none.
    """
    fronts = []
    for tuned in (False, True):
        own = np.flatnonzero((points.tuned == tuned) & ~points.apart)
        own = own[np.argsort(points.cost[own])]
        best = pareto_front(points.cost[own].tolist(), points.error[own].tolist())
        fronts.append(own[np.array(best, dtype=bool)])
    return [front for front in fronts if len(front)]


def label_places(
    points: Points,
    labelled: np.ndarray,
    x_range: list[float],
    y_range: list[float],
    width: float = 460,
    height: float = 290,
) -> list[str]:
    """Place each label, one after the other, where it covers the least of other points and labels.

    Points without a label, by the mask `labelled`, have an empty place.

    Pixels of a plot of common size are assumed; on a narrower screen labels may still touch.
    """
    x = width * (np.log10(points.cost) - x_range[0]) / (x_range[1] - x_range[0])
    y = height * (np.log10(points.error) - y_range[0]) / (y_range[1] - y_range[0])
    n = len(points.names)
    occupied = np.empty((2 * n + 3, 4))  # points, edges of the plot, labels
    occupied[:n] = np.column_stack([x - 8, y - 8, x + 8, y + 8])
    occupied[n : n + 3] = [(-2e3, -2e3, 0, 2e3), (width, -2e3, 4e3, 2e3), (-2e3, -2e3, 4e3, 0)]
    places = [""] * n
    for n_placed, i in enumerate(np.flatnonzero(labelled)):
        boxes = {place: _box(x[i], y[i], 6.8 * len(points.names[i]), 14, place) for place in PLACES}
        obstacles = np.delete(occupied[: n + 3 + n_placed], i, axis=0)
        covered = {place: _overlap(box, obstacles) for place, box in boxes.items()}
        places[i] = min(covered, key=covered.__getitem__)
        occupied[n + 3 + n_placed] = boxes[places[i]]
    return places


def _box(x: float, y: float, width: float, height: float, place: str) -> np.ndarray:
    """Edges of a label's box: left, bottom, right, top."""
    across, up, dx, dy = PLACES[place]
    left, bottom = x + across * width + dx, y + up * height + dy
    return np.array([left, bottom, left + width, bottom + height])


def _overlap(box: np.ndarray, others: np.ndarray) -> float:
    """The area that a box shares with others, added over these, pixels²."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return float(np.maximum(sides, 0).prod(axis=1).sum())
