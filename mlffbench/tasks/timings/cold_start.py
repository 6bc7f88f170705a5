"""Times from a model file to the first prediction, in this process or in a new one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ase import Atoms
from ase.io import read, write

from mlffbench.forcefield import ForceField
from mlffbench.system.timing import seconds_of

__all__ = ["cold_start"]

PROGRAM = "import sys; from mlffbench.tasks.timings.cold_start import main; main(*sys.argv[1:])"


def cold_start(
    model: ForceField, atoms: Atoms, device: str, fresh_process: bool, seconds: float
) -> dict[str, float]:
    """Save a model, load it, and time its first prediction.

    Parameters
    ----------
    fresh_process : bool
        In a new Python process, whose imports, device context and libraries start from nothing; else in this
        one, where only what the model itself builds at loading and at its first call is cold.
    seconds : float
        After which a new process is ended.

    Returns
    -------
    dict of str to float
        Seconds of ``load``, with the imports of the method's libraries, and ``first_prediction``; of a new
        process also ``start``, until Python, mlffbench and the device are there.

    Raises
    ------
    TypeError
        The model cannot be saved.
    TimeoutError
        The new process took longer than the seconds it had.
    RuntimeError
        The new process failed.
    """
    with TemporaryDirectory() as folder:
        file, frame = Path(folder) / "model.mlff", Path(folder) / "frame.extxyz"
        model.save(file)
        trust = [type(model).__module__]
        if not fresh_process:
            return _times(file, atoms, trust, device)
        write(frame, Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc))
        return _in_new_process([str(file), str(frame), device, *trust], seconds)


def _times(file: Path, atoms: Atoms, trust: Sequence[str], device: str) -> dict[str, float]:
    loaded: list[ForceField] = []
    load = seconds_of(lambda: loaded.append(ForceField.load(file, trust)), device)
    return {"load": load, "first_prediction": seconds_of(lambda: loaded[0].predict([atoms]), device)}


def _in_new_process(arguments: list[str], seconds: float) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", PROGRAM, str(time.time()), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment)
    except subprocess.TimeoutExpired:
        raise TimeoutError(
            f"a new process made no prediction in {seconds:.2g} s; raise max_seconds"
        ) from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"the new process failed: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def main(begun: str, file: str, frame: str, device: str, *trust: str) -> None:
    """Load and predict in a process that was started at this time of the clock; print the times as JSON."""
    atoms = read(frame)
    seconds_of(lambda: None, device)  # a GPU's context
    start = time.time() - float(begun)
    print(json.dumps({"start": start, **_times(Path(file), atoms, trust, device)}))
