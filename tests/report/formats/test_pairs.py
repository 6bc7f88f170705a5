"""Paired comparisons of the page."""

from __future__ import annotations

import numpy as np
import pytest
from example_clusters import N_CLUSTERS, N_FRAMES, clustered, errors
from example_documents import failed, outcome
from scipy.stats import norm

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.formats.pairs import VERDICTS, pairs
from mlffbench.report.results import Results
from mlffbench.report.statistics.paired import paired
from mlffbench.report.verdict.board import Board


def of_problem(*documents, most=1000):
    """Comparisons of the one problem, and all labels."""
    results = Results.from_documents(documents)
    frames = Frames.from_results(results)
    labels = [method.label for method in results.problems[0].methods]
    (own,) = pairs(results, [Board(p, frames.of_problem(p.name)) for p in results.problems], labels, most)
    return own, labels


def only_entry(own):
    ((entry,),) = own.rankings[0]["rows"]
    return [*entry[:4], VERDICTS[entry[4]], entry[5]]


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [(20, 50, "better"), (20, 21, "equivalent"), (40, 42, "not told apart")],
)
def test_numbers_of_independent_intervals(a, b, verdict):
    own, _ = of_problem(outcome("a", 1e-3 * a), outcome("b", 1e-3 * b))  # intervals of ±10 %
    half = np.hypot(0.1 * a, 0.1 * b)
    difference, low, high, better, word, is_paired = only_entry(own)
    assert [difference, low, high] == pytest.approx([a - b, a - b - half, a - b + half], rel=0.01)
    assert better == pytest.approx(norm.cdf(1.959964 * (b - a) / half), abs=2e-3)
    assert word == verdict
    assert is_paired == 0
    assert "~: not paired" in own.sentence


def test_errors_by_cluster_are_compared_in_pairs():
    own, _ = of_problem(clustered("a", 0.02), clustered("b", 0.03, own=0.3))
    clusters = np.repeat(np.arange(N_CLUSTERS), N_FRAMES)
    truth = paired(errors(0.02), errors(0.03, own=0.3), clusters)
    difference, low, high, better, word, is_paired = only_entry(own)
    assert [difference, low, high] == pytest.approx(
        [1000 * number for number in (truth.difference, truth.low, truth.high)], rel=0.01
    )
    assert better == pytest.approx(truth.p_better, abs=1e-3)
    assert (word, is_paired) == (truth.verdict, 1)
    assert "~" not in own.sentence


def test_rows_follow_the_ranks_and_name_places_among_all_methods():
    own, labels = of_problem(outcome("c", 0.05), outcome("a", 0.02), outcome("b", 0.03), failed("gap"))
    (ranking,) = own.rankings
    assert [labels[m] for m in ranking["methods"]] == ["a", "b", "c"]
    assert [[entry[0] for entry in row] for row in ranking["rows"]] == [[-10, -30], [-20]]


def test_the_region_of_equivalence_is_stated_in_the_unit_of_the_problem():
    forces, _ = of_problem(outcome("a", 0.02), outcome("b", 0.03))
    assert [column.unit for column in forces.columns] == ["", "", "meV/Å", "", ""]
    assert "force RMSE on test_300K" in forces.sentence
    assert "within ±5 meV/Å" in forces.sentence
    documents = [outcome("a"), outcome("b")]
    for document in documents:
        document["scores"] = [s for s in document["scores"] if s["quantity"] == "energy_per_atom"]
    energies, _ = of_problem(*documents)
    assert energies.columns[2].unit == "meV/atom"
    assert "within ±1 meV/atom" in energies.sentence


def test_of_many_methods_the_best_are_compared_and_the_page_says_so():
    documents = [outcome(f"m{i}", 0.01 * (i + 1)) for i in range(6)]
    whole, _ = of_problem(*documents, most=15)
    assert [len(row) for row in whole.rankings[0]["rows"]] == [5, 4, 3, 2, 1]
    assert "Of 6 methods" not in whole.sentence
    some, _ = of_problem(*documents, most=9)
    assert [len(row) for row in some.rankings[0]["rows"]] == [5, 4]
    assert "Of 6 methods the page has the pairs with one of the best 2." in some.sentence


def test_tuned_methods_are_compared_among_themselves():
    documents = [outcome(label, 0.01 * i) for i, label in enumerate(("a", "b", "c", "d"), 1)]
    for document in documents[2:]:
        document["case"]["estimator"] = {"name": "tuned", "params": {"model": "a"}}
    own, labels = of_problem(*documents)
    assert [[labels[m] for m in ranking["methods"]] for ranking in own.rankings] == [["a", "b"], ["c", "d"]]
    assert "Tuned methods are compared among themselves." in own.sentence


def test_errors_without_an_interval_have_no_verdict():
    documents = [outcome("a", 0.02), outcome("b", 0.03)]
    for document in documents:
        for score in document["scores"]:
            score["low"] = score["high"] = None
    own, _ = of_problem(*documents)
    assert only_entry(own) == [-10, None, None, None, "no interval", 0]


def test_a_row_on_other_frames_is_compared_with_none():
    documents = [outcome("a", 0.02), outcome("b", 0.03), outcome("other", 0.001)]
    documents[2]["split"]["digest"] = "another"
    own, labels = of_problem(*documents)
    assert [labels[m] for m in own.rankings[0]["methods"]] == ["a", "b"]


def test_one_method_is_compared_with_none():
    own, _ = of_problem(outcome("a"), failed("b"))
    assert own is None
