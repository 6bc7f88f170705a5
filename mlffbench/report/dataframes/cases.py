"""Cases of results folders, one row each: state, error that ranks, time of the fit, failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import pandas as pd
import pyarrow as pa
from pydantic_core import from_json

from mlffbench.harness.documents.parts import Document
from mlffbench.report.dataframes.tidy_scores import Fit
from mlffbench.report.grouping import group_cases, named_documents

__all__ = ["cases_frame", "cases_of", "fits_of"]

GROUPED = ("id", "label", "dataset", "split", "estimator", "budget", "seed", "status", "date")
TEXTS = ("status", "kind", "message", "date", "test", "quantity", "unit", "suite", "id")
NUMBERS = ("error", "low", "high", "fit_seconds")
COLUMNS = [
    "status", "problem", "method", "seed", "quantity", "test", "error", "low", "high", "unit", "fit_seconds",
    "kind", "message", "date", "suite", "id",
]  # fmt: skip


def cases_frame(tables: Sequence[pa.Table]) -> pd.DataFrame:
    """One row a document, older ones of the same seed too.

    `tables` are records (`documents.records`), one table a folder.

    Columns status (ok, failed), problem, method, seed; error, its 95 % interval low and high, and unit: the
    RMSE of the forces (quantity), else of the energy per atom, on the group that ranks (test); fit_seconds;
    kind and message of a failure; date, suite, id.
    """
    named = [
        (problem, label, document)
        for problem, members in named_documents(cases_of(tables)).items()
        for label, document in members
    ]
    listed = pa.concat_tables([table.select([*TEXTS, *NUMBERS]) for table in tables])
    rows = listed.take(pa.array([document["place"] for *_, document in named], pa.int64()))
    columns = {name: rows[name].to_pandas() for name in (*TEXTS, *NUMBERS)}
    columns["problem"], columns["method"] = ([n[k] for n in named] for k in (0, 1))
    columns["seed"] = pd.Series([document["case"]["seed"] for *_, document in named], dtype=object)
    frame = pd.DataFrame(columns, columns=COLUMNS)
    texts = {name: frame[name].astype(object).where(frame[name].notna(), "") for name in TEXTS}
    return frame.assign(**texts)


def fits_of(tables: Sequence[pa.Table]) -> list[Fit]:
    """Finished cases, the newest of each seed, in the order of a table of scores."""
    return [
        Fit(problem.name, method.label, document["case"]["seed"], document["place"])
        for problem in group_cases(cases_of(tables))
        for method in problem.methods
        for document in method.done
    ]


def cases_of(tables: Sequence[pa.Table]) -> Iterator[Document]:
    """The parts of each document by which it is grouped, and its place among the rows of all tables.

    Parameters
    ----------
    tables : sequence of Table
        Records, one table a folder; the documents of each come sorted by file name.
    """
    parse, begin = cache(from_json), 0
    for table in tables:
        columns = [table[name].to_numpy().tolist() for name in GROUPED]
        rows = enumerate(zip(*columns, strict=True), start=begin)
        for place, (_, label, *specs, status, date) in sorted(rows, key=lambda row: f"{row[1][0]}.json"):
            case = {"label": label, **dict(zip(GROUPED[2:7], map(parse, specs), strict=True))}
            yield {"case": case, "status": status, "provenance": {"date": date}, "place": place}
        begin += table.num_rows
