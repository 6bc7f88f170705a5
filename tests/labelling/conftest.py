"""A recipe of copper whose calculator is slow, counts its labels and fails on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
        if len(atoms) == 1 and self.mood == "die and leave a process":
            import subprocess
            subprocess.Popen(["sleep", "60"], start_new_session=True)
            os.kill(os.getpid(), signal.SIGKILL)
        if len(atoms) == 1 and self.mood == "full":
            raise OSError(28, "No space left on device", "/scratch/wavefunction")
        if self.mood == "write everywhere":
            for fd in range(3, 10):
                try:
                    os.write(fd, b"SCF cycle 1\\n{}\\n[")
                except OSError:
                    continue
        if len(atoms) == 1 and self.mood == "hang":
            time.sleep(90)
        super().calculate(atoms, properties, system_changes)
        open(os.path.join(self.marks, f"{time.time_ns()}-{os.getpid()}"), "w").close()
'''


@pytest.fixture
def copper_recipe(tmp_path, monkeypatch):
    """Function that writes the recipe with a time limit and parameters of the user's calculator `Slow`."""
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
