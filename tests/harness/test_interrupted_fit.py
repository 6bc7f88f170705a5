"""A case whose process is killed while it fits, and the next run's, which goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from example_cases import case

from mlffbench.harness.run import run
from mlffbench.system import checkpoint, state_file

NETWORKS = {"n_networks": 2, "hidden": [4], "max_epochs": 6, "cutoff": 4.0, "dtype": "float64"}
KILLED = """
import os, signal, sys
from pathlib import Path
from example_cases import case
from test_interrupted_fit import wanted
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


def resumed(folder, **more):
    with checkpoint.keep_in(folder):
        outcome, predictions = run(wanted(**more))
    assert outcome.failure is None, outcome.failure
    return outcome, predictions


@pytest.fixture(scope="module")
def whole():
    return resumed(None)


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
    outcome, predictions = resumed(folder)
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
    outcome, _ = resumed(folder)
    assert 2000 < outcome.timings["fit"]["seconds"] < 2100


@pytest.mark.parametrize("change", ["parameter", "damage"])
def test_a_fit_that_changed_begins_anew(folder, change):
    more = {"energy_weight": 29.0} if change == "parameter" else {}
    if change == "damage":
        for file in folder.rglob("*.state"):
            file.write_bytes(file.read_bytes()[:-1])
    outcome, _ = resumed(folder, **more)
    assert outcome.timings["fit"]["resumed"] == 0


def test_a_short_fit_without_tasks_leaves_nothing(tmp_path):
    resumed(tmp_path)
    assert not list(tmp_path.iterdir())
