"""Rows of methods: the leaderboard's ranks and numbers, by every name that a method is made of."""

from __future__ import annotations

from example_site import ESTIMATORS, suites

from mlffbench.report.site.method_rows import method_rows


def test_rows_have_the_numbers_of_the_leaderboard_and_the_names_of_what_methods_are_made_of():
    suite, _ = suites()
    rows = {(row.problem.split(" ")[0], row.label): row for row in method_rows(suite, set(ESTIMATORS))}
    assert len(rows) == 5
    mace, gap = rows["malonaldehyde", "mace"], rows["malonaldehyde", "gap"]
    assert (mace.rank.text, mace.n_ranked) == ("1", 2)
    assert mace.force.text == "20.0 ±2.0"  # meV/Å; the document has 0.020 eV/Å, 0.018 to 0.022
    assert mace.energy.order == 1.0
    assert (mace.reference, mace.seeds, mace.failure) == ("test_300K", 1, "")
    assert mace.settings == "mace(preset='<small>')"
    assert gap.failure.startswith("out of memory: ")
    assert gap.rank.text == "–"
    [tuned] = [row for (_, label), row in rows.items() if label == "tuned"]
    assert tuned.dataset == "rmd17_aspirin"
    assert (tuned.estimator, tuned.estimators) == ("tuned", ("mace", "tuned"))
    assert tuned.n_ranked == 1  # ranked apart from methods as they are by default
    assert tuned.link == "../suites/first-suite/index.html#problem-2"
