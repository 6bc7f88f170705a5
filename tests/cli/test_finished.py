"""A finished suite whose data, isolated atoms, references, files, metrics, tasks or names changed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from example_cases import InProcess
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.harness.documents.store import Store
from mlffbench.report.formats import markdown
from mlffbench.report.results import Results


def call(*words):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(w) for w in words])


def labelled(atoms):
    atoms.calc = EMT()
    energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
    return atoms


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Twenty-four ethanes of two trajectories, their isolated atoms, a reference, and a suite on them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlffbench.harness.execution.case_queue.CaseProcess", InProcess)
    write_data(lambda i: i // 12)
    write_atoms(-1.0)
    write("ref.xyz", labelled(molecule("C2H6")))
    return tmp_path


def write_data(traj, **info):
    frames = []
    for i in range(24):
        atoms = molecule("C2H6")
        atoms.rattle(0.05, seed=i)
        labelled(atoms).info = {"traj": traj(i), **{k: of(i) for k, of in info.items()}}
        frames.append(atoms)
    write("train.xyz", frames)


def write_atoms(energy):
    atoms = [Atoms(symbol) for symbol in ("C", "H")]
    for a in atoms:
        a.calc = SinglePointCalculator(a, energy=energy)
    write("atoms.xyz", atoms)


def suite(split="{groups: {column: traj, leave: 1, test_fraction: 0}}", more="", data="", row=""):
    text = (
        f"name: s\nproblems:\n  - dataset: {{path: train.xyz, isolated_atoms: atoms.xyz{data}}}\n"
        f"    split: {split}\nestimators:\n  - atomic_reference:\n{row}{more}"
    )
    with open("s.yaml", "w") as file:
        file.write(text)
    return "s.yaml"


def run(*words):
    result = call("run", "s.yaml", "--out", "out", *words)
    assert result.exit_code == 0, result.output
    return result.output


def test_nothing_changed_is_nothing_to_run(project):
    suite(more="tasks: [{speed: {copies: [1]}}]\n")
    run()
    assert "1 cases, 0 to run" in run()
    assert "careful" not in run("--dry-run")


def test_a_column_that_the_split_uses_changed(project):
    suite()
    run()
    before = Store("out").documents()[0]["split"]["digest"]
    write_data(lambda i: i % 2)
    output = run()
    assert "1 to run" in output
    assert "column 'traj'" in output
    assert Store("out").documents()[0]["split"]["digest"] != before
    assert "1 cases, 0 to run" in run()


def test_a_column_that_nothing_uses_changed(project):
    suite()
    run()
    write_data(lambda i: i // 12, note=lambda i: f"seen {i}")
    assert "1 cases, 0 to run" in run()


def test_a_column_that_was_absent_appears(project):
    suite(split="{blocks: {}}")
    run()
    write_data(lambda i: i // 12, trajectory=lambda i: i % 2)
    assert "column 'trajectory'" in run("--dry-run")


def test_isolated_atoms_changed(project):
    suite()
    run()
    write_atoms(-2.0)
    output = run()
    assert "1 to run" in output
    assert "isolated-atom energies" in output


@pytest.mark.parametrize("tasks", [True, False])
def test_a_reference_decides_tasks_only(project, tasks):
    suite(data=", structures: ref.xyz", more="tasks: [{speed: {copies: [1]}}]\n" if tasks else "")
    run()
    moved = molecule("C2H6")
    moved.positions[0, 0] += 0.02
    write("ref.xyz", labelled(moved))
    assert ("reference structures" in run("--dry-run")) is tasks


def test_a_document_without_digests_is_compared_by_its_split(project):
    suite()
    run()
    store = Store("out")
    document = store.documents()[0]
    del document["inputs"]
    store.save(document)
    assert "1 cases, 0 to run" in run("--dry-run")
    write_data(lambda i: i % 2)
    assert "1 cases, 1 to run" in run("--dry-run")


STEADY = "  - 'helpers:Steady': {log: fits}\n    as: steady\n"
ADDED = "tasks: [{speed: {copies: [1]}}]\nmetrics: [rmse, max_error]\n"


@pytest.fixture
def steady(project, monkeypatch):
    """The project, and an estimator that writes down its fits."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    return lambda: (project / "fits").read_text().count("finished")


