"""Every number of every fit as one row."""

from __future__ import annotations

import numpy as np
from example_documents import TESTS, failed, measured, outcome, score

from mlffbench.report.dataframes.tidy_scores import tidy_scores
from mlffbench.report.results import Results


def table(*documents):
    return tidy_scores(Results.from_documents(documents))


def test_every_score_of_every_seed_is_a_row_in_its_own_unit():
    documents = [outcome("mace", 0.02), outcome("mace", 0.03, seed=1)]
    scores = table(*documents)
    own = scores[scores["task"] != "timing"]
    assert len(own) == sum(len(document["scores"]) for document in documents)
    forces = own[(own["quantity"] == "forces") & (own["test"] == "test_300K")]
    assert forces[["seed", "value", "unit"]].values.tolist() == [[0, 0.02, "eV/Å"], [1, 0.03, "eV/Å"]]
    assert np.allclose(forces[["low", "high"]], [[0.018, 0.022], [0.027, 0.033]])


def test_frames_stand_beside_errors_on_test_groups_and_not_beside_tasks():
    document = measured("soft", 140.0)
    document["scores"].append(score("proton_transfer", 0.1))
    share = score("300 K", 0.25, "failures", "", 0.5, "share")
    document["scores"].append({**share, "task": "md", "trials": 4})
    scores = table(document).set_index(["test", "quantity"])
    assert scores.loc[("test_300K", "forces"), "n"] == 50
    assert scores.loc[("proton_transfer", "forces"), "n"] == TESTS["proton_transfer"]
    c11 = scores.loc[("diamond", "C11")]
    assert (c11["predicted"], c11["reference"], c11["value"]) == (140.0, 150.0, 10.0)
    assert scores["n"].isna()["diamond", "C11"]
    assert scores.loc[("300 K", "failures"), "n"] == 4, "trials of a share"


def test_times_and_memory_are_the_task_timing():
    timing = table(outcome("mace")).query("task == 'timing'").set_index(["test", "quantity", "metric"])
    assert timing.loc[("", "fit", "time"), ["value", "unit"]].tolist() == [10.0, "s"]
    pace = timing.loc[("test_300K", "prediction", "time_per_atom")]
    assert np.isclose(pace["value"], 1e6 * 0.045 / 450)
    assert (pace["unit"], pace["n"]) == ("µs/atom", 50)
    assert timing.loc[("test_1200K", "prediction", "peak_memory"), ["value", "unit"]].tolist() == [
        750.0,
        "MiB",
    ]
    assert "peak_gpu_memory" not in timing.index.get_level_values("metric")


def test_a_potential_that_existed_already_has_no_time_of_a_fit():
    old = outcome("old")
    old["model"] = {**old["model"], "fitted_here": False}
    timing = table(old).query("task == 'timing'")
    assert "fit" not in set(timing["quantity"])
    assert "prediction" in set(timing["quantity"])


def test_what_cannot_be_believed_and_what_failed_is_no_row():
    doubtful = outcome("odd")
    doubtful["scores"][0]["unit"] = "kcal"
    scores = table(doubtful, failed("gap"))
    assert set(scores["method"]) == {"odd"}
    assert scores[(scores["test"] == "test_300K") & (scores["quantity"] == "forces")].empty


def test_missing_numbers_are_not_zero():
    bare = outcome("bare", timings=None)
    bare["case"]["seed"] = None
    bare["scores"][0].update(value=None, low=None, high=None)
    scores = table(bare)
    assert scores["value"].isna().sum() == 1
    assert scores["seed"].isna().all()
    assert "timing" not in set(scores["task"])


def test_no_results_are_a_table_without_rows():
    assert table().columns.tolist()[:4] == ["problem", "method", "seed", "task"]


def test_a_seed_of_a_stranger_that_is_too_large_is_no_error():
    huge = outcome("huge")
    huge["case"]["seed"] = 2**64 - 1
    assert table(huge)["seed"].iloc[0] == float(2**64 - 1)
