"""Shared parts of the side-by-side scripts: a peer's environment, both sides as child processes, claims."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from mlffbench.data import Dataset, Labels
from mlffbench.system.provenance import provenance

__all__ = [
    *("OURS", "Claim", "Unavailable", "acac", "at_least", "at_most"),
    *("errors", "largest_difference", "publish", "python_of", "row", "run", "save"),
]

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "results" / "peers"
OURS = Path(sys.executable)


class Unavailable(RuntimeError):
    """The peer does not install here; the message holds pip's last lines."""


@dataclass(frozen=True)
class Claim:
    """One line of the table: a measured number and the bound that it must keep."""

    what: str
    measured: float
    required: float
    unit: str
    sense: str  # "<=" or ">="

    @property
    def holds(self) -> bool:
        return self.measured <= self.required if self.sense == "<=" else self.measured >= self.required


def at_most(what: str, measured: float, required: float, unit: str) -> Claim:
    return Claim(what, float(measured), required, unit, "<=")


def at_least(what: str, measured: float, required: float, unit: str = "x") -> Claim:
    return Claim(what, float(measured), required, unit, ">=")


def python_of(name: str, *requirements: str) -> Path:
    """Interpreter of a peer's own environment, created once below ``MLFFBENCH_PEERS``.

    Raises
    ------
    Unavailable
        pip could not install the requirements.
    """
    home = Path(os.environ.get("MLFFBENCH_PEERS", Path.home() / ".cache" / "mlffbench" / "peers"))
    folder, installed_list = home / name, home / name / "requirements.txt"
    python = folder / "bin" / "python"
    if not (installed_list.exists() and installed_list.read_text().split("\n") == list(requirements)):
        venv.create(folder, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "-q", *requirements]
        installed = subprocess.run(pip, capture_output=True, text=True)
        if installed.returncode:
            raise Unavailable(f"{name}: " + "\n".join(installed.stderr.strip().splitlines()[-5:]))
        installed_list.write_text("\n".join(requirements))
    return python


def run(python: Path, side: str, order: Mapping[str, Any], threads: int = 2) -> dict[str, Any]:
    """Run ``sides/<side>.py`` and return its answer; its output goes to our standard error.

    The side is called with two paths: the order (JSON) to read, the answer (JSON) to write. Its own clock
    times the comparison; peak memory is that of its process or of the largest child, MiB.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "order.json", Path(folder) / "answer.json"]
        paths[0].write_text(json.dumps(order))
        limits = {n: str(threads) for n in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        code = [python, "-c", _CHILD, HERE / "sides" / f"{side}.py", *paths]
        subprocess.run(code, check=True, stdout=sys.stderr, env={**os.environ, **limits})
        return json.loads(paths[1].read_text())


_CHILD = """
import json, resource, runpy, sys
side, order, file = sys.argv[1:]
answer = runpy.run_path(side)["main"](json.load(open(order)))
usage = [resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
answer.setdefault("peak_memory_mb", max(usage) / 1024)
json.dump(answer, open(file, "w"))
"""


def save(path: Path, frames: Sequence[Atoms], labels: Labels) -> Path:
    """Write frames with energies, forces and stresses as extended XYZ, which every peer reads."""
    labelled = []
    for i, atoms in enumerate(frames):
        copy = atoms.copy()
        values = {"forces": labels.forces, "stress": labels.stress}
        present = {k: v[i] for k, v in values.items() if v is not None and v[i] is not None}
        copy.calc = SinglePointCalculator(copy, energy=labels.energy[i], **present)
        labelled.append(copy)
    write(path, labelled, format="extxyz")
    return path


def errors(truth: Labels, energy: Sequence[float], forces: Sequence[Any]) -> dict[str, float]:
    """RMSE of forces, meV/Å, and of energies without their mean shift, meV per structure."""
    difference = np.asarray(energy) - truth.energy
    per_atom = np.concatenate(
        [(np.asarray(f) - t).ravel() for f, t in zip(forces, truth.forces or (), strict=True)]
    )
    return {
        "energy_rmse_mev": float(1e3 * np.std(difference)),
        "forces_rmse_mev_per_angstrom": float(1e3 * np.sqrt(np.mean(per_atom**2))),
    }


def largest_difference(ours: Any, theirs: Any) -> float:
    """Largest absolute difference of the arrays of all frames."""
    pairs = zip(ours, theirs, strict=True)
    return max(float(np.abs(np.asarray(a) - np.asarray(b)).max()) for a, b in pairs)


def row(data: Dataset, tests: Mapping[str, Any], side: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """Seconds, memory and errors of one side's answer, and its entries under the keys `more`."""
    answers = side["tests"]
    return {
        "fit_seconds": side["fit_seconds"],
        "peak_memory_mb": side["peak_memory_mb"],
        "ms_per_molecule": {k: 1e3 * answers[k]["seconds"] / len(frames) for k, frames in tests.items()},
        "errors": {
            k: errors(data.labels[frames], answers[k]["energy"], answers[k]["forces"])
            for k, frames in tests.items()
        },
        **{key: side.get(key) for key in more},
    }


def acac(n_train: int | None = None) -> tuple[Dataset, np.ndarray, dict[str, np.ndarray]]:
    """Load AcAc; indices of the training frames (the first of `train_300K`) and of both MD test groups."""
    from mlffbench.datasets.acac import acac as load

    data = load()
    of = lambda group: np.flatnonzero(data.columns["group"] == group)
    return data, of("train_300K")[:n_train], {"300K": of("test_300K"), "600K": of("test_600K")}


def publish(name: str, claims: Sequence[Claim], numbers: Mapping[str, Any], **more: Any) -> None:
    """Print every claim with its measured number, and write ``results/peers/<name>.json``."""
    for claim in claims:
        verdict = "holds " if claim.holds else "MISSED"
        print(f"{verdict} {claim.what}: {claim.measured:.4g} {claim.unit} ({claim.sense} {claim.required:g})")
    rows = [{**vars(c), "holds": c.holds} for c in claims]
    document = {"name": name, "claims": rows, "numbers": dict(numbers), **more, "provenance": provenance()}
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
