"""Figures as plain data."""

from __future__ import annotations

import json

import numpy as np

from mlffbench.report.figures.figure import Figure


def test_numbers_have_seven_digits_and_missing_ones_are_null():
    fig = Figure(layout={"height": 300})
    fig.add_scatter(x=np.array([1 / 3, 2.0, np.nan]), y=[np.float32(1.5), np.inf, -130.12345678], name="a")
    fig.add_bar(x=["H"], y=np.array([3]))
    fig.update_xaxes({"type": "log"}, range=(0, 1.0))
    assert json.loads(fig.to_json()) == {
        "data": [
            {"type": "scatter", "x": [0.3333333, 2, None], "y": [1.5, None, -130.1235], "name": "a"},
            {"type": "bar", "x": ["H"], "y": [3]},
        ],
        "layout": {"height": 300, "xaxis": {"type": "log", "range": [0, 1]}},
    }
