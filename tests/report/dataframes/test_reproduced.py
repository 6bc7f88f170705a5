"""Published errors beside measured ones: a verdict on each."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import failed, outcome
from example_published import PROBLEM, entry, published_error, suite

from mlffbench.harness.planning.published import PublishedError
from mlffbench.report.dataframes.reproduced import judge, protocols, reproduced
from mlffbench.report.results import Results


def verdicts(*entries, documents=(), **changes):
    frame = reproduced(Results.from_documents(documents, [suite(*entries, **changes)]))
    return frame.to_dict("records")


@pytest.mark.parametrize(
    ("published", "tolerance", "interval", "verdict"),  # 20 was measured
    [
        (21, 0.05, (18, 22), "reproduced"),
        (22.04, 0.05, (18, 22), "missed"),
        ("22.0", 0.05, (18, 21.96), "reproduced"),  # 21.96 is printed as 22.0
        (22.2, 0.1, (18, 22), "within tolerance"),  # 2.2 <= 2.22
        (25, 0.1, (18, 22), "missed"),  # 5 > 2.5 + 0.5
        (25, 0.2, (18, 22), "within tolerance"),
        (10, 0.1, (18, 22), "missed"),
        (20, 0.0, (np.nan, np.nan), "reproduced"),
        (20.4, 0.0, (np.nan, np.nan), "missed"),
        ("25.0", 0.1, (15, 25.05), "reproduced"),  # ±5.025: 2 · 2.5 + 0.05 is the most
        ("25.0", 0.1, (14.9, 25.05), "not decided"),  # ±5.075
        (10, 0.1, (8, 110), "not decided"),
        (19, 0.1, (8, 110), "within tolerance"),  # 1 <= 1.9, whatever the interval
        (7, 0.1, (8, 110), "missed"),
    ],
)
def test_a_verdict_follows_from_interval_rounding_and_tolerance(published, tolerance, interval, verdict):
    assert judge(PublishedError(**published_error(published)), tolerance, 20.0, *interval) == verdict


def test_without_a_number_nothing_was_run():
    assert judge(PublishedError(**published_error(20)), 1.0, *[np.nan] * 3) == "not run"


def test_errors_are_compared_in_the_published_unit():
    forces = published_error(0.461, unit="kcal/mol/Å")  # 0.02 eV/Å; 1 kcal/mol = 0.0433641 eV
    energy = published_error(1.0, unit="meV/atom", quantity="energy_per_atom")
    of_forces, of_energy = verdicts(entry(forces, energy), documents=[outcome("mace", 0.02)])
    assert of_forces["measured"] == pytest.approx(0.02 / 0.0433641, rel=1e-5)
    assert (of_forces["low"], of_forces["high"]) == pytest.approx(
        (0.018 / 0.0433641, 0.022 / 0.0433641), rel=1e-5
    )
    assert of_energy["measured"] == pytest.approx(1.0)
    assert {of_forces["verdict"], of_energy["verdict"]} == {"reproduced"}


def test_a_missed_error_says_by_how_much_and_which_settings_differ():
    settings = [
        {"setting": "structures", "published": 400, "document": "split.n_train"},
        {"setting": "precision", "published": "float64", "document": "model.dtype"},
    ]
    larger, smaller = verdicts(
        entry(published_error(10), protocol=settings),
        entry(published_error(40), exempt="too few epochs"),
        documents=[outcome("mace", 0.02)],
    )
    assert larger["reason"] == "2× larger than published; settings that differ: precision"
    assert (smaller["verdict"], smaller["reason"]) == ("missed", "2× smaller than published; too few epochs")
    assert (larger["exempt"], smaller["exempt"]) == ("", "too few epochs")


def test_an_interval_that_is_too_wide_says_how_wide():
    document = outcome("mace", 0.03)
    document["scores"][0] |= {"low": 0.008, "high": 0.110}  # of the forces on test_300K
    (row,) = verdicts(entry(published_error(10)), documents=[document])
    reason = "the interval is ±510 % of the published value, more than ±20 %: it cannot tell"
    assert (row["verdict"], row["reason"]) == ("not decided", reason)


def test_what_was_not_measured_says_why():
    rows = verdicts(
        entry(published_error(10)),
        entry(published_error(10), row="sgdml"),
        entry(published_error(10), row=None, exempt="no such method here"),
        entry(published_error(10, problem=2)),
        entry(published_error(10, test="test_1200K", metric="mae")),
        documents=[outcome("mace"), failed("sgdml"), outcome("other")],
        problems=[PROBLEM, {"dataset": "silicon"}],
    )
    assert [row["verdict"] for row in rows] == ["missed", *["not run"] * 4]
    assert [row["reason"] for row in rows[1:]] == [
        "the fit failed: out of memory. 17 GiB were asked for",
        "no such method here",
        "not run: there is no result of it",
        "the results have no forces mae on test_1200K",
    ]
    assert rows[3]["problem"] == "silicon · official"


def test_the_mean_over_the_seeds_counts():
    documents = [outcome("mace", f, seed=s) for s, f in enumerate((0.018, 0.020, 0.022))]
    (row,) = verdicts(entry(published_error(20)), documents=documents)
    assert row["measured"] == pytest.approx(20.0)


def test_another_split_is_another_problem():
    other = {"dataset": "malonaldehyde", "split": {"official": {"train": "train_300K", "n_train": 50}}}
    (row,) = verdicts(entry(published_error(20)), documents=[outcome("mace", 0.02)], problems=[other])
    assert row["verdict"] == "not run"


def test_settings_are_compared_with_the_suite_and_the_documents():
    settings = [
        {"setting": "structures", "published": 400.0, "document": "split.n_train"},
        {"setting": "cutoff", "published": 5.0, "here": 6.0},
        {"setting": "optimizer", "here": "Adam"},
        {"setting": "epochs", "published": 2000, "document": "model.epochs"},
        {"setting": "stress", "published": False, "here": False},
    ]
    results = Results.from_documents([outcome("mace")], [suite(entry(published_error(1), protocol=settings))])
    frame = protocols(results).set_index("setting")
    assert frame["agreement"].tolist() == ["same", "differs", "not stated", "unknown", "same"]
    assert frame.loc["structures", ["published", "here"]].tolist() == ["400", "400"]
    assert frame.loc["stress", "here"] == "no"


def test_results_without_published_errors_have_no_rows():
    assert reproduced(Results.from_documents([outcome("mace")])).empty
    assert protocols(Results.from_documents([outcome("mace")], [suite()])).empty
