"""Documents as a table: the index is a memory of what was read, and never more."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from example_documents import failed, measured, outcome

from mlffbench.harness.documents import document_table as module
from mlffbench.harness.documents import index
from mlffbench.harness.documents.document import read_document
from mlffbench.harness.documents.document_table import document_table
from mlffbench.harness.documents.index import NAME
from mlffbench.harness.documents.store import Store

PAST = 1_700_000_000  # s, when the documents of these tests were written


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of four documents that counts as large."""
    monkeypatch.setattr(module, "LARGE", 2)
    place = tmp_path / "r"
    for document in (outcome("mace"), outcome("mace", 0.03, seed=1), measured("soft", 140.0), failed("gap")):
        write(place, document)
    return place


def write(folder, document):
    Store(folder).save(document)
    os.utime(folder / f"{document['id']}.json", (PAST, PAST))


@pytest.fixture
def reads(monkeypatch):
    """Ids of the documents that were read, in order."""
    ids = []

    def read(path):
        ids.append(path.stem)
        return read_document(path)

    monkeypatch.setattr(module, "read_document", read)
    return ids


def rows(folder, **choice):
    return {row["id"]: row for row in document_table(folder, **choice)[0].to_pylist()}


def test_an_index_of_several_groups_of_rows_is_read(folder, reads, monkeypatch):
    monkeypatch.setattr(index, "GROUP", 2)
    first = rows(folder)
    assert rows(folder) == first
    assert len(reads) == 4, "no document is read again"


def test_a_second_reading_reads_no_document_and_gives_the_same(folder, reads):
    first = rows(folder)
    assert len(reads) == 4
    assert (folder / NAME).is_file()
    assert rows(folder) == first
    assert len(reads) == 4
    assert first["gap-0"]["kind"] == "out of memory"
    assert first["gap-0"]["scores"] == []
    assert (first["mace-0"]["error"], first["mace-0"]["unit"]) == (0.02, "eV/Å")
    assert json.loads(first["mace-0"]["head"])["case"]["label"] == "mace"


def test_only_changed_new_and_removed_documents_make_a_difference(folder, reads):
    rows(folder)
    reads.clear()
    write(folder, outcome("mace", 0.5))
    write(folder, outcome("new"))
    (folder / "soft-0.json").unlink()
    again = rows(folder)
    assert sorted(reads) == ["mace-0", "new-0"]
    assert set(again) == {"mace-0", "mace-1", "new-0", "gap-0"}
    assert again["mace-0"]["error"] == 0.5


def test_another_content_of_the_same_size_and_time_is_seen_by_its_inode(folder):
    rows(folder)
    path = folder / "mace-0.json"
    text = path.read_text().replace('"quickstart"', '"quickstars"')
    other = path.with_suffix(".tmp")
    other.write_text(text)
    os.utime(other, (PAST, PAST))
    other.replace(path)
    assert rows(folder)["mace-0"]["suite"] == "quickstars"


def test_a_file_as_young_as_the_index_is_read_again(folder, reads):
    Store(folder).save(outcome("young"))
    rows(folder)
    reads.clear()
    assert "young-0" in rows(folder)
    assert reads == ["young-0"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_index_is_not_believed(folder, reads, share):
    whole = rows(folder)
    index = folder / NAME
    content = index.read_bytes()
    index.write_bytes(content[: int(share * len(content))])
    reads.clear()
    assert rows(folder) == whole
    assert len(reads) == 4


def test_no_flipped_byte_of_an_index_changes_a_number(folder):
    whole = rows(folder)
    index = folder / NAME
    content = bytearray(index.read_bytes())
    for place in range(4, len(content), max(1, len(content) // 25)):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        index.write_bytes(damaged)
        assert rows(folder) == whole, place


@pytest.mark.parametrize("kind", ["text", "link", "folder"])
def test_something_else_in_the_place_of_the_index_is_not_in_the_way(folder, kind, tmp_path):
    whole = rows(folder)
    index = folder / NAME
    index.rename(tmp_path / "index")
    if kind == "text":
        index.write_text("hello")
    elif kind == "link":
        index.symlink_to(tmp_path / "index")
    else:
        (index / "x").mkdir(parents=True)
    assert rows(folder) == whole
    assert kind != "link" or (tmp_path / "index").exists()


def test_the_index_of_another_folder_is_not_believed(folder, reads, tmp_path):
    whole = rows(folder)
    shutil.copytree(folder, tmp_path / "copy")  # times and sizes are the same
    reads.clear()
    copied = rows(tmp_path / "copy")
    assert len(reads) == 4
    assert copied.keys() == whole.keys()


def test_a_folder_that_cannot_be_written_is_read(folder, reads, monkeypatch):
    def refuse(target):
        raise PermissionError(13, "Permission denied", str(target))

    monkeypatch.setattr("mlffbench.harness.documents.index.atomic_write", refuse)
    assert len(rows(folder)) == 4
    assert not (folder / NAME).exists()


def test_a_small_folder_has_no_index(folder, monkeypatch):
    monkeypatch.setattr(module, "LARGE", 5)
    assert len(rows(folder)) == 4
    assert not (folder / NAME).exists()


def test_damaged_documents_are_set_aside_each_time(folder):
    (folder / "mace-0.json").write_text('{"id": "mace-0"')
    (folder / "lost.json").symlink_to(folder / "nowhere")
    for _ in range(2):
        table, set_aside = document_table(folder)
        assert table.num_rows == 3
        assert {path.name for path in set_aside} == {"mace-0.json", "lost.json"}
    assert "EOF" in set_aside[folder / "mace-0.json"]


def test_some_cases_and_columns_can_be_read(folder):
    rows(folder)
    table, _ = document_table(folder, ids=["mace-0", "soft-0"], columns=["status"])
    assert sorted(table["id"].to_pylist()) == ["mace-0", "soft-0"]
    assert "scores" not in table.column_names


def test_several_processes_read_the_same(folder, monkeypatch):
    alone = rows(folder)
    (folder / NAME).unlink()
    monkeypatch.setattr(module, "CHUNK", 1)
    monkeypatch.setattr(module.joblib, "cpu_count", lambda: 2)
    monkeypatch.setattr(module, "PARALLEL", 2)
    assert rows(folder) == alone
