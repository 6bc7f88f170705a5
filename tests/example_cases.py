"""Quick cases, and an observer that keeps what it is told."""

from __future__ import annotations

from pathlib import Path

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.case_state import case_states
from mlffbench.harness.completion import to_do
from mlffbench.harness.execution.answer import write_model
from mlffbench.harness.extend import extend
from mlffbench.harness.run import run

DATASET = Spec("lennard_jones", {"n_train": 6, "n_test": 3})


def case(estimator="atomic_reference", label="row", seed=0, tasks=(), **params):
    digest = load_dataset(DATASET).digest
    spec = Spec(estimator, params)
    return Case("demo", label, DATASET, Spec("official"), spec, seed, digest, tasks=tuple(tasks))


def pending(cases, store, **options):
    """The cases that a run has to do."""
    return to_do(case_states(cases, store, **options))


class Silent:
    """Nobody watches; what was said is kept."""

    def __init__(self):
        self.said = []

    def started(self, case):
        self.said.append(("started", case.label))

    def beat(self, memory):
        """Memory is of no interest."""

    def waiting(self, cases):
        self.said.append(("waiting", len(cases)))

    def progressed(self, case, stage, step, total, values):
        self.said.append((stage, step))

    def finished(self, case, document):
        self.said.append((document["status"], case.label))


class InProcess:
    """Stand-in of a child process, which takes seconds to start: the case is run in this process."""

    died = False
    memory = lock = None
    entry_seconds = 0.0

    def __init__(self, case, place, unfinished, start, time_limit, log, more):
        self.case, self.place, self.log, self.more = case, place, log, more

    def answer(self, progressed):
        if self.more["results"]:
            return extend(self.case, Path(self.more["results"])).to_json(), None
        outcome, predictions = run(
            self.case, lambda model: write_model(self.place, model, self.more["largest_model"])
        )
        return outcome.to_json(), predictions

    def kill(self):
        """Nothing is left to be killed."""

    def close(self, patience=0.0):
        """Nothing is open."""
