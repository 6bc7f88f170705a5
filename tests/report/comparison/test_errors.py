"""Errors of two rows on the same test frames: paired, corrected for their number, in words."""

from __future__ import annotations

import numpy as np
import pytest
from example_clusters import N_CLUSTERS, N_FRAMES, clustered, errors
from example_documents import outcome

from mlffbench.report.comparison.errors import compare_errors
from mlffbench.report.comparison.pairs import Side, pair_rows
from mlffbench.report.results import Results
from mlffbench.report.statistics.paired import paired


def compared(a, b, **options):
    sides = [Side("x", Results.from_documents(documents)) for documents in (a, b)]
    return compare_errors(pair_rows(*sides).pairs, **options)


def forces(rows, test="test_300K"):
    (row,) = rows[(rows["quantity"] == "forces") & (rows["test"] == test)].to_dict("records")
    return row


def test_the_difference_is_that_of_the_paired_test():
    row = forces(compared([clustered("mace", 0.03)], [clustered("mace", 0.05, own=0.3)]))
    clusters = np.repeat(np.arange(N_CLUSTERS), N_FRAMES)
    truth = paired(errors(0.05, own=0.3), errors(0.03), clusters, rope=0.005)
    numbers = [row[key] / 1000 for key in ("difference", "low", "high")]
    assert numbers == pytest.approx(truth[:3], rel=1e-5)
    assert row["p_better"] == pytest.approx(truth.p_better, rel=1e-4)
    assert (row["verdict"], row["paired"], row["unit"]) == ("worse", True, "meV/Å")
    assert row["percent"] == pytest.approx(100 * row["difference"] / row["a"])


def test_pairing_tells_apart_what_the_documents_intervals_do_not():
    """10 % more error on the same frames, of which each number alone is known to 10 % only."""
    tiny = {"forces": 1e-6}
    known = compared([clustered("mace", 0.020)], [clustered("mace", 0.022)], rope=tiny)
    plain = compared([outcome("mace", 0.020)], [outcome("mace", 0.022)], rope=tiny)
    assert (forces(known)["verdict"], forces(plain)["verdict"]) == ("worse", "not told apart")
    assert not forces(plain)["paired"]


def test_frames_of_another_digest_are_not_paired():
    row = forces(compared([clustered("mace", 0.03)], [clustered("mace", 0.05, digest="others")]))
    assert not row["paired"]


def test_small_differences_are_equivalent_and_the_same_number_is_equal():
    rows = compared([clustered("mace", 0.020)], [clustered("mace", 0.021)])
    assert forces(rows)["verdict"] == "equivalent"
    same = forces(compared([clustered("mace")], [clustered("mace")]))
    assert (same["verdict"], np.isnan(same["p_better"])) == ("equal", True)


def test_an_exploded_error_is_worse_without_a_test():
    row = forces(compared([outcome("mace")], [outcome("mace", float("inf"))]))
    assert (row["verdict"], row["reason"]) == ("worse", "b is not finite")


def test_numbers_without_an_interval_are_not_told_apart():
    bare = [
        {**document, "scores": [{**s, "low": None, "high": None} for s in document["scores"]]}
        for document in (outcome("mace", 0.02), outcome("mace", 0.2))
    ]
    row = forces(compared(bare[:1], bare[1:]))
    assert (row["verdict"], row["reason"]) == ("not told apart", "no interval")


def test_many_comparisons_are_corrected_together():
    """p = 0.02 of one comparison is significant; beside 60 others of no difference it is not."""

    def document(label, value):
        score = {"test": "test_300K", "quantity": "forces", "metric": "rmse", "unit": "eV/Å"}
        half = 1.96 * 0.1 * value
        return {
            **outcome(label),
            "scores": [{**score, "value": value, "low": value - half, "high": value + half}],
        }

    a, b = document("mace", 0.1), document("mace", 0.1 * 1.4)
    alone = forces(compared([a], [b]))
    assert alone["verdict"] == "worse"
    assert 0.01 < alone["p_value"] < 0.05
    others = [document(f"m{i}", 0.1) for i in range(60)]
    changed = [document(f"m{i}", 0.1001) for i in range(60)]
    rows = compared([a, *others], [b, *changed])
    row = rows[rows["method"] == "mace"].iloc[0]
    assert (row["verdict"], row["p_value"]) == (
        "not told apart",
        pytest.approx(min(1, 61 * alone["p_value"])),
    )
