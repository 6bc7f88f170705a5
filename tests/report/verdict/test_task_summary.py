"""Tasks judged by the thresholds of their quantities."""

from __future__ import annotations

import pytest
from example_documents import failed, measured, outcome, score

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.results import Results
from mlffbench.report.tables.overview import summary_table
from mlffbench.report.verdict.task_summary import task_summary


def summary(*documents):
    results = Results.from_documents(documents)
    (problem,) = results.problems
    frames = Frames.from_results(results)
    return task_summary(problem, frames.tasks, list(frames.leaderboard["method"]))


def constants(label, *values):
    """A document with elastic constants, each beside a reference of 100 GPa."""
    names = ("C11", "C12", "C44", "C33")
    rows = [
        {**score("diamond", abs(v - 100), n, "GPa", None, "error"), "task": "properties", "predicted": v,
         "reference": 100.0}
        for n, v in zip(names, values, strict=False)
    ]  # fmt: skip
    return outcome(label, scores=[score("test_300K", 0.02), *rows])


def test_a_number_is_judged_beside_its_reference():
    # 150 GPa is known: 142 is 5 % off, 175 is 17 %, 210 is 40 %
    made = summary(measured("good", 142.0), measured("fair", 175.0), measured("bad", 210.0))
    assert made.tasks == ("properties", "physics")
    status = {row.method: row.cells[0].status for row in made.rows}
    assert status == {"good": "passed", "fair": "marginal", "bad": "failed"}
    (number,) = made.row("good").cells[0].numbers
    assert (number.name, number.test, number.value, number.reference) == ("C11", "diamond", 8.0, 150.0)
    assert number.entry.name == "elastic constant"


def test_a_quarter_is_the_limit():
    made = summary(
        constants("passed", 100, 101, 102, 120), constants("marginal", 100, 101, 102, 140),
        constants("marginal too", 100, 101, 120, 120), constants("failed", 100, 101, 140, 140),
    )  # fmt: skip
    assert {row.method: row.cells[0].status for row in made.rows} == {
        "passed": "passed", "marginal": "marginal", "marginal too": "marginal", "failed": "failed"
    }  # fmt: skip
    assert made.row("marginal").cells[0].counts == {"passed": 3, "marginal": 0, "failed": 1}
    assert made.row("passed").n_passed == 1


def test_parts_that_failed_count_and_tasks_that_were_skipped_say_so():
    broken = measured("broken", 142.0)
    broken["task_failures"].append(
        {"task": "properties", "test": "diamond", "quantity": "C44", "kind": "diverged", "message": "it fell"}
    )
    none = outcome("none", task_failures=[{"task": "properties", "kind": "skipped", "message": "no stress"}])
    lost = outcome("lost", task_failures=[{"task": "properties", "kind": "timed out", "message": "1 h"}])
    made = summary(broken, none, lost, failed("gap"))
    assert made.row("broken").cells[0].counts == {"passed": 1, "marginal": 0, "failed": 1}
    assert made.row("broken").cells[0].status == "failed"
    assert (made.row("none").cells[0].status, made.row("none").cells[0].word) == (None, "skipped")
    assert (made.row("lost").cells[0].status, made.row("lost").cells[0].word) == ("failed", "timed out")
    assert made.row("gap") is None
    table = summary_table(made)
    words = {row.cells[0].text: row.cells[2].text for row in table.rows}
    assert words["broken"] == "failed (1 · 0 · 1)"
    assert (words["none"], words["lost"]) == ("skipped", "timed out")


def crashed(document, quantity="", kind="diverged"):
    """The document without its constants, or without one of them, and with the failure."""
    own = [s for s in document["scores"] if s.get("task") == "properties"]
    gone = [s for s in own if quantity in ("", s["quantity"])]
    failure = {"task": "properties", "test": quantity and "diamond", "quantity": quantity, "kind": kind}
    scores = [s for s in document["scores"] if s not in gone]
    return {**document, "scores": scores, "task_failures": [{**failure, "message": "it fell"}]}


def seeds_of(label, *documents):
    return [{**d, "id": f"{label}-{n}", "case": {**d["case"], "seed": n}} for n, d in enumerate(documents)]


def cells(*documents):
    """The cell of the constants in the summary and its text, of one method."""
    made = summary(*documents)
    (row,) = summary_table(made).rows
    return made.rows[0].cells[0], row.cells[2].text


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_a_task_that_ended_without_numbers_in_some_seed_failed(order):
    """Whichever seed it was: four numbers of the others are right."""
    good, ended = constants("a", 100, 101, 102, 103), crashed(constants("a", 100, 101, 102, 103))
    cell, text = cells(*seeds_of("a", *([good, ended, ended][i] for i in order)))
    assert cell.counts == {"passed": 4, "marginal": 0, "failed": 1}
    assert text == "failed (4 · 0 · 1; failures in 2 of 3 seeds)"


@pytest.mark.parametrize("seed", [0, 1])
def test_a_part_that_failed_in_some_seed_is_a_failed_number(seed):
    """One of four, whose number the other seed has: a quarter."""
    documents = [constants("a", 100, 101, 102, 103) for _ in range(2)]
    documents[seed] = crashed(documents[seed], "C44")
    cell, text = cells(*seeds_of("a", *documents))
    assert (cell.status, cell.n_failures) == ("marginal", 0)
    assert text == "marginal (3 · 0 · 1; failures in 1 of 2 seeds)"


def test_a_part_that_was_skipped_in_some_seed_did_not_fail():
    documents = [constants("a", 100, 101, 102, 103) for _ in range(2)]
    documents[1] = crashed(documents[1], "C44", "skipped")
    assert cells(*seeds_of("a", *documents))[1] == "passed (4 · 0 · 0)"


def test_a_task_without_numbers_says_in_how_many_seeds_it_failed():
    ended = crashed(constants("a", 100), kind="timed out")
    made = summary(*seeds_of("a", ended, ended), constants("b", 100))
    words = {row.cells[0].text: row.cells[2].text for row in summary_table(made).rows}
    assert words == {"a": "timed out (2 of 2 seeds)", "b": "passed (1 · 0 · 0)"}


def test_a_collapsed_number_is_a_word():
    row = {**score("keto", 190000.0, "relative energy", "meV", None, "error"), "task": "properties",
           "predicted": -189000.0, "reference": 1000.0}  # fmt: skip
    made = summary(outcome("bad", scores=[score("test_300K", 0.02), row]))
    (number,) = made.row("bad").cells[0].numbers
    assert (number.text, number.status) == ("collapsed", "failed")


def test_numbers_without_thresholds_make_no_task():
    row = {**score("power law", 1.2, "evaluate", "", None, "exponent"), "task": "speed"}
    made = summary(outcome("a", scores=[score("test_300K", 0.02), row]))
    assert made.tasks == ()
    assert made.rows == ()
