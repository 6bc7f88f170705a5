"""What the side-by-side scripts share: a peer's own environment, both sides as children, one document."""

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
    *("errors", "publish", "python_of", "row", "run", "save"),
]

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "results" / "peers"
OURS = Path(sys.executable)


class Unavailable(RuntimeError):
    """The peer does not install here; the message holds pip's last lines."""


@dataclass(frozen=True)
class Claim:
    """One line of the table: a number, the number it must reach, and which way."""

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
    """The interpreter of a peer's own environment, made once below ``MLFFBENCH_PEERS``.

    Raises
    ------
    Unavailable
        pip could not install the requirements.
    """
    home = Path(os.environ.get("MLFFBENCH_PEERS", Path.home() / ".cache" / "mlffbench" / "peers"))
    folder, done = home / name, home / name / "requirements.txt"
    python = folder / "bin" / "python"
    if not (done.exists() and done.read_text().split("\n") == list(requirements)):
        venv.create(folder, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "-q", *requirements]
        installed = subprocess.run(pip, capture_output=True, text=True)
        if installed.returncode:
            raise Unavailable(f"{name}: " + "\n".join(installed.stderr.strip().splitlines()[-5:]))
        done.write_text("\n".join(requirements))
    return python


def run(python: Path, side: str, order: Mapping[str, Any], threads: int = 2) -> dict[str, Any]:
    """Run ``sides/<side>.py`` and return what it wrote; its output goes to our standard error.

    The side is called with two paths: the order (JSON) to read, the answer (JSON) to write. Its own clock
    times what is compared; peak memory is that of its process or of the largest child, MiB.
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
side, order, answer = sys.argv[1:]
found = runpy.run_path(side)["main"](json.load(open(order)))
usage = [resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
found.setdefault("peak_memory_mb", max(usage) / 1024)
json.dump(found, open(answer, "w"))
"""


def save(path: Path, frames: Sequence[Atoms], labels: Labels) -> Path:
    """Frames with energies, forces and stresses as extended XYZ, as every peer reads it."""
    labelled = []
    for i, atoms in enumerate(frames):
        copy = atoms.copy()
        values = {"forces": labels.forces, "stress": labels.stress}
        known = {k: v[i] for k, v in values.items() if v is not None and v[i] is not None}
        copy.calc = SinglePointCalculator(copy, energy=labels.energy[i], **known)
        labelled.append(copy)
    write(path, labelled, format="extxyz")
    return path


def errors(truth: Labels, energy: Sequence[float], forces: Sequence[Any]) -> dict[str, float]:
    """RMSE of forces, meV/Å, and of energies without their mean shift, meV for the whole structure."""
    difference = np.asarray(energy) - truth.energy
    per_atom = np.concatenate(
        [(np.asarray(f) - t).ravel() for f, t in zip(forces, truth.forces or (), strict=True)]
    )
    return {
        "energy_rmse_mev": float(1e3 * np.std(difference)),
        "forces_rmse_mev_per_angstrom": float(1e3 * np.sqrt(np.mean(per_atom**2))),
    }


def row(data: Dataset, tests: Mapping[str, Any], side: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """Seconds, memory and errors of one side's answer, and what else it has of the keys `more`."""
    found = side["tests"]
    return {
        "fit_seconds": side["fit_seconds"],
        "peak_memory_mb": side["peak_memory_mb"],
        "ms_per_molecule": {k: 1e3 * found[k]["seconds"] / len(picks) for k, picks in tests.items()},
        "errors": {
            k: errors(data.labels[picks], found[k]["energy"], found[k]["forces"])
            for k, picks in tests.items()
        },
        **{key: side.get(key) for key in more},
    }


def acac(n_train: int | None = None) -> tuple[Dataset, np.ndarray, dict[str, np.ndarray]]:
    """AcAc, the training frames' indices (the first of `train_300K`), and those of both MD tests."""
    from mlffbench.datasets.acac import acac as load

    data = load()
    of = lambda group: np.flatnonzero(data.columns["group"] == group)
    return data, of("train_300K")[:n_train], {"300K": of("test_300K"), "600K": of("test_600K")}


def publish(name: str, claims: Sequence[Claim], numbers: Mapping[str, Any], **more: Any) -> None:
    """Print every claim with what was measured, and write ``results/peers/<name>.json``."""
    for claim in claims:
        verdict = "holds " if claim.holds else "MISSED"
        print(f"{verdict} {claim.what}: {claim.measured:.4g} {claim.unit} ({claim.sense} {claim.required:g})")
    rows = [{**vars(c), "holds": c.holds} for c in claims]
    document = {"name": name, "claims": rows, "numbers": dict(numbers), **more, "provenance": provenance()}
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
