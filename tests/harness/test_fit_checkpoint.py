"""Fits kept between two runs: believed only if they are what this fit would give."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from example_cases import case

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness import fit_checkpoint
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.run import run
from mlffbench.system import checkpoint, fit_name, state_file

ONE_CALL = {"copies": [1], "batches": [1], "repeats": 1}


def computed(folder, **params):
    """Outcome of a case with a task, with checkpoints in a folder."""
    with checkpoint.keep_in(folder):
        outcome, _ = run(case("morse", tasks=[Spec("speed", ONE_CALL)], **params))
    assert outcome.failure is None, outcome.failure
    return outcome


@pytest.fixture(scope="module")
def remarkable(tmp_path_factory):
    """A folder with the checkpoint of a fit that took a remarkable time, which no test may change."""
    folder = tmp_path_factory.mktemp("fit")
    computed(folder, cutoff=6.0)
    (fit,) = checkpoint.read(folder / "fit.json")
    fit["cost"]["seconds"] = 1234.0
    checkpoint.write(folder / "fit.json", fit)
    return folder


@pytest.fixture
def kept(remarkable, tmp_path):
    """A copy of it."""
    shutil.copytree(remarkable, tmp_path, dirs_exist_ok=True)
    return tmp_path


def was_believed(outcome):
    return outcome.timings["fit"]["seconds"] == 1234.0


def test_a_kept_fit_is_used(kept):
    assert was_believed(computed(kept, cutoff=6.0))


DAMAGES = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "a digit": lambda content: content.replace(b"1234", b"1235"),
    "no text": lambda content: b"\xff" + content,
    "plain": lambda content: b'{"seconds": 1.0, "peak_memory_mb": 1.0, "peak_gpu_memory_mb": null}',
    "another kind": lambda content: _signed(["a", 1]),
    "nothing": lambda content: _signed(None),
}


def _signed(value):
    text = json.dumps(value).encode()
    return hashlib.sha256(text).hexdigest().encode() + b"\n" + text


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_means_another_fit(kept, damage):
    file = kept / "fit.json"
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert not was_believed(computed(kept, cutoff=6.0))
    assert checkpoint.read(file) is not None


@pytest.mark.parametrize("damage", ["cut", "empty"])
def test_a_damaged_model_means_another_fit(kept, damage):
    file = kept / "model.mlff"
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert not was_believed(computed(kept, cutoff=6.0))


@pytest.mark.parametrize("name", ["inputs.json", "fit.json", "model.mlff"])
@pytest.mark.parametrize("instead", [None, Path.mkdir])
def test_a_file_that_is_not_there_means_another_fit(kept, name, instead):
    (kept / name).unlink()
    if instead is not None:
        instead(kept / name)
    assert not was_believed(computed(kept, cutoff=6.0))


@pytest.mark.parametrize("stranger", ["atomic_reference", "morse"])
def test_a_model_of_another_class_or_other_parameters_is_not_taken(kept, stranger):
    dataset = load_dataset(case().dataset)
    params = {"cutoff": 7.0} if stranger == "morse" else {}
    other = registry.make(Spec(stranger, params), ("estimators",)).fit(dataset.frames[:6], dataset.labels[:6])
    other.save(kept / "model.mlff")
    (fit,) = checkpoint.read(kept / "fit.json")
    fit["model"] = fit_checkpoint.Checksum("").of(kept / "model.mlff")
    checkpoint.write(kept / "fit.json", fit)
    outcome = computed(kept, cutoff=6.0)
    assert not was_believed(outcome)
    assert outcome.model["params"]["cutoff"] == 6.0


def test_other_versions_and_parameters_empty_the_folder(kept, monkeypatch):
    assert not was_believed(computed(kept, cutoff=6.5))
    assert checkpoint.read(kept / "fit.json")[0]["cost"]["seconds"] != 1234.0
    (kept / "stale").mkdir()
    (kept / "stale" / "piece.json").write_text("1")
    monkeypatch.setattr(fit_name, "versions", lambda names: {"numpy": "99"})
    computed(kept, cutoff=6.5)
    assert not (kept / "stale").exists()


# ---------------------------------------------------------------- fits that are killed
NETWORKS = {"n_networks": 2, "hidden": [4], "max_epochs": 6, "cutoff": 4.0, "dtype": "float64"}
KILLED = """
import os, signal, sys
from pathlib import Path
from example_cases import case
from test_fit_checkpoint import wanted
from mlffbench.harness.run import run
from mlffbench.system import checkpoint, state_file

write, left = state_file.StateFile._write, [int(sys.argv[2])]

def counted(self, path, state):
    write(self, path, state)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

state_file.StateFile._write = counted
state_file.SHARE = 1e9
with checkpoint.keep_in(Path(sys.argv[1])):
    print(run(wanted())[0].failure)
"""


def wanted(**more):
    return case("behler_parrinello", **NETWORKS | more)


def killed(folder, after_states):
    """Run the case in a process that is killed when it has written so many states."""
    places = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path])
    environment = {**os.environ, "PYTHONPATH": places, state_file.PERIOD: "0"}
    words = [sys.executable, "-c", KILLED, str(folder), str(after_states)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def continued(folder, **more):
    with checkpoint.keep_in(folder):
        outcome, predictions = run(wanted(**more))
    assert outcome.failure is None, outcome.failure
    return outcome, predictions


@pytest.fixture(scope="module")
def whole():
    return continued(None)


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """Checkpoints of a fit that was killed in its second network, which no process may change."""
    folder = tmp_path_factory.mktemp("states")
    killed(folder, 9)  # 6 epochs and the end of the first network, 2 epochs of the second
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def folder(states, tmp_path):
    for name, content in states.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_a_killed_fit_goes_on_to_the_same_numbers(whole, folder, states):
    assert len(states) == 2  # one state of each network
    outcome, predictions = continued(folder)
    assert outcome.timings["fit"]["resumed"] == 1
    assert whole[0].timings["fit"]["resumed"] == 0
    assert [row["loss"] for row in outcome.history] == pytest.approx(
        [row["loss"] for row in whole[0].history], rel=1e-10
    )
    for name, values in whole[1].items():
        np.testing.assert_allclose(predictions[name], values, rtol=1e-9, atol=1e-12)


def test_the_seconds_of_the_killed_process_are_part_of_the_fits(folder, monkeypatch):
    read = state_file._read

    def slow(path):
        facts, arrays = read(path)
        return {**facts, "work": {**facts["work"], "seconds": 1000.0}}, arrays

    monkeypatch.setattr(state_file, "_read", slow)
    outcome, _ = continued(folder)
    assert 2000 < outcome.timings["fit"]["seconds"] < 2100


@pytest.mark.parametrize("change", ["parameter", "damage"])
def test_a_fit_that_changed_begins_anew(folder, change):
    more = {"energy_weight": 29.0} if change == "parameter" else {}
    if change == "damage":
        for file in folder.rglob("*.state"):
            file.write_bytes(file.read_bytes()[:-1])
    outcome, _ = continued(folder, **more)
    assert outcome.timings["fit"]["resumed"] == 0


def test_a_short_fit_without_tasks_leaves_nothing(tmp_path):
    continued(tmp_path)
    assert not list(tmp_path.iterdir())
