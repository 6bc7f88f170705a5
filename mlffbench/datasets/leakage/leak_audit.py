"""The leak audit: which test frames a model has seen before, or almost."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Split
from mlffbench.datasets.leakage.overlap import WINDOW, Overlap, TimeNeighbours, group_overlap, time_neighbours
from mlffbench.properties.duplicates import TOLERANCE, Duplicate, find_duplicates
from mlffbench.properties.pointwise_distances import checked

__all__ = ["Audit", "Pair", "audit", "leak_free"]

NEAR = 0.05  # Å: frames of molecular dynamics one or two steps of 0.5 fs apart (rMD17)
N_SHOWN = 10


@dataclass(frozen=True)
class Pair:
    """A test frame and its nearest twin, or a near-twin, in the training set, as indices into the dataset.

    Attributes
    ----------
    train, test : int
    group : str
        The test group.
    twin : bool
        The same structure; else a near-twin.
    distance : float
        Å, see `mlffbench.properties.duplicates.find_duplicates`.
    energy_train, energy_test : float
        Total energies, eV.
    difference : float
        eV: the test frame's energy minus the training frame's, the latter scaled to as many atoms.
    n_train : int
        How many training frames are its twins; 0 for a near-twin.
    """

    train: int
    test: int
    group: str
    twin: bool
    distance: float
    energy_train: float
    energy_test: float
    difference: float
    n_train: int


@dataclass(frozen=True)
class Audit:
    """What train and test share. A split is leaky if any test frame has a twin in the training set.

    Near-twins, neighbours in time and shared groups are told, not judged: whether they are a leak depends on
    what the test is meant to show.

    Attributes
    ----------
    dataset : str
    split : str
        The split's digest.
    n_train : int
    n_test : int
        Frames in all test groups together.
    tolerance, near : float
        Å, of twins and near-twins.
    n_twins : int
        Test frames with a twin in the training set.
    n_near : int
        Test frames without a twin but with a near-twin there.
    n_twin_pairs : int
        Pairs of a training and a test frame that are twins; more than `n_twins` where the training set has
        twins within itself.
    pairs : tuple of Pair
        One for each such test frame and test group, by distance.
    time_neighbours : tuple of TimeNeighbours
        One for each test group that shares a trajectory with the training set.
    group_overlap : tuple of Overlap
    """

    dataset: str
    split: str
    n_train: int
    n_test: int
    tolerance: float
    near: float
    n_twins: int
    n_near: int
    n_twin_pairs: int
    pairs: tuple[Pair, ...]
    time_neighbours: tuple[TimeNeighbours, ...] = ()
    group_overlap: tuple[Overlap, ...] = ()

    @property
    def leaky(self) -> bool:
        return self.n_twins > 0

    @property
    def verdict(self) -> str:
        """One sentence."""
        near = f"; {self.n_near} more have near-twins (within {self.near:g} Å)" if self.n_near else ""
        found = f"leaky: {self.n_twins}" if self.leaky else "no twins: none"
        return f"{found} of {self.n_test} test frames have a twin among {self.n_train} training frames{near}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: the fields, ``leaky`` and ``verdict``."""
        facts = {k: [dict(x) for x in v] if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {"leaky": self.leaky, "verdict": self.verdict, **facts}

    def __str__(self) -> str:
        return "\n".join([f"{self.dataset}: {self.verdict}", *_table(self.pairs), *_notes(self)])


def audit(
    dataset: Dataset, split: Split, tolerance: float = TOLERANCE, near: float = NEAR, window: int = WINDOW
) -> Audit:
    """Look for test frames that are twins, near-twins or neighbours in time of training frames.

    Parameters
    ----------
    dataset : Dataset
        Its columns tell trajectories and times, see `mlffbench.datasets.leakage.overlap.time_neighbours`.
    split : Split
    tolerance, near : float
        Å: largest distance of duplicates and of near-duplicates, see
        `mlffbench.properties.duplicates.find_duplicates`.
    window : int
        Steps within which frames are neighbours in time.

    Raises
    ------
    ValueError
        A frame without atoms, with positions that are not finite, or with a periodic cell without volume.
    """
    tests = np.unique(np.concatenate(list(split.tests.values())))
    found = find_duplicates(
        _Picked(dataset.frames, split.train), _Picked(dataset.frames, tests), tolerance, near
    )
    found = [Duplicate(int(split.train[t.i]), int(tests[t.j]), t.distance) for t in found]
    pairs = _pairs(dataset, split, found, tolerance)
    exact = {p.test for p in pairs if p.twin}
    return Audit(
        dataset=dataset.name,
        split=split.digest,
        n_train=len(split.train),
        n_test=len(tests),
        tolerance=tolerance,
        near=near,
        n_twins=len(exact),
        n_near=len({p.test for p in pairs} - exact),
        n_twin_pairs=sum(t.distance <= tolerance for t in found),
        pairs=pairs,
        time_neighbours=time_neighbours(dataset, split, window),
        group_overlap=group_overlap(dataset, split),
    )


def leak_free(split: Split, audit: Audit, near: bool = False) -> Split:
    """The split without the test frames that have a twin in the training set.

    Parameters
    ----------
    split : Split
    audit : Audit
        Of this split.
    near : bool
        Remove the near-twins as well.

    Raises
    ------
    ValueError
        The audit is of another split, or no test frame would be left.

    Warns
    -----
    UserWarning
        A test group is left out because nothing of it remains.
    """
    if audit.split != split.digest:
        raise ValueError(f"the audit of {audit.dataset} is of another split; audit this one first")
    seen = [p.test for p in audit.pairs if p.twin or near]
    rest = {group: part[~np.isin(part, seen)] for group, part in split.tests.items()}
    tests = {group: part for group, part in rest.items() if len(part)}
    word = "twin or near-twin" if near else "twin"
    if not tests:
        raise ValueError(f"every test frame of {audit.dataset} has a {word} in the training set")
    for group in (g for g in rest if g not in tests):
        warnings.warn(
            f"every frame of test group {group!r} has a {word} in the training set; the group is left out",
            stacklevel=2,
        )
    return replace(split, tests=tests, in_domain=split.in_domain if split.in_domain in tests else None)


class _Picked(Sequence[Atoms]):
    """Some of the frames, read when asked for: the dataset may be larger than memory."""

    def __init__(self, frames: Sequence[Atoms], indices: np.ndarray) -> None:
        self.frames, self.indices = frames, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        which = int(self.indices[index])
        return checked(self.frames[which], which)  # here, where the index is the dataset's


def _pairs(dataset: Dataset, split: Split, found: list[Duplicate], tolerance: float) -> tuple[Pair, ...]:
    """One for each test frame and group, by distance; `found` comes sorted by distance."""
    exact = Counter(t.j for t in found if t.distance <= tolerance)
    energy, pairs = dataset.labels.energy, []
    nearest: dict[int, Duplicate] = {}
    for t in found:
        nearest.setdefault(t.j, t)
    members = {group: set(part.tolist()) for group, part in split.tests.items()}
    for t in nearest.values():
        ratio = len(dataset.frames[t.j]) / len(dataset.frames[t.i])
        pair = Pair(
            train=t.i,
            test=t.j,
            group="",
            twin=t.distance <= tolerance,
            distance=float(t.distance),
            energy_train=float(energy[t.i]),
            energy_test=float(energy[t.j]),
            difference=float(energy[t.j] - ratio * energy[t.i]),
            n_train=exact[t.j],
        )
        pairs += [replace(pair, group=group) for group, part in members.items() if t.j in part]
    return tuple(pairs)


# ---------------------------------------------------------------- as text
def _table(pairs: tuple[Pair, ...]) -> list[str]:
    if not pairs:
        return []
    head = f"  {'test':>8} {'train':>8} {'distance Å':>11} {'E test eV':>16} {'E train eV':>16} {'ΔE eV':>12}"
    rows = [
        f"  {p.test:>8} {p.train:>8} {p.distance:>11.6f} {p.energy_test:>16.6f} {p.energy_train:>16.6f} "
        f"{p.difference:>12.6f}  {'twin' if p.twin else 'near-twin'} in {p.group}"
        for p in pairs[:N_SHOWN]
    ]
    more = [f"  ... and {len(pairs) - N_SHOWN} more"] if len(pairs) > N_SHOWN else []
    return [head, *rows, *more]


def _notes(audit: Audit) -> list[str]:
    times = [
        f"  time: {t.n_within} of {t.n_frames} frames of {t.group!r} lie within {t.window} steps of a "
        f"training frame of their trajectory (by {t.column!r}; median {t.median_gap:g} steps)"
        for t in audit.time_neighbours
    ]
    shared = [
        f"  shared: {o.n_frames} frames of {o.group!r} have a {o.column!r} that trains as well "
        f"({o.n_shared} of {o.n_values} values)"
        for o in audit.group_overlap
    ]
    return times + shared
