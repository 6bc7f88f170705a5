"""Warnings of the checks from the planning of a suite to its report."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from ase.io import write
from example_files import h2
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.data import Finding
from mlffbench.datasets.checks.common.kept_warnings import keep_warnings, kept_warnings
from mlffbench.datasets.lennard_jones import lennard_jones

SUITE = """
name: careful
problems: [{dataset: {path: train.xyz}, split: {random: {train: 0.5}}}]
estimators: [atomic_reference]
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_they_belong_to_labels_columns_and_card():
    data = lennard_jones()
    keep_warnings(data, [Finding("zeros", "all are zero")])
    assert kept_warnings(lennard_jones()) == ["(zeros) all are zero"]
    assert kept_warnings(replace(data, card={**data.card, "notes": ["a"]})) == []
    assert kept_warnings(replace(data, columns={**data.columns, "a": np.arange(len(data))})) == []


def test_a_damaged_or_missing_file_is_none(cache):
    data = lennard_jones()
    assert kept_warnings(data) == []
    keep_warnings(data, [])
    (file,) = (cache / "checks").iterdir()
    file.write_text("{")
    assert kept_warnings(data) == []


def test_a_suite_keeps_them_in_its_documents_and_the_report_shows_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frames = [h2(energy=-1.0 - i / 100, forces=np.zeros((2, 3))) for i in range(6)]
    for i, atoms in enumerate(frames):
        atoms.positions[1, 2] += i / 50
        atoms.info["charge"] = i % 2
    write("train.xyz", frames)
    (tmp_path / "suite.yaml").write_text(SUITE)
    assert CliRunner().invoke(app, ["run", "suite.yaml", "--out", "results"]).exit_code == 0
    (document,) = (json.loads(f.read_text()) for f in (tmp_path / "results").glob("*.json"))
    told = "(electronic_state) frames of the same atoms differ in 'charge' (0, 1)"
    assert any(warning.startswith(told) for warning in document["dataset"]["warnings"])
    shown = " ".join(CliRunner().invoke(app, ["report", "results"]).output.split())
    assert "Careful: The data: (electronic_state) frames of the same atoms differ in 'charge'" in shown
