"""Labelling jobs: killed, limited, repeated, and none labelled twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.path import path as from_path
from mlffbench.labelling.journal import Journal


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
