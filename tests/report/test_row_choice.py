"""One fit is named by its method, and by problem and seed where there are several."""

from __future__ import annotations

import pytest
from example_documents import failed, outcome

from mlffbench.report.results import Results
from mlffbench.report.row_choice import choose_row, problems_named


def on_ethanol(document):
    return {**document, "case": {**document["case"], "dataset": {"name": "ethanol", "params": {"n": 3}}}}


@pytest.fixture
def results():
    documents = [
        outcome("mace"),
        outcome("mace", 0.01, seed=1),
        on_ethanol(outcome("mace")),
        outcome("morse"),
    ]
    return Results.from_documents([*documents, failed("gap")])


def test_names_that_leave_one_fit(results):
    row = choose_row(results, "morse")
    assert (row.label, row.problem.partition(" ")[0], row.seed) == ("morse", "malonaldehyde", 0)
    assert choose_row(results, "mace", "malonaldehyde", 1).seed == 1
    for name in ("ethanol", "ethanol(n=3)", "ethanol(n=3) · official(train='train_300K')"):
        assert choose_row(results, "mace", name).problem.startswith("ethanol")
    assert choose_row(results, "best", "malon").seed == 1
    assert len(problems_named(results, None)) == 2


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("mac", None, None), "no method 'mac'; .* did you mean 'mace'"),
        (
            ("mace", None, None),
            r"mace was fitted 3 times here; choose a problem of .*ethanol.*, and a seed of 0, 1",
        ),
        (("mace", "malonaldehyt", None), "no problem 'malonaldehyt'; .*did you mean 'malonaldehyde'"),
        (("morse", "ethanol", None), "no method 'morse'; there are 'mace'"),
        (("mace", "malonaldehyde", None), "mace was fitted 2 times here; choose a seed of 0, 1"),
        (("morse", None, 7), "morse has no seed 7"),
        (("gap", None, None), "the fit of gap has failed: out of memory: 17 GiB"),
    ],
)
def test_other_names_are_a_sentence(results, names, sentence):
    with pytest.raises(LookupError, match=sentence):
        choose_row(results, *names)
