"""Worker processes that raise, exit, are killed or hang."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from example_processes import marked
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.path import path as from_path
from mlffbench.labelling.recipe import read_recipe
from mlffbench.labelling.worker_pool import WorkerPool


def label(recipe: Path, *options: str):
    return CliRunner().invoke(app, ["label", str(recipe), "--out", str(recipe.parent / "work"), *options])


def made(recipe: Path):
    return from_path(str(recipe.parent / "work" / "copper.xyz.gz"), train="train")


@pytest.mark.parametrize(
    ("mood", "limit", "kind"),
    [
        ("raise", 60, "not converged"),
        ("exit", 60, "internal error"),
        ("die", 60, "worker lost"),
        ("die and leave a process", 60, "worker lost"),
        ("hang", 12, "timed out"),
    ],
)
def test_a_label_that_fails_is_recorded_and_skipped(copper_recipe, mood, limit, kind, monkeypatch):
    recipe = copper_recipe(limit, mood=mood)
    monkeypatch.setenv("MARK", str(recipe.parent))
    done = label(recipe)
    assert not marked(recipe.parent)
    assert done.exit_code == 1
    assert kind in " ".join(done.output.split())
    card = json.loads((recipe.parent / "work" / "copper.json").read_text())
    assert card["not_labelled"] == {kind: 1}
    assert len(made(recipe)) == 14
    n = len(list((recipe.parent / "marks").iterdir()))
    label(recipe)
    assert len(list((recipe.parent / "marks").iterdir())) == n, "a failure is tried again without --retry"


def test_a_full_disk_is_no_property_of_a_structure(copper_recipe):
    recipe = copper_recipe(60, mood="full")
    done = label(recipe)
    assert done.exit_code == 2
    assert "No space left on device" in " ".join(done.output.split())
    journal = recipe.parent / "work" / "labels.jsonl"
    assert not journal.exists() or "No space" not in journal.read_text()


def test_what_a_program_writes_into_the_pipe_is_no_label(copper_recipe):
    recipe = copper_recipe(60, mood="write everywhere")
    assert label(recipe, "--limit", "3").exit_code == 1  # as the others are not labelled yet
    entries = [
        json.loads(line) for line in (recipe.parent / "work" / "labels.jsonl").read_text().splitlines()
    ]
    assert len(entries) == 3
    assert all("energy" in json.dumps(entry) for entry in entries)


def test_a_run_that_ends_records_no_failure(copper_recipe):
    recipe = read_recipe(copper_recipe(60, mood="hang"))
    pool, outcomes = WorkerPool(recipe.label_with), []
    request = {"calculator": "slow:Slow", "params": {"marks": "", "delay": 60.0}, "atoms": {"symbols": "Cu2"}}

    def work():
        with pytest.raises(RuntimeError, match="being ended"):
            outcomes.append(pool.label(json.dumps(request)))

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(1.0)
    pool.close()
    thread.join(20)
    assert not thread.is_alive()
    assert outcomes == []
