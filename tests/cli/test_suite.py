"""What a user types and reads."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from example_cases import InProcess
from example_documents import outcome
from example_mutations import damaged, mutated
from example_pages import packs
from typer.testing import CliRunner

from mlffbench import __version__, registry
from mlffbench.cli import app
from mlffbench.harness.documents.store import Store

SUITE = """\
name: demo
problems:
  - dataset: {lennard_jones: {n_train: 6, n_test: 3}}
estimators:
  - atomic_reference
  - morse: {cutoff: 8.0}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    (folder / "suite.yaml").write_text(SUITE)
    result = call("run", folder / "suite.yaml", "--out", folder / "out")
    assert result.exit_code == 0, result.output
    return folder, result.output


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(w) for w in words])


def test_run_prints_a_table_and_writes_the_report(finished):
    folder, output = finished
    assert "2 cases, 2 to run" in output
    assert "morse" in output
    names = {p.name for p in (folder / "out").iterdir()}
    assert {"leaderboard.md", "leaderboard.csv", "scores.csv", "report.html", "predictions"} <= names
    assert all(len(line) <= 80 for line in output.splitlines() if "/" not in line), output


def test_a_run_reports_the_whole_folder_and_best_is_the_best_of_its_verdict(tmp_path, monkeypatch):
    """A second suite in the same folder has a worse row of the same method: neither is hidden."""
    monkeypatch.setattr("mlffbench.harness.execution.case_queue.CaseProcess", InProcess)
    for cutoff in (8.0, 2.0):
        (tmp_path / "suite.yaml").write_text(SUITE.replace("8.0", str(cutoff)))
        result = call("run", tmp_path / "suite.yaml", "--out", tmp_path / "out")
        assert result.exit_code == 0, result.output
    assert "Best here: morse (cutoff=8.0)" in " ".join(result.output.split())
    assert "morse (cutoff=2.0)" in result.output
    best = call("model", tmp_path / "out", "best", "--json")
    assert json.loads(best.stdout)["settings"]["cutoff"] == 8.0


def test_dry_run_computes_nothing(tmp_path):
    (tmp_path / "suite.yaml").write_text(SUITE)
    result = call("run", tmp_path / "suite.yaml", "--out", tmp_path / "out", "--dry-run")
    assert result.exit_code == 0
    assert "2 cases, 2 to run" in result.output
    assert not (tmp_path / "out").exists()


def test_dry_run_knows_what_is_finished(finished):
    folder, _ = finished
    result = call("run", folder / "suite.yaml", "--out", folder / "out", "--dry-run")
    assert "2 cases, 0 to run" in result.output


def test_report_again(finished):
    folder, _ = finished
    result = call("report", folder / "out")
    assert result.exit_code == 0
    assert "report.html" in result.output


def test_score_adds_a_metric_without_a_fit(finished):
    folder, _ = finished
    result = call("score", folder / "out", "--metric", "max_error")
    assert result.exit_code == 0, result.output
    assert "errors and intervals of 2 cases of" in " ".join(result.output.split())
    documents = Store(folder / "out").documents()
    assert all("max_error" in {s["metric"] for s in d["scores"]} for d in documents)
    wrong = call("score", folder / "out", "--metric", "max_eror")
    assert wrong.exit_code == 2
    assert "did you mean 'max_error'" in wrong.output


@pytest.mark.parametrize("kind", registry.KINDS)
def test_list(kind):
    result = call("list", kind)
    assert result.exit_code == 0, result.output
    assert all(name in result.output for name in registry.names(kind))


def test_a_kind_without_files_is_an_empty_list(monkeypatch):
    monkeypatch.setattr(registry, "names", lambda kind: [])
    result = call("list", "samplers")
    assert (result.exit_code, result.output) == (0, "")


def test_a_typo_in_a_suite_is_one_sentence(tmp_path):
    (tmp_path / "suite.yaml").write_text(SUITE.replace("morse", "mors"))
    result = call("run", tmp_path / "suite.yaml")
    assert result.exit_code == 2
    assert "suite.yaml:6" in result.output
    assert "did you mean 'morse'" in result.output
    assert "Traceback" not in result.output