def test_a_task_a_metric_and_a_seed_are_added_without_a_fit(project, steady):
    suite(more=STEADY)
    run()
    assert steady() == 1
    suite(more=STEADY + ADDED)
    output = run()
    assert "2 cases, 0 to run, 2 to get further tasks" in output
    assert (
        "speed(copies=[1]): run on 2 kept models; max_error: scored on 2 cases; no fit was repeated" in output
    )
    assert steady() == 1
    for document in Store("out").documents():
        assert {s["metric"] for s in document["scores"] if not s["task"]} == {"rmse", "mae", "max_error"}
        assert any(s["task"] == "speed(copies=[1])" for s in document["scores"])
        assert [task["name"] for task in document["case"]["tasks"]] == ["speed"]
        scored, run_later = document["extensions"]
        assert (scored["tasks"], scored["metrics"]) == ([], ["max_error"])
        assert (run_later["tasks"], run_later["metrics"]) == (["speed(copies=[1])"], [])
    assert "speed" in (project / "out" / "leaderboard.md").read_text()
    assert "2 cases, 0 to run\n" in run("--dry-run")
    suite(more=STEADY + ADDED + "seeds: [0, 1]\n")
    assert "4 cases, 2 to run" in run()
    assert steady() == 2


def test_a_task_that_left_the_suite_stays_in_the_documents(project, steady):
    suite(more=STEADY + ADDED)
    run()
    suite(more=STEADY + "tasks: [{speed: {copies: [1, 2]}}]\n")
    assert "run on 2 kept models" in run()
    for document in Store("out").documents():
        assert {s["task"] for s in document["scores"]} == {
            "",
            "training",
            "speed(copies=[1])",
            "speed(copies=[1, 2])",
        }
    assert steady() == 1


@pytest.mark.parametrize("how", ["deleted", "damaged", "keep_models: none"])
def test_a_task_without_the_kept_model_is_said_and_refitted_on_request(project, steady, how):
    suite(more=STEADY + ("keep_models: none\n" if "none" in how else ""))
    run()
    for model in (project / "out").glob("models/*"):
        model.unlink() if how == "deleted" else model.write_bytes(b"x")
    suite(more=STEADY + ADDED)
    result = call("run", "s.yaml", "--out", "out")
    assert result.exit_code == 1, "not all that the suite asks for is there"
    assert (
        "speed cannot be run without the kept model of: atomic_reference on train.xyz, seed 0 ("
        in result.output
    )
    assert how in result.output
    assert "--refit fits these 2 cases again" in result.output
    assert "max_error: scored on 2 cases; no fit was repeated" in result.output
    assert steady() == 1
    assert "2 cases, 2 to run" in run("--refit")
    assert steady() == 2
    assert "2 cases, 0 to run\n" in run("--refit", "--dry-run")


def test_a_metric_without_predictions_is_said_and_refitted_on_request(project):
    suite()
    run()
    for file in (project / "out" / "predictions").iterdir():
        file.unlink()
    suite(more="metrics: [rmse, max_error]\n", row="    as: my row\n")
    result = call("run", "s.yaml", "--out", "out")
    assert result.exit_code == 1
    assert "max_error cannot be scored without predictions of: my row on train.xyz, seed 0" in result.output
    assert "--refit fits this case again" in result.output
    assert "my row" in (project / "out" / "leaderboard.md").read_text()
    assert "1 to run" in run("--refit")


def test_a_task_is_not_run_on_a_model_of_other_data(project, steady):
    suite(more=STEADY)
    run()
    suite(more=STEADY + ADDED)
    write_data(lambda i: i % 2)
    assert "2 cases, 2 to run" in run()
    assert steady() == 2


def test_a_failed_task_is_repeated_on_the_kept_model_with_retry(project, steady, monkeypatch):
    suite(more=STEADY + "tasks: ['helpers:needs_a_file']\n")
    run()
    kinds = [f["kind"] for d in Store("out").documents() for f in d["task_failures"]]
    assert kinds == ["unsupported input"] * 2
    assert "0 to run\n" in run("--dry-run")
    (project / "needed").touch()
    assert "needs_a_file: run on 2 kept models" in run("--retry")
    assert [d["task_failures"] for d in Store("out").documents()] == [[], []]
    assert steady() == 1


def test_models_that_a_suite_does_not_keep_are_removed_with_a_sentence(project):
    more = "  - lennard_jones: {max_iterations: 2}\n"
    suite(more=more)
    assert "2 models in out/models, " in run()
    store = Store("out")
    sizes = {p.stem: p.stat().st_size for p in (project / "out" / "models").iterdir()}
    suite(more=more + "keep_models: best\n")
    output = run()
    (kept,) = (project / "out" / "models").iterdir()
    assert kept.stem.startswith("lennard_jones")
    gone = next(id for id in sizes if id != kept.stem)
    assert f"removed 1 model, {sizes[gone] / 1e3:.1f} kB: atomic_reference on train.xyz, seed 0" in output
    assert store.kept_model(kept.stem) is not None
    assert store.missing_model(gone) == "keep_models: best"
    suite(more=more + "keep_models: none\n")
    assert "removed 1 model" in run()
    assert not list((project / "out" / "models").iterdir())
    assert "removed" not in run()


