"""Suites of a site: addresses that every file system takes, dates, the beginning of a verdict."""

from __future__ import annotations

import pytest
from example_site import suites

from mlffbench.report.site.suite import address, first_sentences, page_names


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("soap_gpr", "soap_gpr"),
        ("rmd17/aspirin 1", "rmd17-aspirin-1"),
        ("../up", "up"),
        ("Å", "x"),
        ("a.b", "a.b"),
    ],
)
def test_addresses_hold_no_other_characters_and_lead_nowhere_else(name, part):
    assert address(name) == part


def test_names_that_look_alike_have_addresses_of_their_own():
    parts = page_names(["a b", "A-b", "a-b", "c"])
    assert parts == {"a b": "a-b", "A-b": "A-b-2", "a-b": "a-b-3", "c": "c"}


def test_a_verdict_begins_with_its_first_two_sentences():
    text = "Best here: soap, 9.3 ±1.4 meV/Å. Fastest: b (1.5 µs/atom). Hardest: c."
    assert first_sentences(text) == "Best here: soap, 9.3 ±1.4 meV/Å. Fastest: b (1.5 µs/atom)."


def test_a_suite_knows_its_page_and_its_days():
    suite, _ = suites()
    assert suite.page == "suites/first-suite/index.html"
    assert suite.anchor(1) == "../suites/first-suite/index.html#problem-2"
    assert suite.dates == ["2026-11-23"]
    assert [verdict[:10] for verdict in suite.verdicts] == ["Best here:"] * 2