def test_data_that_are_not_there_are_one_sentence(tmp_path):
    text = SUITE.replace("{lennard_jones: {n_train: 6, n_test: 3}}", "{path: no.xyz}")
    (tmp_path / "suite.yaml").write_text(text)
    result = call("run", tmp_path / "suite.yaml")
    assert result.exit_code == 2
    assert "no.xyz" in result.output
    assert "Traceback" not in result.output


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    def full(self, document, predictions=None, model=None, held=None):
        raise OSError(28, "No space left on device")

    (tmp_path / "suite.yaml").write_text(SUITE)
    monkeypatch.setattr(Store, "save", full)
    result = call("run", tmp_path / "suite.yaml", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "No space left on device" in result.output


def test_a_folder_without_results_is_one_sentence(tmp_path):
    result = call("report", tmp_path)
    assert result.exit_code == 2
    assert "holds no results" in result.output


def test_several_folders_make_one_report(tmp_path):
    for name, documents in {"a": (outcome("mace"),), "b": (outcome("mace", seed=1), outcome("soap"))}.items():
        for document in documents:
            Store(tmp_path / name).save(document)
    refused = call("report", tmp_path / "a", tmp_path / "b")
    assert (refused.exit_code, "--out FOLDER names where" in refused.output) == (2, True)
    for words in ([tmp_path / "a", tmp_path / "b"], [tmp_path]):
        done = call("report", *words, "--out", tmp_path / "out", "--json")
        assert done.exit_code == 0, done.output
        board = json.loads(done.stdout)["leaderboard"]
        assert {row["method"]: row["seeds"] for row in board} == {"mace": 2, "soap": 1}
        assert (tmp_path / "out" / "report.html").is_file()
        (tmp_path / "out" / "leaderboard.md").unlink()
    missing = call("report", tmp_path / "a", tmp_path / "bb", "--out", tmp_path / "out")
    assert (missing.exit_code, "no results folder" in missing.output) == (2, True)


def test_rows_are_ordered_as_asked(tmp_path):
    quick = outcome("quick", 0.03)
    quick["timings"]["fit"]["seconds"] = 1.0
    for document in (outcome("slow", 0.02), quick):
        Store(tmp_path).save(document)
    done = call("report", tmp_path, "--rank-by", "fit-time")
    assert done.exit_code == 0, done.output
    board = (tmp_path / "leaderboard.md").read_text().partition("### Leaderboard")[2]
    assert board.index("| 2 | quick | 1: 1.00 |") < board.index("| 1 | slow | 2: 10.0 |")
    assert '"rank": "fit_time"' in (tmp_path / "report.html").read_text()
    unknown = call("report", tmp_path, "--rank-by", "fit-tme")
    assert unknown.exit_code == 2
    assert "no order 'fit-tme'; there are in-domain-error, worst-group" in " ".join(unknown.output.split())
    assert "did you mean 'fit-time'?" in " ".join(unknown.output.split())


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("cuda:7", "the device 'cuda:7' is not here"),
        ("gpu", "no device 'gpu'; did you mean 'cuda'? here: "),
    ],
)
def test_a_device_that_is_not_there_is_one_sentence(tmp_path, device, sentence):
    (tmp_path / "suite.yaml").write_text(SUITE)
    result = call("run", tmp_path / "suite.yaml", "--device", device)
    assert result.exit_code == 2
    assert sentence in result.output


def test_schema_is_json():
    assert json.loads(call("schema").output)["properties"]["problems"]


def test_version():
    assert call("--version").output.strip() == f"mlffbench {__version__}"


def own_data(folder, sign=1.0):
    """Sixty frames of malonaldehyde in a file of the user's, and a suite on it."""
    from ase.io import write

    from mlffbench.datasets.malonaldehyde import malonaldehyde

    data, frames = malonaldehyde(), []
    for i in range(60):
        atoms = data.frames[i].copy()
        atoms.info["energy"], atoms.arrays["forces"] = data.labels.energy[i], sign * data.labels.forces[i]
        frames.append(atoms)
    write(folder / "mine.xyz", frames, format="extxyz")
    (folder / "suite.yaml").write_text(
        "name: mine\nproblems:\n"
        f"  - dataset: {{path: {folder / 'mine.xyz'}}}\n    split: {{random: {{train: 0.5}}}}\n"
        "estimators: [atomic_reference]\n"
    )
    return folder / "suite.yaml"


