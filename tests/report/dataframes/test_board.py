"""The leaderboard as the report prints it."""

from __future__ import annotations

import numpy as np
from example_documents import failed, outcome, trained

from mlffbench.report.dataframes.board import board
from mlffbench.report.results import Results


def test_ranks_errors_ratio_and_costs_stand_in_one_row(documents):
    table = board(Results.from_documents(documents)).set_index("method")
    assert table.index.tolist() == ["best", "close", "worse", "gap"]
    best = table.loc["best"]
    assert (best["rank"], best["best rank"], best["worst rank"], best["test"]) == (1, 1, 2, "test_300K")
    values = best[[f"force RMSE (meV/Å){end}" for end in ("", " low", " high")]].astype(float)
    assert np.allclose(values, [20.0, 18.0, 22.0])
    assert (best["worst test"], best["worst ratio"]) == ("test_1200K", 3.0)
    assert np.isclose(best["energy RMSE (meV/atom)"], 1.0)
    assert np.isclose(best["prediction time (µs/atom)"], 100.0)
    gap = table.loc["gap"]
    assert (gap["status"], gap["failure kind"], gap["failed seeds"]) == ("failed", "out of memory", 1)
    assert np.isnan(gap["worst ratio"])


def test_a_method_that_left_a_group_out_has_no_worst_ratio():
    part = outcome("part")
    part["scores"] = [s for s in part["scores"] if s["test"] != "test_1200K"]
    table = board(Results.from_documents([outcome("whole"), part])).set_index("method")
    assert np.isnan(table.loc["part", "worst ratio"])
    assert table.loc["whole", "worst ratio"] == 3.0


def test_errors_in_training_and_ignored_labels_are_columns():
    fit = trained(outcome("sgdml", 0.02), 0.005, 0.018, ["energy"])
    table = board(Results.from_documents([fit, outcome("old")])).set_index("method")
    parts = [f"force RMSE (meV/Å) {part}" for part in ("train", "validation")]
    assert np.allclose(table.loc["sgdml", parts].astype(float), [5.0, 18.0])
    assert table.loc["old", parts].isna().all()
    assert table["ignored labels"].fillna("?").to_dict() == {"sgdml": "energy", "old": "?"}
    assert not {*parts, "ignored labels"} & set(board(Results.from_documents([outcome("old")])))


def test_a_table_of_failures_or_of_nothing():
    assert board(Results.from_documents([failed("gap")]))["failure kind"].tolist() == ["out of memory"]
    assert board(Results.from_documents([])).empty
