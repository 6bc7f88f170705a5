"""Standing of methods: ranks from paired comparisons, rows without ranks, older documents."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import failed, outcome, row
from example_welch import welch_p_value

from mlffbench.harness.error_sums import ErrorSums
from mlffbench.report.results import Results
from mlffbench.report.standing import comparisons_of, standing

HARDNESS = np.exp(0.5 * np.random.default_rng(0).normal(size=40))  # of 40 clusters, for every method


def clustered(label, error, seed=0, noise=0.02, frames="f0", **changes):
    """A document with errors of forces on 40 clusters, whose RMSE on test_300K is `error`."""
    own = HARDNESS * np.exp(noise * np.random.default_rng([seed, *label.encode()]).normal(size=40))
    own *= error / np.sqrt(np.mean(own**2))
    document = outcome(label, error, seed, **changes)
    sums = {"forces": ErrorSums.of(own, range(40)).to_json()}
    path = {"unit": "points of a path", "n": 1, "digest": "p", "reason": "a path of 17 points, no sample"}
    entry = {"unit": "trajectories", "n": 40, "digest": frames, "sums": sums}
    return {**document, "clusters": {"test_300K": entry, "proton_transfer": path}}


def ranks(*documents, quantity="forces", group="test_300K"):
    frame = standing(Results.from_documents(documents))
    own = frame[(frame["group"] == group) & (frame["quantity"] == quantity) & (frame["metric"] == "rmse")]
    return own.sort_values("error")


def test_pairs_on_common_frames_are_told_apart_where_intervals_overlap():
    found = ranks(clustered("a", 0.020), clustered("b", 0.022), clustered("c", 0.024))
    assert found["rank_low"].tolist() == found["rank_high"].tolist() == [1, 2, 3]
    assert found["paired"].all()
    assert found["high"].iloc[0] > found["low"].iloc[2], "intervals alone would not tell"
    assert found["interval"].tolist() == ["trajectories"] * 3
    assert found["clusters"].tolist() == [40] * 3
    assert found["unit"].tolist() == ["meV/Å"] * 3


def test_equal_methods_share_ranks():
    found = ranks(clustered("a", 0.020, noise=0.3), clustered("b", 0.0201, noise=0.3), clustered("c", 0.05))
    assert found[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 2], [1, 2], [3, 3]]


def test_older_documents_are_compared_as_if_independent():
    found = ranks(outcome("old", 0.020), outcome("older", 0.021), outcome("bad", 0.1), failed("gap"))
    assert found[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 2], [1, 2], [3, 3]]
    assert not found["paired"].any()
    assert found["interval"].tolist() == ["test frames"] * 3


def test_one_older_row_beside_clustered_ones():
    found = ranks(clustered("a", 0.020), clustered("b", 0.022), outcome("old", 0.021))
    assert row(found, "a")["rank_low"] == 1
    assert not row(found, "old")["paired"]
    assert row(found, "b")["low"] > 0


def test_seeds_are_a_second_level():
    steady = ranks(*(clustered("a", 0.02, seed) for seed in (0, 1, 2)))
    moody = ranks(*(clustered("a", error, seed) for seed, error in enumerate((0.015, 0.02, 0.025))))
    width = lambda found: float((found["high"] / found["low"]).iloc[0])
    assert width(moody) > 1.2 * width(steady)
    assert moody["interval"].iloc[0] == "trajectories and seeds"
    assert moody["seeds"].iloc[0] == 3


def test_rows_on_other_frames_have_no_rank_but_a_mark():
    other = clustered("b", 0.01, frames="f1")
    other["split"] = {**other["split"], "digest": "another"}
    found = ranks(clustered("a", 0.02), clustered("c", 0.03), other)
    own = row(found, "b")
    assert np.isnan(own["rank"])
    assert "other frames" in own["marks"]
    assert row(found, "a")["rank"] == 1
    assert row(found, "c")["rank_high"] == 2


def test_paths_have_no_interval_but_a_reason():
    found = ranks(clustered("a", 0.02), quantity="energy_per_atom", group="proton_transfer")
    assert np.isnan([found["low"].iloc[0], found["high"].iloc[0]]).all()
    assert found["reason"].iloc[0] == "a path of 17 points, no sample"


def test_paths_of_older_documents_have_none_either():
    found = ranks(outcome("old"), quantity="energy_per_atom", group="proton_transfer")
    assert np.isnan(found["low"].iloc[0])
    assert found["reason"].iloc[0] == "proton_transfer is a path, no sample"


@pytest.mark.parametrize("count", [[1] * 39, [-1] * 40, [0] * 40, [2] * 40])
def test_sums_that_do_not_give_the_score_are_not_believed(count):
    document = clustered("a", 0.02)
    document["clusters"]["test_300K"]["sums"]["forces"]["count"] = count
    found = ranks(document, clustered("b", 0.05))
    assert row(found, "a")["interval"] == "test frames"
    assert row(found, "a")["low"] == pytest.approx(18.0)  # the interval of the score


def test_tuned_methods_are_ranked_among_themselves():
    tuned = clustered("a", 0.01)
    tuned["case"]["estimator"] = {"name": "tuned", "params": {"estimator": {"name": "a"}}}
    found = ranks(tuned, clustered("b", 0.02))
    assert found["rank"].tolist() == [1, 1]
    assert found["tuned"].tolist() == [True, False]


def test_comparisons_by_name():
    results = Results.from_documents([clustered("a", 0.020), clustered("b", 0.022)])
    labels, compared = comparisons_of(results, results.problems[0], "test_300K", "forces")
    assert labels == ["a", "b"]
    pair = compared.pair(0, 1, rope=0.005)
    assert pair.difference == pytest.approx(-0.002, rel=1e-4)
    assert pair.verdict == "equivalent"
    assert compared.pair(0, 1).verdict == "better"
    assert comparisons_of(results, results.problems[0], "nowhere", "forces")[0] == []


def test_older_documents_of_a_few_seeds_are_compared_by_the_t_test_of_welch():
    """Their intervals are t-intervals over seeds: a normal test would tell these two apart."""
    values = {"mace": (0.020, 0.022), "soap": (0.040, 0.042)}
    documents = [outcome(label, own[seed], seed) for label, own in values.items() for seed in (0, 1)]
    for document in documents:
        document["scores"] = [{**s, "low": None, "high": None} for s in document["scores"]]
    results = Results.from_documents(documents)
    _, compared = comparisons_of(results, results.problems[0], "test_300K", "forces")
    assert compared.p_value[0, 1] == pytest.approx(welch_p_value(*values.values()))
