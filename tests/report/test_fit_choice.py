"""One fit is named by its method, and by problem and seed where there are several."""

from __future__ import annotations

import pytest
from example_documents import failed, outcome

from mlffbench.report.fit_choice import chosen_fit, chosen_problem
from mlffbench.report.results import Results


def on_ethanol(document):
    return {**document, "case": {**document["case"], "dataset": {"name": "ethanol", "params": {"n": 3}}}}


@pytest.fixture
def results():
    documents = [outcome("mace"), outcome("mace", seed=1), on_ethanol(outcome("mace")), outcome("morse")]
    return Results.from_documents([*documents, failed("gap")])


def test_names_that_leave_one_fit(results):
    problem, document = chosen_fit(results, "morse", None, None)
    assert document["case"]["label"] == "morse"
    assert problem.name.startswith("malonaldehyde")
    assert chosen_fit(results, "mace", "malonaldehyde", 1)[1]["case"]["seed"] == 1
    for name in ("ethanol", "ethanol(n=3)", "ethanol(n=3) · official(train='train_300K')"):
        assert chosen_fit(results, "mace", name, None)[0].name.startswith("ethanol")
    assert chosen_problem(results.problems, "ethanol").name.startswith("ethanol")


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("mac", None, None), "no method 'mac'; .* did you mean 'mace'"),
        (("mace", None, None), "2 problems of mace; choose one with problem=..., of .*ethanol"),
        (("mace", "malonaldehyd", None), "no problem 'malonaldehyd' of mace; .*did you mean 'malonaldehyde"),
        (("morse", "ethanol", None), "no problem 'ethanol' of morse"),
        (("mace", "malonaldehyde", None), r"2 seeds of mace; choose one with seed=..., of \['0', '1'\]"),
        (("morse", None, 7), "no seed 7 of morse"),
    ],
)
def test_other_names_are_a_sentence(results, names, sentence):
    with pytest.raises(LookupError, match=sentence):
        chosen_fit(results, *names)


def test_a_failed_fit_says_so(results):
    with pytest.raises(ValueError, match=r"gap failed on malonaldehyde.*: out of memory: 17 GiB"):
        chosen_fit(results, "gap", None, None)
