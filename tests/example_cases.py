"""Quick cases, and an observer that keeps what it is told."""

from __future__ import annotations

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.run import load_dataset, run

DATASET = Spec("lennard_jones", {"n_train": 6, "n_test": 3})


def case(estimator="atomic_reference", label="row", seed=0, tasks=(), **params):
    digest = load_dataset(DATASET).digest
    spec = Spec(estimator, params)
    return Case("demo", label, DATASET, Spec("official"), spec, seed, digest, tasks=tuple(tasks))


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

    died = is_lost = False
    memory = None

    def __init__(self, case, *_):
        self.case = case

    def answer(self, progressed):
        outcome, predictions = run(self.case)
        return outcome.to_json(), predictions

    def kill(self):
        """Nothing is left to be killed."""

    def close(self, patience=0.0):
        """Nothing is open."""
