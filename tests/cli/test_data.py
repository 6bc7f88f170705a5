"""mlffbench data: what a user types, reads and gets as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import requests
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write
from typer.testing import CliRunner

from mlffbench import registry
from mlffbench.cli import app
from mlffbench.cli.data.arguments import dataset_spec
from mlffbench.data import Finding, Spec

ARGON = ("lennard_jones", "-p", "n_train=8", "-p", "n_test=4")
ENTRY = "{lennard_jones: {n_train: 8, n_test: 4}}"


def call(*words, **environment):
    runner = CliRunner(env={"COLUMNS": "80", **environment})
    return runner.invoke(app, ["data", *(str(w) for w in words)])


def answer(*words, **environment):
    """The JSON that a command prints, and nothing else."""
    result = call(*words, "--json", **environment)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def narrow(text):
    return all(len(line) <= 80 for line in text.splitlines() if "/" not in line)


@pytest.fixture(scope="module")
def argon():
    return registry.load("datasets", "lennard_jones")(n_train=8, n_test=4)


@pytest.fixture
def frames(argon):
    """Frames that carry their labels, as a user's file does."""
    frames = [a.copy() for a in argon.frames]
    for i, atoms in enumerate(frames):
        labels = {"energy": argon.labels.energy[i], "forces": argon.labels.forces[i]}
        atoms.calc = SinglePointCalculator(atoms, **labels)
    return frames


# ---------------------------------------------------------------- what was meant
@pytest.mark.parametrize(
    ("text", "params", "spec"),
    [
        ("acac", [], Spec("acac")),
        ("rmd17", ["molecule=ethanol", "fold=2"], Spec("rmd17", {"molecule": "ethanol", "fold": 2})),
        ("{rmd17: {molecule: ethanol}}", ["fold=3"], Spec("rmd17", {"molecule": "ethanol", "fold": 3})),
        ("{path: a.xyz, energy_key: e}", [], Spec("path", {"path": "a.xyz", "energy_key": "e"})),
        ("data/a.xyz", [], Spec("path", {"path": "data/a.xyz"})),
        ("*.xyz", ["tests={hot: b.xyz}"], Spec("path", {"path": "*.xyz", "tests": {"hot": "b.xyz"}})),
        ("somebody.data:Mine", ["n=1"], Spec("somebody.data:Mine", {"n": 1})),
        ("acca", [], Spec("acca")),
    ],
)
def test_a_dataset_as_typed(text, params, spec):
    assert dataset_spec(text, params) == spec


