"""Labelling jobs: killed, limited, repeated, and none labelled twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.path import path as from_path
from mlffbench.labelling.jobs import label_jobs, labelling_jobs, unlabelled
from mlffbench.labelling.journal import Journal
from mlffbench.labelling.recipe import read_recipe
from mlffbench.labelling.sampling import sample
from mlffbench.system import lease
from mlffbench.system.lease import Leases
from mlffbench.system.process_identity import ProcessIdentity


def label(recipe: Path, *options: str):
    return CliRunner().invoke(app, ["label", str(recipe), "--out", str(recipe.parent / "work"), *options])


def test_a_second_run_labels_nothing_and_writes_the_same_file(copper_recipe):
    recipe = copper_recipe()
    label(recipe)
    marks, blob = (recipe.parent / "marks"), (recipe.parent / "work" / "copper.xyz.gz").read_bytes()
    n = len(list(marks.iterdir()))
    assert n == 15
    assert label(recipe).exit_code == 0
    assert len(list(marks.iterdir())) == n
    assert (recipe.parent / "work" / "copper.xyz.gz").read_bytes() == blob


def test_kill_9_loses_no_label_repeats_none_and_leaves_no_orphan(copper_recipe):
    recipe = copper_recipe(delay=0.3)
    journal = recipe.parent / "work" / "labels.jsonl"
    command = [sys.executable, "-m", "mlffbench", "label", str(recipe), "--out", str(journal.parent)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not journal.exists() or len(journal.read_text().splitlines()) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = journal.read_bytes()
    kept = before[: before.rfind(b"\n") + 1]
    time.sleep(1.0)
    n_marks = len(list((recipe.parent / "marks").iterdir()))
    time.sleep(1.0)
    assert len(list((recipe.parent / "marks").iterdir())) == n_marks, "a worker outlived its parent"
    assert label(recipe).exit_code == 0
    assert journal.read_bytes().startswith(kept)
    keys = [json.loads(line)["key"] for line in journal.read_text().splitlines()]
    assert len(keys) == len(set(keys)) == 15


def test_retry_tries_failures_again(copper_recipe):
    recipe = copper_recipe(mood="raise")
    label(recipe)
    journal = recipe.parent / "work" / "labels.jsonl"
    assert label(recipe, "--retry").exit_code == 1
    assert len(journal.read_text().splitlines()) == 16


def made(recipe: Path):
    return from_path(str(recipe.parent / "work" / "copper.xyz.gz"), train="train")


def test_a_limit_takes_from_every_group(copper_recipe):
    recipe = copper_recipe()
    assert label(recipe, "--limit", "5").exit_code == 1
    assert set(made(recipe).columns["group"]) == {"train", "test"}
    assert len(Journal(recipe.parent / "work" / "labels.jsonl").entries) == 5


# ---------------------------------------------------------------- several runs in one folder
ELSEWHERE = replace(ProcessIdentity.own(), machine="another machine")


class QuickPool:
    """Stand-in of labelling processes, which take seconds to start; requests are kept."""

    requests: list

    def __init__(self, settings):
        self.settings = settings

    def label(self, request):
        self.requests.append(request)
        time.sleep(0.02)
        n_atoms = len(json.loads(request)["atoms"]["numbers"])
        return {"energy": -1.0, "forces": [[0.0, 0.0, 0.0]] * n_atoms, "stress": None, "seconds": 0.02}

    def close(self):
        """Nothing is open."""


def quick(monkeypatch, recipe_file):
    """The recipe, its jobs and their work folder, the requests that will be made."""
    monkeypatch.setattr(QuickPool, "requests", [], raising=False)
    monkeypatch.setattr("mlffbench.labelling.jobs.WorkerPool", QuickPool)
    recipe, folder = read_recipe(recipe_file), recipe_file.parent / "work"
    samples = sample(recipe, recipe_file.parent, folder, Leases(folder / "leases"), lambda *_: None)
    return recipe, labelling_jobs(recipe, samples), folder


def test_runs_on_two_machines_share_the_labels(copper_recipe, monkeypatch):
    recipe, jobs, folder = quick(monkeypatch, copper_recipe())
    told = []

    def run(owner):
        with Leases(folder / "leases", owner) as leases:
            label_jobs(recipe, jobs, Journal(folder / "labels.jsonl"), leases, lambda *_: told.append(owner))

    runs = [threading.Thread(target=run, args=(owner,)) for owner in (None, ELSEWHERE, None)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join(60)
    assert len(QuickPool.requests) == len(set(QuickPool.requests)) == 15
    assert len(told) == 3 * 15, "every run hears of every label"
    lines = [line for file in folder.glob("labels*.jsonl") for line in file.read_text().splitlines()]
    assert len({json.loads(line)["key"] for line in lines}) == len(lines) == 15
    assert not unlabelled(jobs, Journal(folder / "labels.jsonl"))
    assert not (folder / "leases").exists()


def test_a_label_of_a_run_that_died_elsewhere_is_computed_after_a_while(copper_recipe, monkeypatch):
    recipe, jobs, folder = quick(monkeypatch, copper_recipe())
    monkeypatch.setattr(lease, "LEASE", 1.5)
    with Leases(folder / "leases", ELSEWHERE).claim(jobs[3].key) as left:
        left.is_lost = True  # it never releases it
    waited = []
    with Leases(folder / "leases") as leases:
        label_jobs(recipe, jobs, Journal(folder / "labels.jsonl"), leases, lambda *_: None, waited.append)
    assert set(waited) == {1}
    assert not unlabelled(jobs, Journal(folder / "labels.jsonl"))
    assert len(QuickPool.requests) == 15


def test_a_label_that_another_run_has_taken_over_is_not_entered(copper_recipe, monkeypatch):
    recipe, jobs, folder = quick(monkeypatch, copper_recipe())
    journal, other = folder / "labels.jsonl", folder / "labels.2.jsonl"
    taken = jobs[3]

    def label_and_lose(self, request):
        answer = QuickPool.label(self, request)
        if request == taken.request:  # this run was stopped; another one computes the label
            (folder / "leases" / f"{taken.key}.2").write_text("another run\n0\n")
            other.write_text(json.dumps({"key": taken.key, **answer, "energy": -2.0}) + "\n")
        return answer

    monkeypatch.setattr(lease, "LEASE", 1.0)
    monkeypatch.setattr(
        "mlffbench.labelling.jobs.WorkerPool", type("P", (QuickPool,), {"label": label_and_lose})
    )
    with Leases(folder / "leases") as leases:
        label_jobs(recipe, jobs, Journal(journal), leases, lambda *_: None)
    assert taken.key not in journal.read_text()
    assert Journal(journal).label(taken.key)["energy"] == -2.0


def test_a_group_is_sampled_by_one_run(copper_recipe, monkeypatch):
    recipe_file = copper_recipe()
    recipe, folder, waited = read_recipe(recipe_file), recipe_file.parent / "work", []
    monkeypatch.setattr(lease, "POLL", 0.05)
    quick(monkeypatch, recipe_file)
    (file,) = (folder / "samples").glob("train-*")
    content = file.read_bytes()
    file.unlink()
    with Leases(folder / "leases", ELSEWHERE).claim(file.stem):
        arguments = (
            recipe,
            recipe_file.parent,
            folder,
            Leases(folder / "leases"),
            lambda *_: None,
            waited.append,
        )
        run = threading.Thread(target=sample, args=arguments)
        run.start()
        while not waited:
            time.sleep(0.01)
        file.write_bytes(content.replace(b"Cu", b"Ni"))
    run.join(30)
    assert set(waited) == {"train"}
    assert b"Ni" in file.read_bytes()
