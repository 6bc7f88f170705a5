"""Tables across problems."""

from __future__ import annotations

from example_documents import outcome
from example_over_problems import on_problems

from mlffbench.report.results import Results
from mlffbench.report.tables.over_problems import over_problems_tables
from mlffbench.report.verdict.over_problems import over_problems

ERRORS = {
    "soap": [0.01, 0.01, 0.01, 0.01, 0.03],
    "mace": [0.02, 0.02, 0.02, 0.02, 0.02],
    "morse": [0.09] * 5,
    "part": [0.001] * 4 + [None],
}


def tables(documents):
    return over_problems_tables(over_problems(Results.from_documents(documents)))


def rows(table):
    return {row.cells[0].text: [cell.text for cell in row.cells[1:]] for row in table.rows}


def test_ranks_with_intervals_and_counts_with_bounds():
    ranks, _ = tables(on_problems(ERRORS))
    assert [c.name for c in ranks.columns[1:]] == [
        "problems",
        "mean rank",
        "win rate",
        "P(best)",
        "beats the next",
    ]
    texts = rows(ranks)
    assert list(texts) == ["soap", "mace", "morse", "part"]
    # t(4) s/√n = 2.776 · 0.447/√5 = 0.555
    assert texts["soap"][:3] == ["5 of 5", "1.20 [1, 1.76]", "0.90 [0.62, 1]"]
    assert texts["soap"][4] == "4 of 5 (0.28 to 0.99)"
    assert texts["mace"][:3] == ["5 of 5", "1.80 ±0.56", "0.60 ±0.28"]
    assert texts["mace"][4] == "5 of 5 (≥ 0.55)"
    assert texts["morse"] == ["5 of 5", "3.00", "0", "0.00", "the last"]
    assert texts["part"] == ["4 of 5", "–", "–", "–", "–"]
    assert "has no mean rank and takes part in no test" in ranks.caption


def test_places_as_cells_are_left_out_and_weighed():
    _, robust = tables(on_problems({**ERRORS, "bonded": [0.005, 0.5, 0.5, 0.5, 0.5]}))
    texts = rows(robust)
    assert "part" not in texts
    assert "as errors are missing: part." in robust.caption
    assert "in-domain error, energy error and worst group" in robust.caption
    assert texts["soap"][0] == "1"
    low, high = texts["bonded"][3].split("–")
    assert float(low) < float(texts["bonded"][0]) <= float(high)


def test_without_a_test_there_is_no_probability_and_one_problem_has_no_table():
    ranks, _ = tables(on_problems({name: own[:3] for name, own in ERRORS.items()}))
    assert rows(ranks)["soap"] == ["3 of 3", "2.00", "0.667", "–", "3 of 3 (≥ 0.37)"]
    assert tables([outcome("a"), outcome("b")]) == []


def test_ties_are_no_count():
    ranks, _ = tables(on_problems({"a": [0.01] * 5, "b": [0.01, 0.02, 0.02, 0.02, 0.02]}))
    assert rows(ranks)["a"][4] == "4.5 of 5, ties"
