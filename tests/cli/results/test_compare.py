"""mlffbench compare, as a user types it."""

from __future__ import annotations

import json

import pytest
from example_clusters import clustered
from example_documents import failed, outcome, without
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.harness.documents.store import Store

SUITE = "name: demo\nproblems: [{dataset: malonaldehyde}]\nestimators: [mace, soap_gpr, morse]\n"


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["compare", *map(str, words)])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("compared")
    old, new = Store(place / "old"), Store(place / "new")
    for document in (clustered("mace", 0.10), clustered("soap_gpr", 0.05), outcome("gap")):
        old.save(document)
    for document in (clustered("mace", 0.12, own=0.1), clustered("soap_gpr", 0.04), failed("gap")):
        new.save(document)
    return old.folder, new.folder


def test_two_folders_fit_into_80_columns(folders):
    done = call(*folders)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    mace = next(line for line in lines if line.startswith("mace") and "F test_300K" in line)
    assert "worse +18.7 %" in mace
    assert "~" not in mace
    table = lines[lines.index("") + 1 : next(i for i, line in enumerate(lines) if line.startswith("RMSE"))]
    assert max(map(len, table)) <= 80
    assert any(line.startswith("failed in B: gap") for line in lines)
    assert "errors on test groups: " in done.output


def test_the_probability_of_being_better_and_the_regions_are_said(folders):
    lines = call(*folders).output.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("method"))
    assert lines[head - 1].split() == ["P(B"]
    assert lines[head].split()[-2:] == ["better)", "verdict"]
    soap = next(line for line in lines if line.startswith("soap_gpr") and "F test_300K" in line)
    assert ">0.999" in soap
    legend = " ".join(" ".join(lines).split())
    assert "Differences within ±1 meV/atom and ±5 meV/Å are of no practical importance" in legend
    assert "±2 meV/atom" in " ".join(call(*folders, "--rope-energy", "2").output.split())


def test_numbers_that_b_lost_are_lines_and_fail_the_gate(folders, tmp_path):
    new = clustered("soap_gpr", 0.05)
    without([new], "soap_gpr", "test_300K")
    Store(tmp_path / "lost").save(new)
    words = (folders[0], tmp_path / "lost", "--method", "soap_gpr")
    done = call(*words)
    assert "2 errors on test_300K are lost: unsupported input: Pt was not in training" in done.output
    assert "2 lost" in " ".join(done.output.split())
    assert call(*words, "--fail-if-worse", "50%").exit_code == 1
    swapped = call(words[1], words[0], *words[2:], "--fail-if-worse", "0%")
    assert swapped.exit_code == 0, swapped.output
    assert "2 errors on test_300K are only in B: unsupported input: Pt was not in training" in swapped.output


def test_markdown_has_the_errors_the_regions_and_what_is_worse(folders, tmp_path):
    file = tmp_path / "compared.md"
    done = call(*folders, "--out", file, "--fail-if-worse", "5%")
    assert done.exit_code == 1
    text = file.read_text()
    (row,) = [line for line in text.splitlines() if line.startswith("| soap") and "F test_300K" in line]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[6:] == ["&gt;0.999", "better −20.0 %"]
    assert "±1 meV/atom and ±5 meV/Å" in text
    assert "### Worse" in text
    assert call(*folders, "--out", tmp_path / "compared.txt").exit_code == 2


def test_the_gate_of_a_ci(folders):
    gate = call(*folders, "--fail-if-worse", "5%")
    assert gate.exit_code == 1
    assert "worse: mace on" in gate.output
    assert "worse: gap on" in gate.output
    assert call(*folders, "--fail-if-worse", "50%", "--method", "mace").exit_code == 0
    assert call(*folders, "--fail-if-worse", "0.05", "--method", "soap_gpr").exit_code == 0
    assert call(*folders, "--fail-if-worse", "5%", "--method", "mace").exit_code == 1
    wide = ("--rope-forces", "100")
    assert call(*folders, "--fail-if-worse", "5%", "--method", "mace", *wide).exit_code == 0


def test_numbers_are_json(folders):
    document = json.loads(call(*folders, "--json", "--fail-if-worse", "5%").stdout)
    (row,) = [
        row for row in document["errors"]
        if (row["method"], row["test"], row["quantity"]) == ("soap_gpr", "test_300K", "forces")
    ]  # fmt: skip
    assert row["paired"] is True
    assert row["verdict"] == "better"
    assert row["low"] < row["difference"] < row["high"] < 0
    assert 0.999 < row["p_better"] <= 1
    assert document["equivalent_within"] == {
        "forces": {"half_width": 5.0, "unit": "meV/Å"},
        "energy_per_atom": {"half_width": 1.0, "unit": "meV/atom"},
    }
    assert len(document["worse"]) == 3  # two groups of mace, and gap
    assert list(document["failed_b"].values()) == ["out of memory: 17 GiB were asked for"]


def test_two_methods(folders):
    done = call("mace", "soap_gpr", "--in", folders[0])
    assert done.exit_code == 0, done.output
    assert "mace → soap_gpr" in done.output
    assert "better −50.0 %" in done.output  # 100 and 50 meV/Å of the same errors


def test_a_folder_with_itself_is_equal(folders):
    done = call(folders[0], folders[0], "--fail-if-worse", "0%")
    assert done.exit_code == 0, done.output
    assert "all 15 are equal" in done.output


def test_an_unfinished_run_is_named_and_fails_the_gate(folders, tmp_path):
    store = Store(tmp_path / "part")
    store.save(clustered("mace", 0.10))
    (store.folder / "suite.yaml").write_text(SUITE)
    done = call(folders[0], store.folder)
    assert done.exit_code == 0
    assert "1 of 3 cases have finished" in done.output
    assert "only in A: soap_gpr" in done.output
    assert call(folders[0], store.folder, "--fail-if-worse", "5%").exit_code == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{0}x", "{1}"], "no results folder"),
        (["mace", "soap_gpr"], "methods and revisions need the folder: mlffbench compare mace soap_gpr --in"),
        (["{0}", "{1}", "--method", "mce"], "no method 'mce'; did you mean 'mace'"),
        (["{0}", "{1}", "--fail-if-worse", "5"], "takes a share such as 5% or 0.05, not '5'"),
        (["{0}", "{1}", "--fail-if-worse", "five"], "takes a share such as 5% or 0.05, not 'five'"),
        (["soap", "mace", "--in", "{0}"], "no method and no revision 'soap'; did you mean 'soap_gpr'"),
    ],
)
def test_a_mistake_is_one_sentence(folders, words, sentence):
    refused = call(*(word.format(*folders) for word in words))
    assert refused.exit_code == 2
    assert sentence in " ".join(refused.output.split())
    assert "Traceback" not in refused.output
