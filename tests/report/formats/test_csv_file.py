"""leaderboard.csv."""

from __future__ import annotations

import io

import pandas as pd
from example_documents import outcome, predictions, score, without

from mlffbench.report.formats.csv_file import render, wide_frame
from mlffbench.report.formats.write import write
from mlffbench.report.results import Results


def test_csv_holds_every_metric_with_its_unit(documents, tmp_path):
    documents[0]["scores"].append(score("test_300K", 0.03, metric="mae"))
    _, path, *_ = write(Results.from_documents(documents), predictions, tmp_path, "suite")
    frame = pd.read_csv(path)
    assert frame["force MAE (meV/Å)"].dropna().tolist() == [30.0]
    assert {"force RMSE (meV/Å) low", "energy ratio", "fit time (s)", "failure kind"} <= set(frame.columns)
    assert set(frame["method"]) == {"best", "close", "worse", "gap"}
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_failed_method_is_one_row_without_numbers(documents):
    frame = wide_frame(Results.from_documents(documents))
    gap = frame[frame["method"] == "gap"]
    assert len(gap) == 1
    assert gap["fit time (s)"].isna().all()
    assert gap["force RMSE (meV/Å)"].isna().all()


def test_the_rows_of_a_group_that_failed_say_why(documents):
    whole = wide_frame(Results.from_documents(documents))
    without(documents, "best", "test_1200K")
    frame = wide_frame(Results.from_documents(documents))
    failed = (frame["method"] == "best") & (frame["test"] == "test_1200K")
    assert frame["failure message"][failed].tolist() == ["Pt was not in training"]
    assert frame["force RMSE (meV/Å)"][failed].isna().all()
    ranks = ["rank", "best rank", "worst rank"]
    assert frame[ranks][frame["method"] == "best"].isna().all(axis=None), "it has no rank among the others"
    kept = [f[f["method"] != "best"].drop(columns=ranks).to_csv(index=False) for f in (frame, whole)]
    assert kept[0] == kept[1]


def test_no_text_is_a_formula_and_numbers_stay_numbers():
    names = ["=1+1", "+D3", "-stress", "@home", "a=b"]
    text = render(Results.from_documents([outcome(name) for name in names]))
    frame = pd.read_csv(io.StringIO(text))
    assert set(frame["method"]) == {"'=1+1", "'+D3", "'-stress", "'@home", "a=b"}
    assert frame["force RMSE (meV/Å)"].dtype == float


def test_no_label_breaks_a_row():
    text = render(
        Results.from_documents([outcome(name) for name in ("a\rb", "c\r\nd", " =1+1", "\uff1dx", "\n@x")])
    )
    frame = pd.read_csv(io.StringIO(text))
    assert set(frame["method"]) == {"a\nb", "c\nd", "' =1+1", "'\uff1dx", "'\n@x"}
    assert "\r" not in text
