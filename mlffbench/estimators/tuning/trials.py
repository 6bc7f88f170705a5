"""Trials of a search: fits to a part of the frames, judged by the rest, pruned, timed and resumed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from mlffbench.data import InvalidPrediction
from mlffbench.estimators.tuning.space import plain
from mlffbench.estimators.tuning.validation import Holdout, validation_error
from mlffbench.forcefield import ForceField
from mlffbench.system import checkpoint, earlier_work, progress
from mlffbench.system.failures import catch_failure

__all__ = ["Stop", "Trials"]

Stop = Callable[[int, float], bool]  # epoch, validation loss -> end this trial
KINDS: dict[str, type[Exception]] = {  # exceptions by the kind of the failure that they become
    "out of memory": MemoryError,
    "diverged": FloatingPointError,
    "invalid prediction": InvalidPrediction,
    "not installed": ImportError,
    "unsupported input": ValueError,
}
SAME = 1e-6  # relative difference of errors that are equal


class StopTrial(Exception):
    """End of a trial before the end of its fit; the text is its state."""


@dataclass
class Trials:
    """Trials of one search, in their order.

    Attributes
    ----------
    make : callable
        Parameters -> the unfitted model with these in place of its own.
    data : Holdout
    most : int
        Most trials, the one of the defaults included.
    seconds : float or None
        After so many seconds of trials none starts and the present one ends, if its method reports progress.
    rows : list of dict
        One a trial: ``trial`` from 0 on, ``params``, ``state`` (complete, pruned, failed, out of time),
        ``error`` and its ``quantity``, ``n_train``, ``seconds``; ``failure``, its kind and message.
    epochs : list of (int, float)
        Epochs and validation losses of the first trial.
    """

    make: Callable[[Mapping[str, Any]], ForceField]
    data: Holdout
    most: int
    seconds: float | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    epochs: list[tuple[int, float]] = field(default_factory=list)

    @property
    def spent(self) -> float:
        """Seconds of all trials, also of those before a kill."""
        return sum(row["seconds"] for row in self.rows)

    @property
    def ended(self) -> bool:
        """True if no other trial may start."""
        return len(self.rows) >= self.most or self._left() <= 0

    def _left(self) -> float:
        return math.inf if self.seconds is None else self.seconds - self.spent

    def run(
        self, params: Mapping[str, Any], stop: Stop | None = None, data: Holdout | None = None
    ) -> dict[str, Any]:
        """Fit and judge one model; return its row.

        Parameters
        ----------
        params : mapping of str to Any
        stop : callable, optional
            Asked after every epoch that reports a validation loss.
        data : Holdout, optional
            Other frames than the search's.
        """
        data = data or self.data
        params = {name: plain(value) for name, value in params.items()}
        done = self._known(params, data) or self._resumed(params, stop, data)
        row = {"trial": len(self.rows), **{k: v for k, v in done.items() if k not in ("trial", "epochs")}}
        if not self.rows:
            self.epochs = done["epochs"]
        self.rows.append(row)
        best = self.best()
        errors = {} if best is None else {"error": best["error"]}
        progress.report("trial", len(self.rows), self.most, **errors)
        return row

    def best(self) -> dict[str, Any] | None:
        """The complete trial of least error on the whole fitted part, the first of equals."""
        whole = [
            row for row in self.rows
            if row["state"] == "complete" and row["n_train"] == len(self.data.fitted)
        ]  # fmt: skip
        least = min((row["error"] for row in whole), default=math.nan)
        return next((row for row in whole if row["error"] <= least * (1 + SAME)), None)

    def refuse_failure(self) -> None:
        """Raise if all trials failed, as the first did.

        Raises
        ------
        MemoryError, FloatingPointError, InvalidPrediction, ImportError, ValueError or RuntimeError
            They did; the message has the first failure.
        """
        if all(row["state"] == "failed" for row in self.rows):
            first, n = self.rows[0]["failure"], len(self.rows)
            raise KINDS.get(first["kind"], RuntimeError)(
                f"all {n} trials failed; the first, of the model's own parameters: {first['message']}"
            )

    def _known(self, params: Mapping[str, Any], data: Holdout) -> dict[str, Any] | None:
        """The row of an equal trial, which costs nothing again."""
        n = len(data.fitted)
        equal = (r for r in self.rows if r["params"] == params and r["n_train"] == n)
        return next(({**row, "seconds": 0.0} for row in equal if row["state"] == "complete"), None)

    def _resumed(self, params: Mapping[str, Any], stop: Stop | None, data: Holdout) -> dict[str, Any]:
        """The row of a trial, from its checkpoint if it has one; then `stop` hears the epochs again."""
        digest = hashlib.sha256(data.labels.energy.tobytes() + data.fitted.tobytes()).hexdigest()
        name = f"trial {len(self.rows)} {json.dumps(params, sort_keys=True)} {digest}"
        heard: list[tuple[int, float]] = []
        done = checkpoint.resumed(name, lambda: self._tried(params, stop, data, heard))
        if stop is not None and not heard:
            for epoch, loss in done["epochs"]:
                stop(epoch, loss)
        return done

    def _tried(
        self,
        params: Mapping[str, Any],
        stop: Stop | None,
        data: Holdout,
        heard: list[tuple[int, float]],
    ) -> dict[str, Any]:
        """Fit, judge and describe one trial; what it reports goes into `heard`."""
        start, left = _clock(), self._left()
        row: dict[str, Any] = {"params": dict(params), "state": "complete", "n_train": len(data.fitted)}

        def watch(stage: str, step: int, total: int | None, values: Mapping[str, float]) -> None:
            if _clock() - start > left:
                raise StopTrial("out of time")
            loss = values.get("validation") if stage == "epoch" else None
            if loss is not None and (not heard or step > heard[-1][0]):
                heard.append((step, loss))
                if stop is not None and stop(step, loss):
                    raise StopTrial("pruned")

        def judged() -> tuple[str, float] | StopTrial:
            try:
                with progress.watch(watch):
                    model = self.make(params).fit(*data.part(data.fitted))
                return validation_error(model, *data.part(data.held))
            except StopTrial as reason:
                return reason

        value, failure = catch_failure(judged)
        if failure is not None:
            row |= {"state": "failed", "failure": {k: failure[k] for k in ("kind", "message")}}
        elif isinstance(value, StopTrial):
            row["state"] = str(value)
        else:
            row["quantity"], row["error"] = value
        return {**row, "seconds": _clock() - start, "epochs": heard}


def _clock() -> float:
    """Seconds of work, also of processes before this one whose checkpoints were read."""
    return monotonic() + earlier_work.seconds()
