"""Budgets and searches: never mixed in one ranking, and marked where they are not equal."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from example_documents import failed, outcome
from rich.console import Console

from mlffbench.report.budgets import budget_text, ends
from mlffbench.report.dataframes.costs import costs
from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.formats import csv_file, html, markdown, terminal
from mlffbench.report.results import Results
from mlffbench.report.row_choice import choose_row
from mlffbench.report.tables.sections import sections

TUNING = {"params": {}, "device": "cpu", "tuning": {"seconds": 1234.0, "trials": 8, "out of time": 0}}


def with_budget(document, **budget):
    return {**document, "case": {**document["case"], "budget": budget}}


def tuned(label, force, seed=0, **budget):
    document = outcome(f"{label} (tuned)", force, seed=seed, model=TUNING)
    spec = {"name": "tuned", "params": {"model": {label: {}}, "trials": 8}}
    return with_budget({**document, "case": {**document["case"], "estimator": spec}}, **budget)


def shown(documents):
    """The report in all formats that are read."""
    results = Results.from_documents(documents)
    screen = io.StringIO()
    Console(file=screen, width=200).print(terminal.render(results, 200))
    return {
        "terminal": screen.getvalue(),
        "markdown": markdown.render(results, "Report"),
        "html": html.render(results, lambda _: None, "Report"),
    }


# ---------------------------------------------------------------- searches
DOCUMENTS = [
    outcome("soap", 0.03), tuned("soap", 0.01), outcome("mace", 0.02), tuned("mace", 0.013),
    outcome("gap", 0.04), failed("bad (tuned)"),
]  # fmt: skip
DOCUMENTS[-1]["case"]["estimator"] = {"name": "tuned", "params": {"model": "bad", "trials": 8}}


def test_tuned_and_default_methods_are_ranked_apart():
    board = leaderboard(Results.from_documents(DOCUMENTS))
    order = ["mace", "soap", "gap", "soap (tuned)", "mace (tuned)", "bad (tuned)"]
    assert list(board["method"]) == order
    assert board["rank"].tolist()[:5] == [1, 2, 3, 1, 2]
    assert board["worst rank"].tolist()[:5] == [1, 2, 3, 1, 2], "no interval of the others counts"
    assert board["tuned"].tolist() == [False] * 3 + [True] * 3


def test_no_table_of_a_format_holds_both():
    (section,) = sections(Results.from_documents(DOCUMENTS))
    default, own = section.blocks["leaderboard"]
    names = [[row.cells[1].text for row in table.rows] for table in (default, own)]
    assert names == [["mace", "soap", "gap"], ["soap (tuned)", "mace (tuned)", "bad (tuned)"]]
    assert "of it tuning" in [column.name for column in own.columns]
    assert "of it tuning" not in [column.name for column in default.columns]
    assert "ranked among themselves" in own.caption
    for name, text in shown(DOCUMENTS).items():
        assert "Leaderboard, tuned" in text, name
        assert "1234" in text, f"{name}: the charged time"


def test_the_verdict_names_the_best_of_each():
    (section,) = sections(Results.from_documents(DOCUMENTS))
    assert section.verdict.startswith("Best here: mace, force RMSE 20.0")
    assert "Among tuned methods, ranked apart: soap (tuned), force RMSE 10.0" in section.verdict
    assert "meV/Å after 1234 s of search." in section.verdict


def test_a_table_of_values_says_which_ranking():
    frame = pd.read_csv(io.StringIO(csv_file.render(Results.from_documents(DOCUMENTS))))
    ranks = frame.drop_duplicates("method").set_index("method")[["tuned", "rank", "tuning time (s)"]]
    assert ranks.loc["soap (tuned)"].tolist() == [True, 1, 1234]
    assert ranks.loc["mace", ["tuned", "rank"]].tolist() == [False, 1]
    plain = csv_file.render(Results.from_documents([outcome("soap")]))
    assert "tuned" not in plain.splitlines()[0]


def test_where_all_are_tuned_they_are_the_ranking():
    (section,) = sections(Results.from_documents([tuned("soap", 0.01), tuned("mace", 0.02)]))
    assert section.verdict.startswith("Best here: soap (tuned)")
    assert "ranked apart" not in section.verdict
    assert [table.title for table in section.blocks["leaderboard"]] == ["Leaderboard, tuned"]


def test_a_search_inside_another_model_is_a_search():
    committee = outcome("committee")
    committee["case"]["estimator"]["params"] = {"model": {"tuned": {"model": "morse"}}}
    board = leaderboard(Results.from_documents([committee, outcome("morse")]))
    assert dict(zip(board["method"], board["tuned"], strict=True)) == {"committee": True, "morse": False}


def test_the_best_model_is_no_tuned_one_unless_all_are():
    assert choose_row(Results.from_documents(DOCUMENTS), "best").label == "mace"
    alone = [document for document in DOCUMENTS if document["case"]["estimator"]["name"] == "tuned"]
    assert choose_row(Results.from_documents(alone), "best").label == "soap (tuned)"


def test_sentences_on_the_best_are_not_parted_by_the_tuned_methods():
    (section,) = sections(Results.from_documents([outcome("mace", 0.02), outcome("gap", 0.03), DOCUMENTS[1]]))
    text = section.verdict
    assert text.startswith("Best here: mace")
    assert text.index("It is also the cheapest") < text.index("Among tuned methods")


# ---------------------------------------------------------------- budgets
@pytest.mark.parametrize(
    ("budget", "text"),
    [
        (None, ""),
        ({"labels": 100, "fit_seconds": 60.0}, "100 labels, 60 s of fit"),
        ({"epochs": 5, "tuning_trials": 8, "tuning_seconds": 600}, "5 epochs, 8 trials, 600 s of search"),
        ({"labels": None, "other": 3}, ""),
    ],
)
def test_a_budget_in_words(budget, text):
    assert budget_text(budget) == text


def model(**values):
    return {"params": {}, "device": "cpu", "dtype": "float32", **values}


@pytest.mark.parametrize(
    ("budget", "facts", "said"),
    [
        ({"fit_seconds": 60}, {"stopped_by": "time"}, "depends on the machine"),
        ({"fit_seconds": 60}, {"stopped_by": "patience, time"}, "depends on the machine"),
        ({"fit_seconds": 60}, {"stopped_by": "patience"}, "reproducible"),
        ({"fit_seconds": 60}, {}, "reproducible"),
        ({"epochs": 20}, {"stopped_by": "epochs"}, "reproducible"),
        ({"tuning_seconds": 60}, {"tuning": {"seconds": 61.0}}, "depends on the machine"),
        ({"tuning_seconds": 60}, {"tuning": {"seconds": 59.0}}, "reproducible"),
        ({"labels": 60}, {"stopped_by": "time"}, ""),
        ({"epochs": 100}, {"stopped_by": "time"}, "depends on the machine"),
        ({"epochs": 100}, {"tuning": {"seconds": 9.0, "out of time": 1}}, "depends on the machine"),
        ({"epochs": 100}, {"tuning": {"seconds": 9.0, "out of time": 0}}, "reproducible"),
    ],
)
def test_a_budget_depends_on_the_machine_where_the_clock_ended_the_work(budget, facts, said):
    document = with_budget(outcome("a", model=model(**facts)), **budget)
    assert ends(document) == said
    (row,) = costs(Results.from_documents([document])).to_dict("records")
    assert (row["budget"], row["reproducible"]) == (budget_text(budget), said)


@pytest.mark.parametrize(("took", "said"), [(30.5, "depends on the machine"), (29.0, "reproducible")])
def test_a_search_that_its_own_seconds_ended_depends_on_the_machine(took, said):
    document = with_budget(outcome("a", model=model(tuning={"seconds": took})), epochs=100)
    document["case"]["estimator"] = {"name": "tuned", "params": {"model": "a", "seconds": 30}}
    assert ends(document) == said


def test_equal_budgets_are_not_marked():
    documents = [with_budget(outcome(label), epochs=20) for label in ("a", "b")]
    results = Results.from_documents(documents)
    assert not any("budget" in sentence for sentence in results.problems[0].doubts)
    for text in shown(documents).values():
        assert "20 epochs" in text
        assert "reproducible" in text.split("Budgets and circumstances")[-1]


def test_rows_with_another_budget_than_the_others_are_marked():
    documents = [with_budget(outcome(x), labels=400) for x in ("a", "b")] + [outcome("c")]
    documents.append(with_budget(outcome("d"), labels=50))
    sentence = "The methods did not have equal budgets: none for c; 50 labels for d; 400 labels for a, b."
    assert sentence in Results.from_documents(documents).problems[0].doubts
    for name, text in shown(documents).items():
        assert sentence in text, name
        for mark in ("c (other budget)", "d (other budget)"):
            assert mark in text, (name, mark)
        assert "a (other budget" not in text, name


def test_budgets_of_the_searches_are_compared_among_tuned_methods_alone():
    documents = [outcome("soap"), tuned("soap", 0.01, tuning_trials=8), tuned("mace", 0.02, tuning_trials=9)]
    (sentence,) = [s for s in Results.from_documents(documents).problems[0].doubts if "budget" in s]
    words = "The tuned methods did not have equal budgets: 8 trials for soap (tuned); 9 trials"
    assert sentence.startswith(words)


@pytest.mark.parametrize(
    ("params", "words"),
    [({}, "20 trials"), ({"trials": 50}, "50 trials"), ({"seconds": 30}, "30 s of search")],
)
def test_searches_without_a_budget_are_compared_by_their_own_limits(params, words):
    documents = [tuned("soap", 0.01), tuned("gap", 0.03), tuned("mace", 0.02)]
    documents[-1]["case"]["estimator"]["params"] = {"model": "mace", **params}
    sentence = f"The tuned methods did not have equal budgets: {words} for mace (tuned); 8 trials for "
    assert any(s.startswith(sentence) for s in Results.from_documents(documents).problems[0].doubts)
    documents[-1]["case"]["estimator"]["params"] = {"model": "mace", "trials": 8}
    assert not any("budget" in s for s in Results.from_documents(documents).problems[0].doubts)


def test_a_smaller_training_part_is_no_other_split():
    whole = outcome("a", split={**outcome("a")["split"], "n_train": 400})
    part = {
        **whole["split"],
        "digest": "other",
        "n_train": 50,
        "notes": {"part_of": whole["split"]["digest"]},
    }
    documents = [whole, with_budget(outcome("b", split=part), labels=50)]
    doubts = " ".join(Results.from_documents(documents).problems[0].doubts)
    assert "not have equal budgets" in doubts
    assert "split differs" not in doubts
    assert "numbers of frames differ" not in doubts


def test_fits_of_one_row_under_two_budgets_are_two_rows():
    documents = [with_budget(outcome("a"), labels=50), outcome("a", 0.01)]
    results = Results.from_documents(documents)
    assert {m.label for _, m in results.methods()} == {"a (budget: 50 labels)", "a (budget: none)"}


def test_a_fit_beyond_its_budget_is_said():
    late = with_budget(outcome("a", model=model(stopped_by="time")), fit_seconds=5)
    assert "a took 10 s of a budget of 5 s." in Results.from_documents([late]).problems[0].doubts


@pytest.mark.parametrize(("searched", "late"), [(7.0, False), (2.0, True)])
def test_the_fit_of_a_tuned_method_is_what_its_search_left(searched, late):
    document = tuned("a", 0.01, fit_seconds=5, tuning_trials=8)
    document["model"] = {**TUNING, "tuning": {"seconds": searched}}
    (problem,) = Results.from_documents([document]).problems
    assert ("a (tuned) took 8 s of a budget of 5 s." in problem.doubts) is late


# ---------------------------------------------------------------- circumstances
def test_environment_and_resumptions_are_in_the_table_of_costs_where_there_are_some():
    plain, other = outcome("a"), outcome("b")
    other["case"]["environment"] = {"name": "new", "requirements": ["nequip"]}
    other["timings"]["fit"]["resumed"] = 2
    for text in shown([plain, other]).values():
        assert all(word in text for word in ("environment", "new", "resumed", "2×"))
    assert "resumed" not in shown([plain])["markdown"]


def test_a_fit_beside_other_cases_is_marked():
    alone, beside = outcome("a"), outcome("b")
    alone["timings"]["fit"]["alone"], beside["timings"]["fit"]["alone"] = True, False
    results = Results.from_documents([alone, beside])
    assert "other cases ran beside b" in " ".join(results.problems[0].doubts)
    rows = [line for line in markdown.render(results, "x").splitlines() if line.startswith("| ")]
    assert any("| b |" in line and "10.0§" in line for line in rows)
    assert not any("| a |" in line and "§" in line for line in rows)
