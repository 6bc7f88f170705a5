"""Cases and documents of runs that do not happen, and a clock that a test sets."""

from __future__ import annotations

import io

from mlffbench.cli import console as cli_console
from mlffbench.data import Spec
from mlffbench.harness.case import Case

OK = {
    "failure": None, "status": "ok", "split": {"in_domain": "test"}, "timings": {"fit": {"seconds": 1.25}},
    "scores": [{"test": "test", "quantity": "forces", "metric": "rmse", "value": 0.0123}],
}  # fmt: skip
FAILED = {"failure": {"kind": "internal error", "message": "ValueError: [no]\nmore", "log": "logs/x.log"}}


class Clock:
    """Time that stands still until it is set."""

    time = 0.0

    def __call__(self):
        return self.time


def example(estimator="morse", label="row", seed=0, **params):
    spec = Spec(estimator, params)
    return Case("demo", label, Spec("lennard_jones"), Spec("official"), spec, seed, "digest")


def screen(width=80, terminal=False):
    """Console of a fixed width that writes into memory."""
    console = cli_console.console()
    console.file, console.width, console.height = io.StringIO(), width, 30
    console._force_terminal = terminal
    return console
