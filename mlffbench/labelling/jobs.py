"""Structures -> labels: what is to be computed, and the loop that computes it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import joblib
from ase import Atoms

from mlffbench.data import Spec
from mlffbench.labelling.journal import Ledger, label_key
from mlffbench.labelling.recipe import Recipe
from mlffbench.labelling.worker_pool import WorkerPool

__all__ = ["Job", "jobs", "label"]


@dataclass(frozen=True)
class Job:
    """A structure to label."""

    group: str
    atoms: Atoms
    calculator: Spec

    @property
    def key(self) -> str:
        return label_key(self.atoms, self.calculator)

    @property
    def order(self) -> str:
        """What a labelling process is told, as a line of JSON."""
        atoms = self.atoms
        arrays = {
            "numbers": atoms.numbers.tolist(),
            "positions": atoms.positions.tolist(),
            "cell": atoms.cell.array.tolist(),
            "pbc": atoms.pbc.tolist(),
        }
        calculator = {"calculator": self.calculator.name, "params": dict(self.calculator.params)}
        return json.dumps({**calculator, "atoms": arrays})


def jobs(recipe: Recipe, samples: Mapping[str, Sequence[Atoms]]) -> list[Job]:
    """Everything to label: isolated atoms first, then the groups in turn, so that any part is a fair one."""
    found = [
        Job("", _alone(symbol, params.get("cell")), recipe.calculator_of_atom(symbol))
        for symbol, params in recipe.isolated_atoms.items()
    ]
    rows = [
        [Job(name, atoms, recipe.calculator_of_group(name)) for atoms in frames]
        for name, frames in samples.items()
    ]
    return found + [job for turn in zip_longest(*rows) for job in turn if job is not None]


def _alone(symbol: str, cell: Any) -> Atoms:
    atoms = Atoms(symbol, cell=cell, pbc=cell is not None)
    if cell is not None:
        atoms.center()
    return atoms


def label(
    recipe: Recipe, todo: Sequence[Job], ledger: Ledger, labelled: Callable[[Job, Mapping[str, Any]], None]
) -> None:
    """Label every job that the ledger does not know, on the recipe's workers.

    A computation that fails is entered with its reason and the next one begins; interrupting or killing the
    run loses what is being computed and nothing else. `labelled` is told each one.
    """
    fresh = {job.key: job for job in todo if job.key not in ledger.labels}
    pool = WorkerPool(recipe.label_with)
    lock = threading.Lock()

    def one(key: str, job: Job) -> None:
        found = pool.label(job.order)
        with lock:
            ledger.add(key, found)
            labelled(job, found)

    try:
        joblib.Parallel(n_jobs=recipe.label_with.workers, backend="threading", pre_dispatch="1*n_jobs")(
            joblib.delayed(one)(key, job) for key, job in fresh.items()
        )
    finally:
        pool.close()
