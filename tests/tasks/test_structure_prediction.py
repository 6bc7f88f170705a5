"""Structure prediction: the true model has no errors, one with a hole has false minima."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from example_copper import FCC, crystals, fitted, scores
from example_counts import counts_of

from mlffbench.data import Curve, Missing
from mlffbench.tasks.structure_prediction import (
    Landscape,
    RelaxationSettings,
    formulas,
    least_separations,
    recovery,
    structure_prediction,
)

SMALL = {
    "amplitudes": (0.1,),
    "n_rattled": 1,
    "n_cells": 3,
    "sizes": (1, 1),
    "relaxation": {"fmax": 0.05, "steps": 100},
}


@cache
def predicted() -> tuple[Any, ...]:
    return tuple(structure_prediction(fitted(), *crystals(), **SMALL))


def test_the_true_model_makes_no_mistakes() -> None:
    rows = predicted()
    found = scores(list(rows))
    assert found["fcc, rattled 0.1 Å", "rattled", "failure_rate"] == 0
    assert found["fcc, rattled 0.1 Å", "geometry", "distance"] < 0.03
    assert found["fcc", "ground_state", "missed"] == 0
    assert found["fcc", "ground_state", "failure_rate"] < 1
    assert found["fcc", "ground_state", "false_minima"] == 0
    assert found["low-energy structures", "ranking", "kendall"] == pytest.approx(0)
    assert found["low-energy structures", "ranking", "top_k"] == 0
    (curve,) = (r for r in rows if isinstance(r, Curve))
    np.testing.assert_allclose(curve.y, curve.x, atol=1e-3)
    assert not [r for r in rows if isinstance(r, Missing) and r.kind != "skipped"]


def test_starts_that_the_truth_does_not_bring_home_do_not_count() -> None:
    data, _ = crystals(structures={"sc": bulk("Cu", "sc", a=2.4)})
    landscape = Landscape(fitted(), data.reference, 0, RelaxationSettings(0.1, 60))
    (row,) = recovery(landscape, "sc", (0.2,), 1)
    assert row.message == "the reference potential itself leaves sc"


def test_force_calls_are_at_least_one_relaxation_and_at_most_all() -> None:
    found = scores(list(predicted()))
    calls = found["fcc", "ground_state", "force_calls"]
    mean = found["fcc", "random_cells", "steps"] + 1
    assert 1 < calls <= SMALL["n_cells"] * mean + 1e-9


def test_a_model_with_a_hole_has_false_minima() -> None:
    """The well is below fcc, and the truth says that nothing is there."""
    few = {**SMALL, "amplitudes": (), "n_cells": 3}
    rows = structure_prediction(fitted(lure=4.0), *crystals(structures={"fcc": FCC}), seed=1, **few)
    found, counts = scores(rows), counts_of("structure_prediction", rows)
    assert {metric for _, metric in counts} >= {"failure_rate", "missed", "minima_below", "false_minima"}
    assert found["fcc", "ground_state", "minima_below"] > 0
    assert found["fcc", "ground_state", "false_minima"] == found["fcc", "ground_state", "minima_below"]


def test_without_a_truth_the_known_energies_are_ranked() -> None:
    values = {"fcc": {"energy": -1.0}, "bcc": {"energy": -2.0}}
    data, split = crystals(truth=None, values=values)
    rows = structure_prediction(fitted(), data, split, **{**SMALL, "amplitudes": (), "n_cells": 1})
    assert scores(rows)["low-energy structures", "ranking", "kendall"] == pytest.approx(2)  # fcc is lower
    assert {"false_minima"} <= {r.quantity for r in rows if isinstance(r, Missing)}


def test_a_molecule_is_rattled_and_hopped() -> None:
    water = molecule("H2O")
    data, split = crystals(structures={"water": water}, truth=None)
    rows = structure_prediction(
        fitted(), data, split, amplitudes=(0.05,), n_rattled=2, hops=2, relaxation={"fmax": 0.05}
    )
    found = scores(rows)
    assert 0 <= found["water, rattled 0.05 Å", "rattled", "failure_rate"] <= 1
    assert found["water", "ground_state", "minima_below"] >= 0
    reasons = {r.quantity: r.message for r in rows if isinstance(r, Missing)}
    assert "no cells to draw" in reasons["random_cells"]
    assert "fewer than two" in reasons["ranking"]


def test_no_references_no_task() -> None:
    data, split = crystals()
    (row,) = structure_prediction(fitted(), replace(data, reference=None), split)
    assert row.message == "copper has no reference structures"


def test_formulas_and_least_distances_are_those_of_the_reference() -> None:
    assert formulas(bulk("NaCl", "rocksalt", a=5.6, cubic=True), (4, 8)) == ["Na2Cl2", "Na3Cl3", "Na4Cl4"]
    assert formulas(bulk("Si", cubic=True), (2, 5)) == ["Si2", "Si4"]
    assert formulas(FCC, (4, 6)) == ["Cu4", "Cu5", "Cu6"]
    assert formulas(bulk("Si"), (1, 1)) == ["Si2"]
    least = least_separations([FCC, Atoms("O")])
    assert least["Cu-Cu"] == pytest.approx(0.8 * 3.59 / 2**0.5)
    assert least["O-Cu"] == pytest.approx(0.8 * (0.66 + 1.32))


def test_an_unknown_keyword_of_the_relaxation_is_refused() -> None:
    with pytest.raises(LookupError, match=r"'relaxation' of structure_prediction has no .* 'fmaxx'.*'fmax'"):
        structure_prediction(fitted(), *crystals(), relaxation={"fmaxx": 0.1})
