"""Rows and problems that published errors name and the suite does not have."""

from __future__ import annotations

from example_published import PROBLEM, entry, published_error

from mlffbench.harness.planning.published_mistakes import published_mistakes

CONTENT = {"problems": [PROBLEM], "estimators": ["mace", {"sgdml": {}, "as": "kernel"}]}


def mistakes(*entries):
    return {m.path: m.sentence for m in published_mistakes({**CONTENT, "published": list(entries)})}


def test_rows_are_those_of_the_leaderboard():
    assert not mistakes(entry(published_error(1.0)), entry(published_error(1.0), row="kernel"))
    (sentence,) = mistakes(entry(published_error(1.0), row="kernal")).values()
    assert sentence.startswith("no row 'kernal' in the suite")
    assert "did you mean 'kernel'?" in sentence


def test_problems_are_counted_from_one():
    found = mistakes(entry(published_error(1.0, problem=1), published_error(1.0, problem=2)))
    assert found == {("published", 0, "errors", 1, "problem"): "the suite has no problem 2, only 1"}


def test_what_cannot_be_read_is_left_to_others():
    assert not list(published_mistakes({**CONTENT, "published": [3, {"errors": 1}, {"errors": [2]}]}))
    assert not list(published_mistakes(None))