def test_a_run_takes_sound_data(tmp_path):
    done = CliRunner().invoke(app, ["run", str(own_data(tmp_path)), "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "careful" not in done.output


def test_a_run_refuses_data_with_a_certain_mistake_until_told_otherwise(tmp_path):
    suite = own_data(tmp_path, sign=-1.0)
    done = CliRunner().invoke(app, ["run", str(suite), "--dry-run"])
    assert done.exit_code == 2
    assert "force_sign" in done.output
    suite.write_text(suite.read_text().replace("mine.xyz}", "mine.xyz, allow: [force_sign]}"))
    assert CliRunner().invoke(app, ["run", str(suite), "--dry-run"]).exit_code == 0


def test_the_page_shows_structures_of_own_files_after_a_run_and_when_they_are_named(tmp_path):
    suite, out = own_data(tmp_path), tmp_path / "out"
    frames = lambda: packs((out / "report.html").read_text()).get("frames-0")
    assert call("run", suite, "--out", out).exit_code == 0
    shown = frames()
    assert {len(own["symbols"]) for group in shown.values() for own in group.values()} == {9}
    for given, expected in (((), None), (("--data", tmp_path / "mine.xyz"), shown)):
        assert call("report", out, *given).exit_code == 0
        assert frames() == expected


@pytest.mark.parametrize(
    ("command", "default"),
    [
        (("run",), "results/<name of the suite>"),
        (("data", "split"), "official"),
        (("data", "audit"), "0.003"),
        (("data", "show"), "<name>.html"),
    ],
)
def test_help_shows_what_is_done_without_an_option(command, default, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert f"[default: ({default})]" in " ".join(call(*command, "--help").output.replace("│", " ").split())


# ---------------------------------------------------------------- results folders of strangers
def tree(folder):
    """Content of every file outside the results folder."""
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and "out" not in p.parts}


def test_mutated_documents_and_archives_cost_no_other(finished, tmp_path, monkeypatch):
    """200 documents and 200 archives, most of them damaged, in one folder."""
    source, rng = finished[0] / "out", np.random.default_rng(0)
    (original,) = (json.loads(p.read_text()) for p in source.glob("morse-*.json"))
    archive = next(source.glob("predictions/morse-*.npz")).read_bytes()
    out = tmp_path / "project" / "out"
    shutil.copytree(source, out)
    (tmp_path / "project" / "package.json").write_text('{"mine": true}')
    (tmp_path / "project" / "morse-0.json").write_text('{"mine": true}')
    for i in range(200):
        document = {**original, "id": f"m-{i}", "case": {**original["case"], "label": f"m {i}"}}
        (out / f"m-{i}.json").write_text(json.dumps(mutated(document, rng)))
        (out / "predictions" / f"m-{i}.npz").write_bytes(damaged(archive, rng) if i % 5 else archive)
    before = tree(tmp_path)
    monkeypatch.chdir(tmp_path / "project")
    for words, codes in (
        (("report", "out"), {0}),
        (("score", "out", "--metric", "max_error"), {1, 2}),
        (("run", finished[0] / "suite.yaml", "--out", "out", "--dry-run"), {0}),
    ):
        result = call(*words)
        assert result.exit_code in codes, result.output
        assert isinstance(result.exception, SystemExit | None)
        assert "Traceback" not in result.output
    assert "2 cases, 0 to run" in result.output
    assert "atomic_reference" in (out / "leaderboard.md").read_text()
    assert tree(tmp_path) == before


def test_a_damaged_document_is_named_and_counts_as_not_finished(finished, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(finished[0] / "out", out)
    (path,) = out.glob("morse-*.json")
    path.write_text(path.read_text()[:500])
    assert call("report", out).exit_code == 0
    scored = call("score", out, "--metric", "max_error")
    assert "computed again; max_error added" in " ".join(scored.output.split())
    dry = call("run", finished[0] / "suite.yaml", "--out", out, "--dry-run")
    assert "2 cases, 1 to run" in dry.output
    assert f"set aside: {path}" in dry.output


def test_links_and_folders_give_way_to_documents(finished, tmp_path):
    suite, out = finished[0] / "suite.yaml", tmp_path / "out"
    shutil.copytree(finished[0] / "out", out)
    (one,), (other,) = out.glob("morse-*.json"), out.glob("atomic_reference-*.json")
    one.unlink()
    other.unlink()
    (tmp_path / "mine.json").write_text('{"mine": true}')
    one.symlink_to(tmp_path / "mine.json")
    other.mkdir()
    result = call("run", suite, "--out", out)
    assert result.exit_code == 0, result.output
    assert "set aside" not in call("run", suite, "--out", out, "--dry-run").output
    assert (tmp_path / "mine.json").read_text() == '{"mine": true}'


def test_damaged_predictions_are_named_in_report_and_score(finished, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(finished[0] / "out", out)
    (path,) = out.glob("predictions/morse-*.npz")
    path.write_bytes(path.read_bytes()[:1000])
    for words, code in ((("report", out), 0), (("score", out, "--metric", "max_error"), 1)):
        result = call(*words)
        assert result.exit_code == code, result.output
        assert f"set aside: {path}: it is damaged" in result.output
    assert "errors and intervals of 1 case of" in " ".join(result.output.split())


def test_hostile_labels_stay_text(finished, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (original,) = (json.loads(p.read_text()) for p in (finished[0] / "out").glob("morse-*.json"))
    labels = ["\x1b]0;t\x07[/x]", "=1+1\r\nnext", "\ud83d\x9b31m", "<script>alert(1)</script>", "\u202eabc"]
    for i, label in enumerate(labels):
        document = {**original, "id": f"m-{i}", "case": {**original["case"], "label": label}}
        (out / f"m-{i}.json").write_text(json.dumps({**document, "predictions": None}))
    result = call("report", out)
    assert result.exit_code == 0, result.output
    assert "m-2.json: " in result.output  # half of a character is no JSON
    texts = [result.output, *((out / name).read_text() for name in ("leaderboard.md", "leaderboard.csv"))]
    for text in texts:
        assert not set(text) & set("\x1b\x07\x9b\u202e\r"), text
    assert '"\'=1+1\nnext"' in texts[2]
    assert "<script>alert(1)" not in (out / "report.html").read_text()


def test_a_stray_json_costs_nothing(finished, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(finished[0] / "out", out)
    (out / "package.json").write_text("{}")
    for words in (("run", finished[0] / "suite.yaml", "--out", out), ("report", out)):
        result = call(*words)
        assert (result.exit_code, "package.json: id: Field required" in result.output) == (0, True)


def test_events_are_all_that_a_run_with_json_prints(tmp_path, monkeypatch):
    monkeypatch.setattr("mlffbench.harness.execution.case_queue.CaseProcess", InProcess)
    (tmp_path / "suite.yaml").write_text(SUITE)
    result = call("run", tmp_path / "suite.yaml", "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds == ["planned", "started", "finished", "started", "finished", "done"]
    assert (events[-1]["cases_done"], events[-1]["cases_failed"], events[-1]["ended_by"]) == (2, 0, None)
    assert "Leaderboard" in result.stderr


def test_report_and_score_as_json(finished, tmp_path):
    folder, _ = finished
    answer = json.loads(call("report", folder / "out", "--out", tmp_path, "--json").stdout)
    assert [row["method"] for row in answer["leaderboard"]] == ["morse", "atomic_reference"]
    assert {"forces", "energy_per_atom"} <= {row["quantity"] for row in answer["scores"]}
    assert str(tmp_path / "report.html") in answer["files"]
    scored = json.loads(call("score", folder / "out", "--metric", "rmse", "--json").stdout)
    assert scored["without_predictions"] == []
