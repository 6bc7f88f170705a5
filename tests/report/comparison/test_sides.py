"""Sides as a user names them."""

from __future__ import annotations

import pytest
from example_documents import outcome

from mlffbench.harness.documents.store import Store
from mlffbench.report.comparison.pairs import pair_rows
from mlffbench.report.comparison.sides import choose_rows, read_sides


def at(revision, document):
    return {**document, "provenance": {**document["provenance"], "revision": revision}}


@pytest.fixture
def folders(tmp_path):
    old, new = Store(tmp_path / "old"), Store(tmp_path / "new")
    for store, revision in ((old, "abc1234def"), (new, "9999999aaa")):
        for document in (outcome("mace"), outcome("soap_gpr")):
            store.save(at(revision, document))
    new.save(at("9999999aaa", {**outcome("soap_gpr", seed=1), "id": "other"}))
    return old.folder, new.folder


def labels(side):
    return [method.label for _, method in side.rows()]


def test_two_folders(folders):
    a, b = read_sides(*map(str, folders))
    assert labels(a) == labels(b) == ["mace", "soap_gpr"]
    assert [a.name, b.name] == list(map(str, folders))


def test_two_methods_of_a_folder(folders):
    a, b = read_sides("mace", "soap_gpr", folders[:1])
    assert (labels(a), labels(b)) == (["mace"], ["soap_gpr"])


def test_two_revisions_of_several_folders(folders):
    a, b = read_sides("abc1234", "9999999", folders)
    revisions = [{d["provenance"]["revision"] for d in side.results.documents} for side in (a, b)]
    assert revisions == [{"abc1234def"}, {"9999999aaa"}]
    assert [pair.label for pair in pair_rows(a, b).pairs] == ["mace", "soap_gpr"]


@pytest.mark.parametrize(
    ("words", "places", "sentence"),
    [
        (("ol", "new"), 0, r"no results folder .*ol'; did you mean 'old'.*--in FOLDER"),
        (("mce", "soap_gpr"), 1, r"no method and no revision 'mce'; did you mean 'mace'"),
        (("mace", "abcd"), 1, r"no method and no revision 'abcd'"),
        (("HEAD:none", "new"), 0, r"no none in the revision HEAD: "),
    ],
)
def test_a_mistake_is_a_sentence(folders, monkeypatch, words, places, sentence):
    monkeypatch.chdir(folders[0].parent)
    with pytest.raises((LookupError, ValueError, OSError), match=sentence):
        read_sides(*words, folders[:places])


def test_rows_and_problems_are_chosen(folders):
    sides = read_sides(*map(str, folders))
    assert labels(choose_rows(sides, ["soap_gpr"], ["MALON"])[0]) == ["soap_gpr"]
    with pytest.raises(LookupError, match="no method 'soap'; did you mean 'soap_gpr'"):
        choose_rows(sides, ["soap"])
    with pytest.raises(LookupError, match="no problem 'silicon'"):
        choose_rows(sides, [], ["silicon"])
