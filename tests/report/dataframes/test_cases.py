"""Cases as a table, and the order of their scores."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pyarrow as pa
import pytest
from example_documents import failed, leaking, measured, outcome, without

from mlffbench.harness.documents.records import Stamp, records
from mlffbench.report.dataframes.cases import cases_frame, fits_of
from mlffbench.report.dataframes.tidy_scores import scores_frame, tidy_scores
from mlffbench.report.results import Results


def table(*documents):
    return records((Stamp(0, 0, 0), document) for document in documents)


def test_a_case_has_the_error_that_ranks_it_or_its_failure():
    energies = outcome("energies")
    energies["scores"] = [score for score in energies["scores"] if score["quantity"] != "forces"]
    cases = cases_frame([table(outcome("mace"), failed("gap"), energies)]).set_index("method")
    mace = cases.loc["mace"]
    assert (mace["status"], mace["error"]) == ("ok", 0.02)
    assert (mace["quantity"], mace["test"]) == ("forces", "test_300K")
    assert (mace["fit_seconds"], mace["problem"][:13], mace["kind"]) == (10.0, "malonaldehyde", "")
    gap = cases.loc["gap"]
    assert (gap["status"], gap["kind"], gap["message"][:6]) == ("failed", "out of memory", "17 GiB")
    assert pd.isna(gap["error"])
    assert (cases.loc["energies", "quantity"], cases.loc["energies", "error"]) == ("energy_per_atom", 0.001)


def test_a_document_that_says_ok_and_names_a_failure_has_failed():
    odd = outcome("odd", failure={"kind": "timed out", "message": "late"})
    assert cases_frame([table(odd)])["status"].tolist() == ["failed"]
    assert fits_of([table(odd)]) == []


@pytest.mark.parametrize("split", [[], [3], [1, 2, 5]])
def test_scores_of_records_are_those_of_the_documents(split):
    older = outcome("mace", 0.5)
    older["provenance"] = {**older["provenance"], "date": "2020-01-01"}
    documents = [
        older, outcome("mace"), outcome("mace", 0.03, seed=1), failed("gap"), measured("soft", 140.0),
        outcome("mace", 0.04, seed=2, params={"cutoff": 5.0}), leaking(outcome("leaky"), test_300K=3),
    ]  # fmt: skip
    without(documents, "leaky", "test_1200K")
    for place, document in enumerate(documents):
        document["id"] = f"case-{place}"
    bounds = [0, *split, len(documents)]
    tables = [table(*documents[a:b]) for a, b in pairwise(bounds)]
    scores = pa.chunked_array([chunk for own in tables for chunk in own["scores"].chunks])
    expected = tidy_scores(Results.from_documents(documents))
    pd.testing.assert_frame_equal(scores_frame(fits_of(tables), scores), expected)
    assert 0.5 not in expected["value"].tolist()


def test_texts_of_a_very_long_table_are_categories(monkeypatch):
    monkeypatch.setattr("mlffbench.report.dataframes.tidy_scores.MANY", 3)
    results = Results.from_documents([outcome("mace"), outcome("soap")])
    long = tidy_scores(results)
    assert isinstance(long["method"].dtype, pd.CategoricalDtype)
    monkeypatch.undo()
    assert long.astype({"method": object})["method"].tolist() == tidy_scores(results)["method"].tolist()


def test_a_seed_too_large_for_a_number_of_the_machine_is_kept():
    huge = outcome("huge")
    huge["case"]["seed"] = 2**64 - 1
    assert cases_frame([table(huge)])["seed"].tolist() == [2**64 - 1]
