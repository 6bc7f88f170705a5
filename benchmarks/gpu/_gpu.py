"""Shared parts of the steps: machine and data of a run, and documents that are written part by part."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "peers"))

from _peer import Claim, acac, errors

from mlffbench import registry
from mlffbench.data import Dataset, Labels
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.cuda_graph import CapturedFunction
from mlffbench.system.provenance import provenance

__all__ = ["ROOT", "Document", "Parts", "Run", "dataset", "estimator", "rmse", "uncaptured"]


@dataclass(frozen=True)
class Run:
    """Device, size, folder and end of a step.

    Attributes
    ----------
    device : {"cuda", "cpu"}
    small : bool
        Few frames and few epochs, to test the scripts on a CPU.
    folder : Path
        Where the documents are written.
    deadline : float
        Time of the monotonic clock at which the step is ended, s.
    note : callable
        Writes intermediate numbers of the present part into the document.
    """

    device: str
    small: bool
    folder: Path
    deadline: float
    note: Callable[[dict[str, Any]], None] = lambda numbers: None

    def left(self) -> float:
        """Seconds until the step is ended."""
        return self.deadline - monotonic()


Parts = Mapping[str, Callable[[Run], dict[str, Any]]]


class Document:
    """Numbers of a step by part; a part that is there already is not measured again.

    The file is written after each part, so a step that is ended early keeps what it measured. Numbers of
    another card are dropped.
    """

    def __init__(self, name: str, run: Run) -> None:
        self.path, self.run = run.folder / f"{name}.json", run
        begin = {"name": name, "complete": False, "small": run.small, "claims": []}
        self.content: dict[str, Any] = {**begin, "numbers": {}, "unfinished": {}, "failures": {}, "measured": {}}
        if self.path.exists():
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            if _card(stored["provenance"]) == _card(provenance()) and stored["small"] == run.small:
                self.content |= stored

    def measure(self, parts: Parts, claims: Callable[[Mapping[str, Any]], Sequence[Claim]]) -> None:
        """Measure the parts that are absent, until the step's time is over; print and store the claims."""
        self.claims = claims
        self.content["failures"] = {}
        for name, part in parts.items():
            if name in self.content["numbers"]:
                continue
            if self.run.left() <= 0:
                self.content["failures"][name] = "no time was left"
                continue
            self._measure(name, part)
        self.content["complete"] = set(parts) <= set(self.content["numbers"])
        self.write()
        for claim in claims(self.content["numbers"]):
            verdict = "holds " if claim.holds else "MISSED"
            bound = f"{claim.sense} {claim.required:g}"
            print(f"{verdict} {claim.what}: {claim.measured:.4g} {claim.unit} ({bound})", flush=True)

    def _measure(self, name: str, part: Callable[[Run], dict[str, Any]]) -> None:
        start = monotonic()
        try:
            self.content["numbers"][name] = part(replace(self.run, note=partial(self.note, name)))
            self.content["unfinished"].pop(name, None)
        except Exception as error:
            self.content["failures"][name] = f"{type(error).__name__}: {error}"[:2000]
            traceback.print_exc(limit=-6)
        origin = {k: provenance()[k] for k in ("date", "revision")}
        self.content["measured"][name] = {"seconds": round(monotonic() - start, 2), **origin}
        print(f"{self.path.stem}: {name}, {monotonic() - start:.1f} s", flush=True)
        self.write()

    def note(self, name: str, numbers: dict[str, Any]) -> None:
        """Write numbers of a part that is still being measured."""
        self.content["unfinished"][name] = numbers
        self.write()

    def write(self) -> None:
        rows = self.claims({**self.content["unfinished"], **self.content["numbers"]})
        self.content["claims"] = [{**vars(claim), "holds": claim.holds} for claim in rows]
        self.content["provenance"] = _provenance()
        with atomic_write(self.path) as file:
            file.write((json.dumps(self.content, indent=1, default=float) + "\n").encode())


def _card(facts: Mapping[str, Any]) -> str | None:
    return (facts["accelerator"] or {}).get("name")


def _provenance() -> dict[str, Any]:
    """Provenance; the revision, where there is no repository, as `collect.sh` wrote it down."""
    facts, file = provenance(), ROOT / ".gpu" / "REVISION"
    if facts["revision"] is None and file.exists():
        facts["revision"] = file.read_text(encoding="utf-8").strip()
    return facts


def dataset(run: Run, n_train: int, n_test: int | None = None) -> tuple[Dataset, Any, dict[str, Any]]:
    """AcAc, indices of training frames and of both test groups; a few of each in the small form."""
    data, train, tests = acac(min(n_train, 20) if run.small else n_train)
    most = 6 if run.small else n_test
    return data, train, {name: _spread(picks, most) for name, picks in tests.items()}


def _spread(picks: np.ndarray, most: int | None) -> np.ndarray:
    """Every k-th frame, `most` of them."""
    return picks if most is None else picks[:: max(1, len(picks) // most)][:most]


def estimator(run: Run, name: str, data: Dataset, sizes: Mapping[str, Any], **keywords: Any) -> Any:
    """An estimator on the run's device with the data's isolated-atom energies.

    In the small form its own small sizes, those of its tests, take the place of `sizes`.
    """
    cls = registry.load("estimators", name)
    smaller = cls.test_params() if run.small else {}
    isolated = dict(data.atomic_energies or {})
    return cls(**{**sizes, **smaller, **keywords, "device": run.device, "atomic_energies": isolated})


def rmse(data: Dataset, picks: np.ndarray, predicted: Labels) -> dict[str, float]:
    """Errors of forces, meV/Å, and energies, meV."""
    return errors(data.labels[picks], predicted.energy.tolist(), predicted.forces)


@contextmanager
def uncaptured() -> Iterator[None]:
    """Run every function plainly, as if CUDA graphs did not exist."""
    before = CapturedFunction.captures
    CapturedFunction.captures = property(lambda self: False)  # type: ignore[assignment]
    try:
        yield
    finally:
        CapturedFunction.captures = before  # type: ignore[method-assign]
