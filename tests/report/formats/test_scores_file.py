"""scores.csv and scores.parquet hold the table of scores."""

from __future__ import annotations

import io

import pandas as pd
from example_documents import measured, outcome

from mlffbench.report.dataframes.tidy_scores import tidy_scores
from mlffbench.report.formats.scores_file import write_csv, write_parquet
from mlffbench.report.results import Results


def written(scores, write):
    file = io.BytesIO()
    write(scores, file)
    return io.BytesIO(file.getvalue())


def test_both_files_give_the_table_back():
    scores = tidy_scores(Results.from_documents([measured("soft", 140.123456789), outcome("mace", seed=1)]))
    parquet = pd.read_parquet(written(scores, write_parquet))
    pd.testing.assert_frame_equal(parquet, scores)
    csv = pd.read_csv(written(scores, write_csv), keep_default_na=False, na_values={"value": [""], "n": [""]})
    assert csv.columns.tolist() == scores.columns.tolist()
    assert csv["value"].tolist() == scores["value"].tolist()
    assert csv["task"].tolist() == scores["task"].tolist()


def test_no_text_of_the_csv_is_a_formula():
    bad = outcome('=HYPERLINK("http://x")')
    bad["scores"][0]["test"] = "\t+1\r2"
    scores = tidy_scores(Results.from_documents([bad, outcome("plain")]))
    csv = pd.read_csv(written(scores, write_csv), lineterminator=None)
    assert set(csv["method"]) == {'\'=HYPERLINK("http://x")', "plain"}
    assert "'\t+1\n2" in set(csv["test"])
    assert '=HYPERLINK("http://x")' in set(scores["method"])


def test_a_table_without_rows_is_written():
    empty = tidy_scores(Results.from_documents([]))
    assert pd.read_csv(written(empty, write_csv)).empty
    assert pd.read_parquet(written(empty, write_parquet)).empty
