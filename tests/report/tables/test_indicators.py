"""Tables of the indicators of survival."""

from __future__ import annotations

from example_survival import lived

from mlffbench.report.dataframes.indicators import indicators
from mlffbench.report.results import Results
from mlffbench.report.tables.indicators import indicator_tables


def tables_of(lost):
    documents = [lived(f"m{i}", 0.01 * (i + 1), gone) for i, gone in enumerate(lost)]
    return indicator_tables(indicators(Results.from_documents(documents)))


def texts(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_the_summary_names_the_best_score_and_details_have_all():
    summary, *details = tables_of([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    lifetime = next(row for row in texts(summary) if row[1] == "mean lifetime")
    assert lifetime[0] == "1200 K"
    assert lifetime[2].startswith("force RMSE")
    assert lifetime[3] == "1.00 [1.00, 1.00]"
    assert lifetime[6] == "8"
    assert [table.id for table in details] == ["indicators/1200 K/lifetime", "indicators/1200 K/survivors"]
    assert all(table.detail for table in details)


def test_a_doubtful_best_score_says_so():
    summary, *_ = tables_of([0.0, 0.3, 0.1, 0.2, 0.4])
    assert texts(summary)[0][2].endswith("(not told from chance)")


def test_survival_of_all_is_words_instead_of_a_number():
    (summary,) = tables_of([0.0] * 6)
    assert {tuple(row[2:]) for row in texts(summary)} == {
        ("none: all 6 methods survive to the end", "–", "–", "–", "6")
    }


def test_without_dynamics_there_is_no_table():
    assert indicator_tables(indicators(Results.from_documents([]))) == []
