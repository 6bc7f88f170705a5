"""The ranks of methods, and every row by hand."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import error, failed, outcome, row

from mlffbench.report.dataframes.costs import costs
from mlffbench.report.dataframes.failures import failures
from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.dataframes.scores import group_errors
from mlffbench.report.formats import markdown
from mlffbench.report.results import Results


def test_leaderboard_by_hand(documents):
    results = Results.from_documents(documents)
    board = leaderboard(results)
    assert list(board["method"]) == ["best", "close", "worse", "gap"]
    assert list(board["best rank"][:3]) == [1, 1, 3]
    assert list(board["worst rank"][:3]) == [2, 2, 3]
    errors = group_errors(results)
    assert error(errors, "best", "test_300K")["value"] == pytest.approx(20)
    assert error(errors, "best", "test_300K")["low"] == pytest.approx(18)
    assert error(errors, "best", "test_1200K")["ratio"] == pytest.approx(3)
    assert error(errors, "best", "test_1200K", "energy_per_atom")["ratio"] == pytest.approx(4)
    assert np.isnan(error(errors, "best", "proton_transfer")["value"])
    assert row(board, "best")["ranked by"] == "force RMSE on test_300K"
    gap = row(board, "gap")
    assert (gap["status"], gap["failure kind"]) == ("failed", "out of memory")
    assert np.isnan(gap["rank"])
    assert "gap" not in set(costs(results)["method"])


def test_seeds_are_averaged():
    results = Results.from_documents(
        [outcome("soap", f, seed=s) for s, f in enumerate((0.02, 0.03, 0.04))] + [failed("soap", seed=3)]
    )
    soap = row(leaderboard(results), "soap")
    assert (soap["seeds"], soap["failed seeds"], soap["status"], soap["interval"]) == (3, 1, "ok", "seeds")
    force = error(group_errors(results), "soap", "test_300K")
    assert force["value"] == pytest.approx(30)
    half = 4.30265 * 10 / np.sqrt(3)  # t(0.975, 2) · s / √n
    assert force["high"] == pytest.approx(30 + half, abs=1e-3)
    assert row(costs(results), "soap")["fit_time"] == pytest.approx(11)
    assert len(failures(results)) == 1


def test_energies_rank_where_nobody_has_forces(documents):
    for document in documents:
        document["scores"] = [s for s in document["scores"] if s["quantity"] != "forces"]
    results = Results.from_documents(documents)
    assert set(leaderboard(results)["ranked by"]) == {"energy RMSE on test_300K"}
    assert "F RMSE" not in markdown.render(results, "suite")


def test_method_without_forces_is_not_ranked_among_forces(documents):
    documents[0]["scores"] = [s for s in documents[0]["scores"] if s["quantity"] != "forces"]
    board = leaderboard(Results.from_documents(documents))
    assert list(board["method"]) == ["best", "close", "worse", "gap"]
    assert np.isnan(row(board, "worse")["best rank"])
