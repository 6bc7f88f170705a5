"""Samples -> jobs -> labels: the structures to label, and the loop that labels them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import joblib
from ase import Atoms

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.labelling.journal import Journal, label_key
from mlffbench.labelling.recipe import Recipe
from mlffbench.labelling.worker_pool import WorkerPool
from mlffbench.system.lease import POLL, LeaseLost, Leases

__all__ = ["Job", "label_jobs", "labelling_jobs", "unlabelled"]


@dataclass(frozen=True)
class Job:
    """A structure to label with a calculator; an isolated atom has the group ``""``."""

    group: str
    atoms: Atoms
    calculator: Spec

    @property
    def key(self) -> str:
        """Key of the label in the journal."""
        return label_key(self.atoms, self.calculator)

    @property
    def request(self) -> str:
        """Request to a labelling process, a line of JSON; see `mlffbench.labelling.worker`."""
        atoms = self.atoms
        arrays = {
            "numbers": atoms.numbers.tolist(),
            "positions": atoms.positions.tolist(),
            "cell": atoms.cell.array.tolist(),
            "pbc": atoms.pbc.tolist(),
        }
        code = registry.plugin("calculators", self.calculator.name) or self.calculator.name
        calculator = {"calculator": code, "params": dict(self.calculator.params)}
        return json.dumps({**calculator, "atoms": arrays})


def labelling_jobs(recipe: Recipe, samples: Mapping[str, Sequence[Atoms]]) -> list[Job]:
    """List all jobs: isolated atoms first, then one frame of each group in turn.

    The first n jobs thus hold frames of every group.
    """
    isolated = [
        Job("", _isolated_atom(symbol, params.get("cell")), recipe.calculator_of_atom(symbol))
        for symbol, params in recipe.isolated_atoms.items()
    ]
    groups = [
        [Job(name, atoms, recipe.calculator_of_group(name)) for atoms in frames]
        for name, frames in samples.items()
    ]
    return isolated + [job for turn in zip_longest(*groups) for job in turn if job is not None]


def unlabelled(jobs: Sequence[Job], journal: Journal) -> list[Job]:
    """Jobs without an entry in the journal."""
    return [job for job in jobs if job.key not in journal.entries]


def _isolated_atom(symbol: str, cell: Any) -> Atoms:
    atoms = Atoms(symbol, cell=cell, pbc=cell is not None)
    if cell is not None:
        atoms.center()
    return atoms


def label_jobs(
    recipe: Recipe,
    jobs: Sequence[Job],
    journal: Journal,
    leases: Leases,
    labelled: Callable[[Job, Mapping[str, Any]], None],
    waiting: Callable[[int], object] = lambda _: None,
) -> None:
    """Label every job that has no entry in the journal, on the recipe's workers.

    A failed computation is entered with its reason and the next one begins; interrupting or killing the run
    loses only the labels that are being computed. A label that another run computes is left to it.

    Parameters
    ----------
    leases : Leases
        Of keys of labels and of files of the journal.
    labelled : callable
        Called with each job and its label or failure.
    waiting : callable
        Called, again and again, with the number of the labels that other runs compute, if no other is left.

    Raises
    ------
    LeaseLost
        This run was stopped, and another one writes its file of the journal.
    """
    left = {job.key: job for job in unlabelled(jobs, journal)}
    pool = WorkerPool(recipe.label_with)
    desk = _Desk(pool, journal, leases, labelled)
    try:
        with journal.writing(leases):
            while left:
                done = joblib.Parallel(
                    n_jobs=recipe.label_with.workers, backend="threading", pre_dispatch="1*n_jobs"
                )(joblib.delayed(desk.label)(key, job) for key, job in left.items())
                left = {
                    key: job for (key, job), is_done in zip(left.items(), done, strict=True) if not is_done
                }
                if left:
                    waiting(len(left))
                    time.sleep(POLL)
    finally:
        pool.close()


@dataclass(frozen=True)
class _Desk:
    """Threads of one run that label, each label at most once among all runs."""

    pool: WorkerPool
    journal: Journal
    leases: Leases
    labelled: Callable[[Job, Mapping[str, Any]], None]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def label(self, key: str, job: Job) -> bool:
        """Enter one label, or take it from another run; False if another run computes it."""
        with self.leases.claim(key) as lease:
            if lease is None:
                return False
            entry = self._entry_of_another_run(key)
            if entry is None:
                entry = self.pool.label(job.request)
                try:
                    lease.renew()
                except LeaseLost:
                    return False
                with self.lock:
                    self.journal.append(key, entry)
        with self.lock:
            self.labelled(job, entry)
        return True

    def _entry_of_another_run(self, key: str) -> Mapping[str, Any] | None:
        with self.lock:
            self.journal.refresh()
            return self.journal.entries.get(key)
