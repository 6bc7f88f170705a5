"""recipe -> samples -> labels -> dataset, with EMT: killed, failing, impatient, and read back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.emt import EMT
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.path import path as from_path
from mlffbench.labelling.journal import Journal
from mlffbench.labelling.recipe import RecipeError, read_recipe

RECIPE = """
name: copper
structures:
  fcc: {bulk: {name: Cu, crystalstructure: fcc, a: 3.6, cubic: true}}
label_with: {calculator: CALCULATOR, workers: 2, time_limit: LIMIT}
groups:
  train:
    columns: {phase: fcc}
    draws:
      - of: fcc
        by: [{strain: {n_frames: 5, max_strain: 0.03}}, {rattle: {stdev: 0.05, n_frames: 2}}]
  test:
    draws:
      - of: fcc
        calculator: emt
        by: {md: {temperature: 300, n_frames: 4, equilibration: 20, spacing: 10, timestep: 2}}
isolated_atoms:
  Cu: {}
card: {title: Copper, level: EMT, licence: CC0-1.0, train: train}
"""

SLOW = '''
import os, signal, time
from ase.calculators.emt import EMT

class Slow(EMT):
    """EMT that leaves a mark for every label, takes its time, and has its moods."""
    def __init__(self, marks, delay=0.0, mood=""):
        super().__init__()
        self.marks, self.delay, self.mood = marks, delay, mood
    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        time.sleep(self.delay)
        if len(atoms) == 1 and self.mood == "raise":
            from ase.calculators.calculator import SCFError
            raise SCFError("no convergence after 100 cycles")
        if len(atoms) == 1 and self.mood == "exit":
            os._exit(3)
        if len(atoms) == 1 and self.mood == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if len(atoms) == 1 and self.mood == "hang":
            time.sleep(90)
        super().calculate(atoms, properties, system_changes)
        open(os.path.join(self.marks, f"{time.time_ns()}-{os.getpid()}"), "w").close()
'''


@pytest.fixture
def kitchen(tmp_path, monkeypatch):
    """A recipe with a calculator that is nobody's but the user's."""
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "marks").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)

    def write(limit: float = 60.0, **params: object) -> Path:
        calculator = json.dumps({"slow:Slow": {"marks": str(tmp_path / "marks"), **params}})
        text = RECIPE.replace("CALCULATOR", calculator).replace("LIMIT", str(limit))
        (tmp_path / "recipe.yaml").write_text(text)
        return tmp_path / "recipe.yaml"

    return write


def label(recipe: Path, *options: str):
    return CliRunner().invoke(app, ["label", str(recipe), "--out", str(recipe.parent / "work"), *options])


def made(recipe: Path):
    return from_path(str(recipe.parent / "work" / "copper.xyz.gz"), train="train")


def test_the_dataset_has_the_labels_of_the_calculator(kitchen):
    recipe = kitchen()
    done = label(recipe)
    assert done.exit_code == 0, done.output
    data = made(recipe)
    assert {
        g: int(n) for g, n in zip(*np.unique(data.columns["group"], return_counts=True), strict=True)
    } == {
        "train": 10,
        "test": 4,
    }
    for i in (0, 9, 13):
        atoms = data.frames[i].copy()
        atoms.calc = EMT()
        assert data.labels.energy[i] == pytest.approx(atoms.get_potential_energy(), abs=1e-6)
        np.testing.assert_allclose(data.labels.forces[i], atoms.get_forces(), atol=1e-6)
        np.testing.assert_allclose(data.labels.stress[i], atoms.get_stress(), atol=1e-8)
    assert data.columns["phase"][0] == "fcc"
    card = json.loads((recipe.parent / "work" / "copper.json").read_text())
    assert card["groups"] == {"train": 10, "test": 4}
    assert card["isolated_atom_energies_eV"]["Cu"] == pytest.approx(3.51, abs=0.01)
    assert card["not_labelled"] == {}


def test_a_second_run_labels_nothing_and_writes_the_same_file(kitchen):
    recipe = kitchen()
    label(recipe)
    marks, blob = (recipe.parent / "marks"), (recipe.parent / "work" / "copper.xyz.gz").read_bytes()
    n = len(list(marks.iterdir()))
    assert n == 15
    assert label(recipe).exit_code == 0
    assert len(list(marks.iterdir())) == n
    assert (recipe.parent / "work" / "copper.xyz.gz").read_bytes() == blob


def test_kill_9_loses_no_label_repeats_none_and_leaves_no_orphan(kitchen):
    recipe = kitchen(delay=0.3)
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


@pytest.mark.parametrize(
    ("mood", "limit", "kind"),
    [
        ("raise", 60, "not converged"),
        ("exit", 60, "error"),
        ("die", 60, "out of memory"),
        ("hang", 12, "timed out"),
    ],
)
def test_a_label_that_fails_is_recorded_and_skipped(kitchen, mood, limit, kind):
    recipe = kitchen(limit, mood=mood)
    done = label(recipe)
    assert done.exit_code == 1
    assert kind in " ".join(done.output.split())
    card = json.loads((recipe.parent / "work" / "copper.json").read_text())
    assert card["not_labelled"] == {kind: 1}
    assert len(made(recipe)) == 14
    n = len(list((recipe.parent / "marks").iterdir()))
    label(recipe)
    assert len(list((recipe.parent / "marks").iterdir())) == n, "a failure is tried again without --retry"


def test_retry_tries_failures_again(kitchen):
    recipe = kitchen(mood="raise")
    label(recipe)
    journal = recipe.parent / "work" / "labels.jsonl"
    assert label(recipe, "--retry").exit_code == 1
    assert len(journal.read_text().splitlines()) == 16


def test_a_limit_takes_from_every_group(kitchen):
    recipe = kitchen()
    assert label(recipe, "--limit", "5").exit_code == 1
    assert set(made(recipe).columns["group"]) == {"train", "test"}
    assert len(Journal(recipe.parent / "work" / "labels.jsonl").entries) == 5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("of: fcc\n        by: [", "of: hcp\n        by: [", r":10: no structure 'hcp'"),
        ("stdev: 0.05", "sigma: 0.05", r":11: sampler 'rattle' has no parameter 'sigma'"),
        ("by: {md", "by: {mb", r":16: no sampler 'mb'.*did you mean 'md'"),
        ("calculator: emt", "calculator: etm", r":15: no calculator 'etm'.*did you mean 'emt'"),
        ("columns:", "column:", r"unknown key 'column'.*did you mean 'columns'"),
        ("crystalstructure: fcc", "crystalstructure: fccc", r":4: structure 'fcc'"),
        ("name: copper", "nam: copper", r"unknown key 'nam'"),
    ],
)
def test_mistakes_in_a_recipe_name_the_line(kitchen, old, new, message):
    recipe = kitchen()
    recipe.write_text(recipe.read_text().replace(old, new))
    with pytest.raises(RecipeError, match=message):
        read_recipe(recipe)


@pytest.mark.parametrize("name", ["silicon", "malonaldehyde"])
def test_the_recipes_of_the_built_in_data_are_valid(name):
    file = Path(__file__).parents[2] / "benchmarks" / "recipes" / f"{name}.yaml"
    assert read_recipe(file).name == name


def test_a_recipe_that_is_not_there_is_a_sentence():
    done = CliRunner().invoke(app, ["label", "nowhere.yaml"])
    assert done.exit_code == 2
    assert "No such file" in done.output + (done.stderr or "")
    assert os.path.exists("labels") is False


def test_a_fitted_estimator_samples(tmp_path):
    text = """
name: argon
structures: {fcc: {bulk: {name: Ar, crystalstructure: fcc, a: 5.26, cubic: true}}}
sample_with: {fitted: {dataset: {lennard_jones: {n_train: 20, n_test: 2}}, estimator: {morse: {cutoff: 8.5}}}}
label_with: {calculator: lennard_jones}
groups:
  md: {draws: [{of: fcc, by: {md: {temperature: 20, n_frames: 2, spacing: 20, equilibration: 20}}}]}
"""
    (tmp_path / "recipe.yaml").write_text(text)
    done = label(tmp_path / "recipe.yaml")
    assert done.exit_code == 0, done.output
    data = from_path(str(tmp_path / "work" / "argon.xyz.gz"))
    assert len(data) == 2
    assert 0 < np.abs(data.labels.forces[1]).max() < 1.0


def test_a_fitted_estimator_needs_a_group_that_exists():
    from mlffbench.labelling.calculators.fitted import fitted

    with pytest.raises(ValueError, match=r"no group 'trian'.*did you mean 'train'"):
        fitted("lennard_jones", "morse", train="trian")
