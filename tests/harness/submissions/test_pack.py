"""Packing gives the same bytes for the same folder, and takes nothing else along."""

from __future__ import annotations

import os
import shutil
import zipfile

import pytest
from example_submission import document_file

from mlffbench.harness.submissions.pack import pack


def test_the_same_folder_gives_the_same_bytes(honest_results, tmp_path):
    copy = shutil.copytree(honest_results, tmp_path / "copy")
    for number, file in enumerate(sorted(copy.rglob("*"))):
        os.utime(file, (number, number))
    (copy / "report.html").write_text("not packed")
    (copy / "models").mkdir()
    (copy / "models" / "a-1.mlff").write_text("not packed")
    first = pack(honest_results, tmp_path / "first.zip")
    second = pack(copy, tmp_path / "second.zip")
    assert first.archive.read_bytes() == second.archive.read_bytes()
    assert (first.cases, first.failed, first.without_predictions, first.has_suite) == (12, 2, [], True)
    with zipfile.ZipFile(first.archive) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "unpacked")
    assert names[0] == "SHA256SUMS"
    assert len(names) == 1 + 12 + 10 + 1  # digests, documents, predictions of finished cases, suite
    lines = (tmp_path / "unpacked" / "SHA256SUMS").read_text().splitlines()
    assert [line.partition("  ")[2] for line in lines] == names[1:]


def test_what_cannot_be_packed_is_named(honest_results, tmp_path):
    with pytest.raises(ValueError, match="holds no results"):
        pack(tmp_path, tmp_path / "a.zip")
    folder = shutil.copytree(honest_results, tmp_path / "small")
    file = document_file(folder, "lennard_jones")
    (folder / "predictions" / f"{file.stem}.npz").unlink()
    assert pack(folder, tmp_path / "a.zip").without_predictions == [file.stem]
    text = file.read_text()
    file.write_text("{")
    with pytest.raises(ValueError, match=f"{file.name} cannot be used"):
        pack(folder, tmp_path / "b.zip")
    real = tmp_path / "real.json"
    real.write_text(text)
    file.unlink()
    file.symlink_to(real)
    with pytest.raises(OSError, match="is a link"):
        pack(folder, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()
