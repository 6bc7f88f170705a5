"""Leak audit of a split: test frames that duplicate training frames, or share time or group with them."""

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
from mlffbench.properties.pointwise_distances import check_frame

__all__ = ["Audit", "Pair", "audit", "leak_free"]

NEAR = 0.05  # Å: frames of molecular dynamics one or two steps of 0.5 fs apart (rMD17)
N_SHOWN = 10


@dataclass(frozen=True)
class Pair:
    """A test frame and its nearest duplicate or near-duplicate in the training set.

    Attributes
    ----------
    train, test : int
        Indices into the dataset.
    group : str
        The test group.
    twin : bool
        The same structure, a duplicate; else a near-duplicate.
    distance : float
        Å, see `mlffbench.properties.duplicates.find_duplicates`.
    energy_train, energy_test : float
        Total energies, eV.
    difference : float
        Energy of the test frame minus that of the training frame, the latter scaled to as many atoms, eV.
    n_train : int
        Training frames that are its duplicates; 0 for a near-duplicate.
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
    """Duplicates, neighbours in time and shared groups between training and test frames.

    A split is leaky if any test frame has a duplicate in the training set. Near-duplicates, neighbours in
    time and shared groups are listed, not judged: whether they are a leak depends on the purpose of the test.

    Attributes
    ----------
    dataset : str
    split : str
        The split's digest.
    n_train : int
    n_test : int
        Frames in all test groups together.
    tolerance, near : float
        Largest distance of duplicates and of near-duplicates, Å.
    n_twins : int
        Test frames with a duplicate in the training set.
    n_near : int
        Test frames without a duplicate but with a near-duplicate there.
    n_twin_pairs : int
        Duplicate pairs of a training and a test frame; more than `n_twins` where the training set has
        duplicates within itself.
    pairs : tuple of Pair
        One for each such test frame and test group, sorted by distance.
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
        """The result in one sentence."""
        near = f"; near copies: {self.n_near} more (within {self.near:g} Å)" if self.n_near else ""
        count = f"leaky: {self.n_twins}" if self.leaky else "no copies: none"
        return f"{count} of {self.n_test} test frames have a copy among {self.n_train} training frames{near}"

    def to_json(self) -> dict[str, Any]:
        """Return the fields, ``leaky`` and ``verdict`` as plain JSON."""
        facts = {k: [dict(x) for x in v] if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {"leaky": self.leaky, "verdict": self.verdict, **facts}

    def __str__(self) -> str:
        return "\n".join([f"{self.dataset}: {self.verdict}", *_table(self.pairs), *_notes(self)])


def audit(
    dataset: Dataset, split: Split, tolerance: float = TOLERANCE, near: float = NEAR, window: int = WINDOW
) -> Audit:
    """Find test frames that are duplicates, near-duplicates or neighbours in time of training frames.

    Parameters
    ----------
    dataset : Dataset
        Trajectories and times are columns, see `mlffbench.datasets.leakage.overlap.time_neighbours`.
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
    train_frames, test_frames = _Subset(dataset.frames, split.train), _Subset(dataset.frames, tests)
    duplicates = [
        Duplicate(int(split.train[d.i]), int(tests[d.j]), d.distance)
        for d in find_duplicates(train_frames, test_frames, tolerance, near)
    ]
    pairs = _pairs(dataset, split, duplicates, tolerance)
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
        n_twin_pairs=sum(d.distance <= tolerance for d in duplicates),
        pairs=pairs,
        time_neighbours=time_neighbours(dataset, split, window),
        group_overlap=group_overlap(dataset, split),
    )


def leak_free(split: Split, audit: Audit, near: bool = False) -> Split:
    """Return the split without the test frames that have a duplicate in the training set.

    Parameters
    ----------
    split : Split
    audit : Audit
        The audit of this split.
    near : bool
        Remove the near-duplicates as well.

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
    leaked = [p.test for p in audit.pairs if p.twin or near]
    rest = {group: part[~np.isin(part, leaked)] for group, part in split.tests.items()}
    tests = {group: part for group, part in rest.items() if len(part)}
    word = "copy or near copy" if near else "copy"
    if not tests:
        raise ValueError(f"every test frame of {audit.dataset} has a {word} in the training set")
    for group in (g for g in rest if g not in tests):
        warnings.warn(
            f"every frame of test group {group!r} has a {word} in the training set; the group is left out",
            stacklevel=2,
        )
    return replace(split, tests=tests, in_domain=split.in_domain if split.in_domain in tests else None)


class _Subset(Sequence[Atoms]):
    """Lazy view of the frames at some indices: the dataset may be larger than memory."""

    def __init__(self, frames: Sequence[Atoms], indices: np.ndarray) -> None:
        self.frames, self.indices = frames, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        place = int(self.indices[index])
        return check_frame(self.frames[place], place)  # an error then names the dataset's index


def _pairs(dataset: Dataset, split: Split, duplicates: list[Duplicate], tolerance: float) -> tuple[Pair, ...]:
    """One pair for each test frame and group, sorted by distance as `duplicates` are."""
    exact = Counter(d.j for d in duplicates if d.distance <= tolerance)
    energy, pairs = dataset.labels.energy, []
    nearest: dict[int, Duplicate] = {}
    for duplicate in duplicates:
        nearest.setdefault(duplicate.j, duplicate)
    members = {group: set(part.tolist()) for group, part in split.tests.items()}
    for duplicate in nearest.values():
        ratio = len(dataset.frames[duplicate.j]) / len(dataset.frames[duplicate.i])
        pair = Pair(
            train=duplicate.i,
            test=duplicate.j,
            group="",
            twin=duplicate.distance <= tolerance,
            distance=float(duplicate.distance),
            energy_train=float(energy[duplicate.i]),
            energy_test=float(energy[duplicate.j]),
            difference=float(energy[duplicate.j] - ratio * energy[duplicate.i]),
            n_train=exact[duplicate.j],
        )
        pairs += [replace(pair, group=group) for group, part in members.items() if duplicate.j in part]
    return tuple(pairs)


# ---------------------------------------------------------------- as text
def _table(pairs: tuple[Pair, ...]) -> list[str]:
    """Lines of the first pairs."""
    if not pairs:
        return []
    head = f"  {'test':>8} {'train':>8} {'distance Å':>11} {'E test eV':>16} {'E train eV':>16} {'ΔE eV':>12}"
    rows = [
        f"  {p.test:>8} {p.train:>8} {p.distance:>11.6f} {p.energy_test:>16.6f} {p.energy_train:>16.6f} "
        f"{p.difference:>12.6f}  {'copy' if p.twin else 'near copy'} in {p.group}"
        for p in pairs[:N_SHOWN]
    ]
    rest = [f"  ... and {len(pairs) - N_SHOWN} more"] if len(pairs) > N_SHOWN else []
    return [head, *rows, *rest]


def _notes(audit: Audit) -> list[str]:
    """Lines on neighbours in time and shared groups."""
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
