"""Names of the labels that were read, in the output of commands."""

from __future__ import annotations

import json

import pytest
from example_files import xyz
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.formats.label_names import read_labels
from mlffbench.datasets.path import path


@pytest.fixture
def file(tmp_path):
    return xyz(tmp_path / "a.xyz", "REF_energy=-1 isolated=no", "REF_energy=-2")


def test_the_names_are_one_phrase(file):
    assert read_labels(path(file)) == ", energy from 'REF_energy', forces from 'forces', no stress"


def test_check_and_show_print_them(file):
    call = lambda *words: CliRunner().invoke(app, ["data", *words]).stdout
    assert "energy from 'REF_energy', forces from 'forces', no stress" in " ".join(
        call("check", file).split()
    )
    labels = {"energy": "REF_energy", "forces": "forces", "stress": "none"}
    assert json.loads(call("check", file, "--json"))["labels"] == labels
    assert "energy: REF_energy" in call("show", file, "--no-html")
