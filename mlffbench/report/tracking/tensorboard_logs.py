"""Histories and scores of results as logs of TensorBoard."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from mlffbench.report.tracking.tracked_case import TrackedCase, safe_name

__all__ = ["write_tensorboard"]


def write_tensorboard(cases: Iterable[TrackedCase], folder: Path) -> int:
    """Write a log for each case: curves of its history, and its scores at step 0. Return their number.

    The log of a case lies in ``problem/method/seed``; an earlier one there is replaced.

    Raises
    ------
    ImportError
        TensorBoard is not installed.
    """
    try:
        from tensorboard.summary import Writer
    except ImportError:
        raise ImportError("this needs tensorboard: pip install 'mlffbench[tracking]'") from None
    n_cases = 0
    for case in cases:
        names = (case.problem, case.method, f"seed {case.seed} {case.document['id']}")
        place = folder.joinpath(*(safe_name(name) for name in names))
        for old in place.glob("events.out.tfevents.*"):
            old.unlink()
        with closing(Writer(str(place))) as writer:
            for point in case.history:
                writer.add_scalar(f"history/{point.name}", point.value, point.step)
            for name, value in case.scores.items():
                writer.add_scalar(name, value, 0)
        n_cases += 1
    return n_cases