def test_a_file_without_a_suffix(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").touch()
    (tmp_path / "acac").touch()
    assert dataset_spec("frames") == Spec("path", {"path": "frames"})
    assert dataset_spec("acac") == Spec("acac")
    assert dataset_spec("./acac") == Spec("path", {"path": "./acac"})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "acca"), "did you mean 'acac'"),
        (("show", "rmd17", "-p", "molecul=ethanol"), "did you mean 'molecule'"),
        (("show", "lennard_jones", "-p", "n_train=many"), "n_train must be a whole number"),
        (("show", "lennard_jones", "-p", "n_train"), "not KEY=VALUE"),
        (("show", "path"), "needs path"),
        (("show", *ARGON, "--html", "/proc/none/x.html"), "cannot write /proc/none/x.html"),
        (("check", "no/file.xyz"), "no folder 'no'"),
        (("check", *ARGON, "--skip", "unit"), "no check 'unit'"),
        (("split", *ARGON, "--split", "rando"), "did you mean 'random'"),
        (("split", *ARGON, "--split", "{random: {trian: 1}}"), "did you mean 'train'"),
        (("split", *ARGON, "--split", "{random"), "not YAML"),
        (("split", *ARGON, "--split", "none.json"), "none.json"),
        (("split", *ARGON, "--split", "random", "--apply", "x.json"), "not both"),
        (("split", *ARGON, "--out", "/proc/none/x.json"), "cannot write /proc/none/x.json"),
        (("split", *ARGON, "--out", "mine.xyz"), "--out mine.xyz: the name must end with .json"),
        (("show", *ARGON, "--html", "mine.xyz"), "--html mine.xyz: the name must end with .html"),
        (("audit", *ARGON, "--leak-free", "mine.xyz"), "--leak-free mine.xyz: the name must end with .json"),
        (("split", *ARGON, "--export", "."), "cannot write .: train.xyz exists, and is not replaced"),
        (("audit",), "give a DATASET"),
        (("audit", "--train", "a.xyz"), "go together"),
        (("audit", *ARGON, "--train", "a.xyz", "--test", "b.xyz"), "not both"),
        (("fetch", "acca"), "did you mean 'acac'"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mine.xyz", "train.xyz"):
        (tmp_path / name).write_text("data")
    for json_ in ((), ("--json",)):
        result = call(*words, *json_)
        assert result.exit_code == 2, result.output
        assert sentence in result.stderr
        assert result.stderr.startswith("mlffbench: ")
        assert result.stderr.count("\n") == 1
        shown = sentence.startswith("cannot write")  # all that there is to show is shown first
        assert bool(result.stdout) is shown
    assert {file.read_text() for file in tmp_path.iterdir()} == {"data"}


def test_a_name_that_is_a_bug_shows(monkeypatch):
    monkeypatch.setattr(registry, "build", lambda *_, **__: (_ for _ in ()).throw(ZeroDivisionError))
    assert isinstance(call("show", "acac").exception, ZeroDivisionError)


def test_ctrl_c(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "build", interrupted)
    result = call("show", "acac")
    assert result.exit_code == 130
    assert result.stderr == "mlffbench: interrupted\n"


# ---------------------------------------------------------------- list, fetch
@pytest.fixture
def offline(tmp_path, monkeypatch):
    """No network, an empty cache."""

    def refuse(*_, **__):
        raise requests.ConnectionError("no network in this test")

    monkeypatch.setattr("mlffbench.system.fetch.download", refuse)
    return {"MLFFBENCH_CACHE": str(tmp_path / "cache"), "MLFFBENCH_DATA": None}


def test_list_loads_nothing(offline, monkeypatch):
    rows = {row["name"]: row for row in answer("list", **offline)}
    assert set(rows) == set(registry.names("datasets"))
    assert rows["malonaldehyde"]["n_frames"] == 892
    assert rows["malonaldehyde"]["elements"] == ["H", "C", "O"]
    assert rows["acac"]["n_frames"] == 500 + 500 + 650 + 650 + 15 + 45
    assert rows["acac"]["where"] == "to download, 4.1 MB"
    assert rows["malonaldehyde"]["where"] == "built in"
    text = call("list", **offline).stdout
    assert narrow(text)
    assert all(name in text for name in rows)


def test_list_knows_what_is_here(shared_data):
    rows = {row["name"]: row for row in answer("list", MLFFBENCH_DATA=str(shared_data))}
    assert rows["acac"]["where"] == "here"


def test_fetch_says_where_the_files_are(shared_data):
    files = answer("fetch", "acac", MLFFBENCH_DATA=str(shared_data))["files"]
    listed = json.loads((shared_data / "MANIFEST.json").read_text())["datasets"]["acac"]["files"]
    expected = {f["file"]: f["bytes"] for f in listed if f["frames"]}
    assert {str(Path(f["path"]).relative_to(shared_data)): f["bytes"] for f in files} == expected


def test_fetch_without_a_network_is_one_sentence(offline):
    result = call("fetch", "acac", **offline)
    assert result.exit_code == 2
    assert "cannot fetch 'acac/train_300K.xyz'" in result.stderr
    assert "MLFFBENCH_DATA" in result.stderr
    assert "Traceback" not in result.output


def test_fetch_of_what_is_built_in():
    assert answer("fetch", "malonaldehyde")["files"] == []
    assert "nothing to download" in call("fetch", "malonaldehyde").stdout


# ---------------------------------------------------------------- show, check
def test_show_writes_a_page(tmp_path, monkeypatch, argon):
    monkeypatch.chdir(tmp_path)
    result = call("show", *ARGON)
    assert result.exit_code == 0, result.output
    assert "wrote lennard_jones_8_4.html" in result.stdout
    assert argon.digest in (tmp_path / "lennard_jones_8_4.html").read_text()
    assert narrow(result.stdout)
    facts = answer("show", ENTRY, "--no-html")
    assert facts["html"] is None
    assert facts["digest"] == argon.digest
    assert facts["groups"]["test_hot"]["n_forces"] == 4
    assert [p.name for p in tmp_path.iterdir()] == ["lennard_jones_8_4.html"]


def test_check_finds_nothing_wrong_with_an_analytic_potential():
    result = call("check", *ARGON)
    assert result.exit_code == 0, result.output
    n = len(registry.names("checks"))
    assert f"no mistakes found by {n} checks: cell, contacts" in " ".join(result.stdout.split())
    facts = answer("check", *ARGON, "--skip", "cell")
    assert "cell" not in facts["checks"]
    assert (facts["n_refusals"], facts["n_warnings"], facts["findings"]) == (0, 0, [])


def test_check_refuses_gradients_instead_of_forces(tmp_path):
    dataset = registry.load("datasets", "malonaldehyde")()
    frames = [a.copy() for a in dataset.frames[:100]]
    for i, atoms in enumerate(frames):
        labels = {"energy": dataset.labels.energy[i], "forces": -dataset.labels.forces[i]}
        atoms.calc = SinglePointCalculator(atoms, **labels)
    write(tmp_path / "mine.xyz", frames)
    result = call("check", tmp_path / "mine.xyz")
    assert result.exit_code == 1
    assert "refused\n  force_sign: " in result.stdout


def test_check_reads_labels_under_a_key(tmp_path, frames):
    for atoms in frames:
        atoms.info["pbe"], atoms.calc = atoms.calc.results["energy"], None
    write(tmp_path / "mine.xyz", frames)
    assert call("check", tmp_path / "mine.xyz").exit_code == 2
    assert answer("check", tmp_path / "mine.xyz", "--energy-key", "pbe")["n_frames"] == len(frames)


def test_refusals_come_first_and_are_exit_code_1(monkeypatch):
    found = [Finding("cell", "a cell is flat.", (3,), True), Finding("zeros", "many zeros.")]
    monkeypatch.setattr("mlffbench.datasets.checks.checkup", lambda dataset, skip=(): found)
    result = call("check", *ARGON)
    assert result.exit_code == 1
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines[1:] == ["refused", "  cell: a cell is flat.", "warnings", "  zeros: many zeros."]
    document = json.loads(call("check", *ARGON, "--json").stdout)
    assert (document["n_refusals"], document["n_warnings"]) == (1, 1)
    assert document["findings"][0] == {
        "check": "cell",
        "message": "a cell is flat.",
        "frames": [3],
        "certain": True,
    }


# ---------------------------------------------------------------- split
def test_a_split_is_kept_and_applied(tmp_path, argon):
    words = ("--split", "{random: {train: 0.5}}", "--seed", 3)
    facts = answer("split", *ARGON, *words, "--out", tmp_path / "split.json")
    split = registry.load("splits", "random")(argon, seed=3, train=0.5)
    assert facts["digest"] == split.digest
    assert (facts["n_train"], facts["tests"], facts["n_unused"]) == (10, {"test": 10}, 0)
    assert facts["written"] == [str(tmp_path / "split.json")]
    again = answer("split", *ARGON, "--apply", tmp_path / "split.json")
    assert again["digest"] == split.digest
    assert again["made_by"] == {"split": "random", "params": {"train": 0.5}, "seed": 3}
    assert answer("split", *ARGON, "--split", tmp_path / "split.json")["digest"] == split.digest
    text = call("split", *ARGON, *words).stdout
    assert split.digest in text
    assert "nothing written" in text
    assert narrow(text)


def test_notes_are_printed(monkeypatch):
    facts = answer("split", *ARGON, "--split", "blocks")
    assert "block_length" in facts["notes"]
    assert "block length: " in call("split", *ARGON, "--split", "blocks").stdout


def test_exported_parts_read_back_with_their_labels(tmp_path, argon):
    call("split", *ARGON, "--export", tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        "train.xyz", "test_test.xyz", "test_test_strain.xyz", "test_test_hot.xyz", "isolated_atoms.xyz"
    }  # fmt: skip
    split = registry.load("splits", "official")(argon)
    back = registry.load("datasets", "path")(
        str(tmp_path / "train.xyz"),
        tests={name: str(tmp_path / f"test_{name}.xyz") for name in split.tests},
        isolated_atoms=str(tmp_path / "isolated_atoms.xyz"),
    )
    order = np.concatenate([split.train, *split.tests.values()])
    expected = argon.labels[order]
    np.testing.assert_allclose(back.labels.energy, expected.energy, atol=1e-8)
    np.testing.assert_allclose(np.concatenate(back.labels.forces), np.concatenate(expected.forces), atol=1e-7)
    np.testing.assert_allclose(np.array(back.labels.stress), np.array(expected.stress), atol=1e-7)
    assert (
        back.columns["group"].tolist()
        == ["train"] * 8 + ["test"] * 4 + ["test_strain"] * 4 + ["test_hot"] * 4
    )
    assert back.atomic_energies == {"Ar": 0.0}
    assert read(tmp_path / "train.xyz").info["group"] == "train"


# ---------------------------------------------------------------- audit
@pytest.fixture
def two_files(tmp_path, frames):
    """A test file with two of the training frames, turned and renumbered."""
    train, test = frames[:8], frames[8:14]
    for i, atoms in zip((2, 5), (train[1], train[6]), strict=True):
        twin = atoms.copy()[::-1]
        twin.rotate(50, (1, 2, 3), rotate_cell=True)
        twin.calc = SinglePointCalculator(twin, energy=atoms.calc.results["energy"])
        test[i] = twin
    write(tmp_path / "train.xyz", train)
    write(tmp_path / "test.xyz", test)
    return "--train", tmp_path / "train.xyz", "--test", tmp_path / "test.xyz"


def test_audit_finds_twins_across_files(two_files):
    facts = answer("audit", *two_files)
    assert facts["n_twins"] == 2
    twins = {(p["train"], p["test"] - facts["test_offset"]) for p in facts["pairs"] if p["twin"]}
    assert twins == {(1, 2), (6, 5)}
    result = call("audit", *two_files)
    assert result.exit_code == 0
    assert "leaky: 2 of 6 test frames" in " ".join(result.stdout.split())
    assert narrow(result.stdout)
    assert call("audit", *two_files, "--strict").exit_code == 1


def test_a_leak_free_split_has_no_twins(two_files, tmp_path):
    facts = answer("audit", *two_files, "--leak-free", tmp_path / "clean.json")
    assert facts["leak_free"]["tests"] == {"test": 4}
    files = f"{{path: {two_files[1]}, tests: {{test: {two_files[3]}}}}}"
    assert answer("audit", files)["n_twins"] == 2
    assert answer("audit", files, "--split", tmp_path / "clean.json", "--strict")["n_twins"] == 0


def test_audit_of_independent_frames():
    result = call("audit", *ARGON, "--strict")
    assert result.exit_code == 0
    assert "no copies" in result.stdout
