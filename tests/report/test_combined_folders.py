"""Several results folders in one report."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_documents import TESTS, failed, measured, outcome, predictions

from mlffbench.harness.documents.merge import merge_folders
from mlffbench.harness.documents.store import Store
from mlffbench.report.combined_folders import combine_folders, folder_names
from mlffbench.report.formats.write import write
from mlffbench.report.results import Results


def store(folder, *documents, arrays=None):
    made = Store(folder)
    for document in documents:
        made.save(document, arrays)
    return made


def labels(stores):
    return {
        method.label: list(method.seeds)
        for _, method in Results.from_documents(combine_folders(stores).documents).methods()
    }


def dated(document, day):
    return {**document, "provenance": {**document["provenance"], "date": f"2027-01-{day}T00:00:00+00:00"}}


def test_one_folder_stays_as_it_is(tmp_path):
    one = store(tmp_path / "a", outcome("mace"), outcome("soap"))
    assert combine_folders([one, Store(tmp_path / "a")]).documents == one.documents()


def test_a_fit_in_two_folders_counts_once(tmp_path):
    stores = [
        store(tmp_path / "a", outcome("mace"), outcome("soap")),
        store(tmp_path / "b", outcome("mace"), outcome("mace", seed=1)),
    ]
    assert labels(stores) == {"mace": [0, 1], "soap": [0]}


def test_a_case_fitted_in_two_folders_is_a_row_a_folder(tmp_path):
    stores = [
        store(tmp_path / "laptop", outcome("mace"), outcome("mace", seed=1), outcome("soap")),
        store(tmp_path / "cluster", dated(outcome("mace", 0.03), 10), outcome("morse")),
    ]
    assert labels(stores) == {"mace [laptop]": [0, 1], "mace [cluster]": [0], "soap": [0], "morse": [0]}


def test_rows_that_differ_in_parameters_need_no_folder(tmp_path):
    other = {**outcome("mace", params={"r_max": 6.0}), "id": "mace-other"}
    stores = [store(tmp_path / "a", outcome("mace")), store(tmp_path / "b", other)]
    assert labels(stores) == {"mace (r_max by default)": [0], "mace (r_max=6.0)": [0]}


def test_the_copy_with_the_added_tasks_counts(tmp_path):
    extended = {**measured("soft", 140.0), "extensions": [{"date": "2027", "tasks": ["properties"]}]}
    plain = {**extended, "extensions": [], "scores": extended["scores"][:1]}
    for folder, documents in {"1": (plain, extended), "2": (extended, plain)}.items():
        stores = [store(tmp_path / folder / name, d) for name, d in zip("ab", documents, strict=True)]
        (document,) = combine_folders(stores).documents
        assert len(document["scores"]) == 3


def test_a_case_that_was_lost_in_one_folder_is_that_of_the_other(tmp_path):
    lost = failed("mace", kind="worker lost")
    both = [store(tmp_path / "a", lost), store(tmp_path / "b", outcome("mace"))]
    for stores in (both, both[::-1]):
        (document,) = combine_folders(stores).documents
        assert document["status"] == "ok"
    (document,) = combine_folders([both[0], store(tmp_path / "c", lost)]).documents
    assert document["status"] == "failed"


def test_a_failure_beside_a_success_is_shown(tmp_path):
    stores = [store(tmp_path / "a", failed("mace")), store(tmp_path / "b", outcome("mace"))]
    assert labels(stores) == {"mace [a]": [0], "mace [b]": [0]}


def test_predictions_are_those_of_the_own_folder_or_of_a_copy(tmp_path):
    arrays, split = predictions("mace"), {"digest": "s0", "tests": dict.fromkeys(TESTS, 2)}
    stores = [
        store(tmp_path / "a", outcome("mace", split=split), arrays=arrays),
        store(tmp_path / "b", dated(outcome("mace", 0.03), 10)),
    ]
    stores.append(store(tmp_path / "c", stores[0].load("mace-0")))
    combined = combine_folders(stores)
    own, other = combined.documents
    assert set(combined.predictions(own["id"])) == set(arrays)
    assert combined.predictions(other["id"]) is None
    assert combined.predictions("nobody") is None
    without_copy = combine_folders([stores[2], stores[0]])
    (document,) = without_copy.documents
    assert set(without_copy.predictions(document["id"])) == set(arrays)


FILES = ["leaderboard.md", "leaderboard.csv", "across_problems.csv", "scores.csv", "scores.parquet"]


@pytest.mark.parametrize("name", FILES)
def test_two_machines_give_the_tables_of_their_merged_folder(tmp_path, name):
    stores = [
        store(tmp_path / "laptop", outcome("mace"), measured("soft", 140.0), failed("gap")),
        store(tmp_path / "cluster", outcome("mace", 0.021, seed=1), outcome("mace"), outcome("soap", 0.03)),
    ]
    merged = Store(tmp_path / "merged")
    assert not merge_folders(stores, merged).conflicts
    files = []
    for places, out in (([merged], "one"), (stores, "two"), (stores[::-1], "three")):
        combined = combine_folders(places)
        results = Results.from_documents(combined.documents)
        files.append(write(results, combined.predictions, tmp_path / out, "suite"))
    one, *others = [next(file for file in own if file.name == name).read_bytes() for own in files]
    assert others == [one, one]


def test_names_of_folders_are_as_long_as_they_must_be():
    paths = [Path(p) for p in ("runs/laptop/copper", "runs/cluster/copper", "runs/cluster/iron")]
    assert list(folder_names(paths[1:]).values()) == ["copper", "iron"]
    assert list(folder_names(paths).values()) == ["laptop/copper", "cluster/copper", "cluster/iron"]