def test_a_failed_rerun_removes_the_model_and_says_so(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project))
    monkeypatch.setenv("MLFFBENCH_TRUST", "model_of_mine")
    (project / "model_of_mine.py").write_text(MODEL.format(body="pass"))
    suite(more="  - 'model_of_mine:Mine'\n")
    try:
        run()
        sys.modules.pop("model_of_mine")
        (project / "model_of_mine.py").write_text(MODEL.format(body="raise ValueError('broken')"))
        output = call("run", "s.yaml", "--out", "out").output
    finally:
        sys.modules.pop("model_of_mine", None)
    assert "removed 1 model" in output
    assert "their cases were run again and have none" in output
    assert "1 model in out/models" in output


def test_a_metric_that_was_added_by_score_is_not_missed(project):
    suite()
    run()
    assert call("score", "out", "--metric", "max_error").exit_code == 0
    suite(more="metrics: [rmse, max_error]\n")
    assert "scored" not in run()


def test_methods_with_other_isolated_atoms_are_doubted(project):
    suite()
    run()
    write_atoms(-2.0)
    with open("s.yaml", "a") as file:
        file.write("  - lennard_jones: {max_iterations: 2}\n")
    old = Store("out").documents()
    run()
    new = [d for d in Store("out").documents() if d["id"] not in {o["id"] for o in old}]
    assert "isolated-atom energies differ" in markdown.render(Results.from_documents([*old, *new]), "s")


def test_a_file_that_an_estimator_names_changed(project):
    from mlffbench.data import Spec
    from mlffbench.harness.case import Case
    from mlffbench.harness.inputs import DataInputs, case_inputs, changed_inputs, named_files

    (project / "model.pt").write_text("first")
    estimator = Spec("mace", {"foundation": {"file": "model.pt"}})
    case = Case("s", "row", Spec("path"), Spec("random"), estimator, 0, "0")
    data = DataInputs({}, None, None)
    document = {
        "status": "ok",
        "case": case.to_json(),
        "inputs": case_inputs(case, data, (), named_files(case)),
    }
    assert changed_inputs(document, case, data, None) == []
    (project / "model.pt").write_text("second")
    assert changed_inputs(document, case, data, None) == ["file 'model.pt'"]
    written = case_inputs(case, data, (), {"model.pt": "as it was before the fit"})
    assert written["files"] == {}, "a file that the case itself writes is no input"


MODEL = """
from mlffbench.estimators.atomic_reference import AtomicReference

class Mine(AtomicReference):
    def _fit(self, frames, labels):
        {body}
        super()._fit(frames, labels)
"""


@pytest.mark.parametrize("first", ["pass", "raise ValueError('not yet')"])
def test_the_code_of_a_finished_or_failed_case_changed(project, monkeypatch, first):
    monkeypatch.syspath_prepend(str(project))
    monkeypatch.setenv("MLFFBENCH_TRUST", "model_of_mine")
    (project / "model_of_mine.py").write_text(MODEL.format(body=first))
    suite()
    with open("s.yaml", "a") as file:
        file.write("  - 'model_of_mine:Mine'\n")
    try:
        call("run", "s.yaml", "--out", "out")
        assert "2 cases, 0 to run" in call("run", "s.yaml", "--out", "out", "--dry-run").output
        (project / "model_of_mine.py").write_text(MODEL.format(body="print('another method')"))
        output = call("run", "s.yaml", "--out", "out", "--dry-run").output
    finally:
        sys.modules.pop("model_of_mine", None)
    assert "source of 'model_of_mine:Mine'" in output
    assert "2 cases, 1 to run" in output


def test_a_failed_case_is_run_again_when_its_isolated_atoms_changed(project, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    suite()
    with open("s.yaml", "a") as file:
        file.write("  - 'helpers:Fails': {how: refuse}\n")
    assert call("run", "s.yaml", "--out", "out").exit_code == 1
    assert "2 cases, 0 to run" in call("run", "s.yaml", "--out", "out", "--dry-run").output
    write_atoms(-2.0)
    output = call("run", "s.yaml", "--out", "out", "--dry-run").output
    assert "2 cases, 2 to run" in output
    assert "isolated-atom energies" in output


def test_numbers_of_a_reference_are_part_of_its_digest():
    from dataclasses import replace

    from mlffbench.data import Dataset, Labels, Reference
    from mlffbench.harness.inputs import DataInputs

    copper = bulk("Cu")
    one = Reference({"fcc": copper}, {"fcc": {"C11": 170.0}})
    dataset = Dataset("d", [copper], Labels(np.array([0.0])), reference=one)
    other = replace(dataset, reference=Reference({"fcc": copper}, {"fcc": {"C11": 171.0}}))
    assert DataInputs.of(dataset) == DataInputs.of(replace(dataset, reference=one))
    assert DataInputs.of(dataset) != DataInputs.of(other)
