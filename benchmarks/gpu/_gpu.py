"""Shared parts of the steps: machine and data of a run, and documents that are written part by part."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from _peer import Claim, acac, errors

from mlffbench import registry
from mlffbench.data import Dataset, Labels
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.cuda_graph import POOLS, plainly
from mlffbench.system.provenance import provenance
from mlffbench.testing.replay import replayed_on_cpu

__all__ = [
    "ROOT",
    "Document",
    "Fact",
    "Parts",
    "Run",
    "capturing",
    "dataset",
    "estimator",
    "rmse",
    "uncaptured",
]

ROOT = Path(__file__).parents[2]


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


class Fact(NamedTuple):
    """A measured number without a bound; None: it was not reached."""

    what: str
    measured: float | None
    unit: str


class Document:
    """Numbers of a step by part; a part that is there already is not measured again.

    The file is written after each part, so a step that is ended early keeps what it measured. Numbers of
    another card are dropped.
    """

    def __init__(self, name: str, run: Run) -> None:
        self.path, self.run = run.folder / f"{name}.json", run
        facts = {"name": name, "complete": False, "small": run.small, "claims": []}
        parts: dict[str, Any] = {k: {} for k in ("numbers", "unfinished", "failures", "measured")}
        self.content = {**facts, **parts}
        if self.path.exists():
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            if _card(stored["provenance"]) == _card(provenance()) and stored["small"] == run.small:
                self.content |= stored

    def measure(
        self,
        parts: Parts,
        claims: Callable[[Mapping[str, Any]], Sequence[Claim]],
        facts: Callable[[Mapping[str, Any]], Sequence[Fact]] = lambda numbers: [],
    ) -> None:
        """Measure the parts that are absent, until the step's time is over.

        Claims, and facts that are worth a row of the table without a bound, are computed from the numbers;
        they are stored and printed.
        """
        self.claims, self.facts = claims, facts
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
        for fact in self.content["facts"]:
            print(f"       {fact['what']}: {fact['measured']} {fact['unit']}", flush=True)
        for claim in claims(self.content["numbers"]):
            verdict = "small" if self.run.small else "holds " if claim.holds else "MISSED"
            bound = f"{claim.sense} {claim.required:g}"
            print(f"{verdict} {claim.what}: {claim.measured:.4g} {claim.unit} ({bound})", flush=True)

    def _measure(self, name: str, part: Callable[[Run], dict[str, Any]]) -> None:
        start = monotonic()
        try:
            self.content["numbers"][name] = part(replace(self.run, note=partial(self.note, name)))
            self.content["unfinished"].pop(name, None)
        except Exception as error:
            lines = [f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])]
            self.content["failures"][name] = "\n".join(lines)[:4000]
            traceback.print_exc(limit=-6)
        origin = {k: _provenance()[k] for k in ("date", "revision")}
        self.content["measured"][name] = {"seconds": round(monotonic() - start, 2), **origin}
        print(f"{self.path.stem}: {name}, {monotonic() - start:.1f} s", flush=True)
        self.write()

    def note(self, name: str, numbers: dict[str, Any]) -> None:
        """Write numbers of a part that is still being measured."""
        self.content["unfinished"][name] = numbers
        self.write()

    def write(self) -> None:
        numbers = {**self.content["numbers"], **self.content["unfinished"]}
        rows = self.claims(numbers)
        self.content["claims"] = [{**vars(claim), "holds": claim.holds} for claim in rows]
        self.content["facts"] = [fact._asdict() for fact in self.facts(numbers)]
        self.content["provenance"] = _provenance()
        with atomic_write(self.path) as file:
            file.write((json.dumps(self.content, indent=1, default=float) + "\n").encode())


def _card(facts: Mapping[str, Any]) -> str | None:
    return (facts["accelerator"] or {}).get("name")


def _provenance() -> dict[str, Any]:
    """Provenance; on a lent machine, whose copy is another repository, with the revision of `collect.sh`."""
    facts, file = provenance(), ROOT / ".gpu" / "REVISION"
    if file.exists():
        facts["revision"] = file.read_text(encoding="utf-8").strip() or facts["revision"]
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
    """Neither capture nor pad nor replay inside the block, what has been captured before it included."""
    pools = dict(POOLS)
    POOLS.clear()
    try:
        with plainly():
            yield
    finally:
        POOLS.update(pools)


@contextmanager
def capturing(run: Run) -> Iterator[None]:
    """Capture and pad inside the block: on a CPU by replays of the recorded operations."""
    with replayed_on_cpu() if run.device == "cpu" else nullcontext():
        yield
