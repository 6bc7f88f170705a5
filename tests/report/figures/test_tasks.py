"""Curves that tasks measured."""

from __future__ import annotations

import numpy as np
from example_documents import outcome, predictions, timed
from example_pages import figures

from mlffbench.report.figures.tasks import band_corners
from mlffbench.report.formats import html
from mlffbench.report.results import Results


def test_curves_are_drawn_with_the_reference(measured_documents):
    page = html.render(Results.from_documents(measured_documents), predictions, "suite")
    (curve,) = [f for f in figures(page) if f["layout"]["xaxis"]["title"]["text"] == "frequency (THz)"]
    assert [t["name"] for t in curve["data"]] == ["reference", "soft", "stiff"]
    assert curve["data"][0]["y"] == [0, 150]
    assert curve["data"][1]["y"] == [0, 140.0]


def test_times_are_medians_between_quartiles_on_logarithmic_axes():
    documents = [timed("soap", 1.0), timed("mace", 2.0, {"torch_threads": 8})]
    page = html.render(Results.from_documents(documents), predictions, "suite")
    (curve,) = [f for f in figures(page) if f["layout"]["xaxis"]["title"]["text"] == "atoms of the system"]
    soap = next(trace for trace in curve["data"] if trace["name"] == "soap")
    assert list(soap["x"]) == [9.0, 576.0]
    assert list(soap["y"]) == [2.0, 60.0]
    assert soap["error_y"]["array"] == [3.5, 5.0]
    assert {curve["layout"][axis]["type"] for axis in ("xaxis", "yaxis")} == {"log"}
    assert "Not measured under the conditions of most others: mace." in page


def curve(name, x_label, y):
    return {"name": name, "x_label": x_label, "y_label": "y", "x": [0.0, 1.0, 2.0], "y": y,
            "reference_x": None, "reference_y": None, "task": "md"}  # fmt: skip


def drawn(one):
    return figures(html.render(Results.from_documents([outcome("a", curves=[one])]), predictions, "suite"))


def test_numbers_beside_their_references_are_points_around_perfect_agreement():
    one = curve("labels pool", "reference energy (eV/atom)", [0.5, 1.0, 2.5])
    (figure,) = [f for f in drawn(one) if f["layout"]["xaxis"]["title"]["text"] == one["x_label"]]
    line, points = figure["data"]
    assert points["mode"] == "markers"
    assert line["x"] == line["y"] == [0, 2.5]


def test_survival_falls_in_steps_below_one():
    one = curve("survival, 300 K", "time / fs", [1.0, 0.5, 0.5])
    (figure,) = [f for f in drawn(one) if f["layout"]["xaxis"]["title"]["text"] == "time / fs"]
    assert figure["data"][0]["line"]["shape"] == "hv"
    assert figure["layout"]["yaxis"]["range"] == [-0.03, 1.05]


def test_corners_of_a_path_of_bands_stand_where_the_spacing_changes():
    path = np.concatenate(
        [np.linspace(0, 1, 5), np.linspace(1, 1.6, 4)[1:], [1.6], np.linspace(1.6, 2, 3)[1:]]
    )
    bands = [*path, *path[::-1], *path]
    corners = band_corners("path G X W K / (1/Å)", bands)
    assert corners == {}  # four names, five corners: W|K stand at one place
    corners = band_corners("path G X W K L / (1/Å)", bands)
    assert list(corners.values()) == ["Γ", "X", "W|K", "L"]
    assert np.allclose(list(corners), [0, 1, 1.6, 2])
    assert band_corners("r / Å", bands) == {}
