"""What test frames share with training frames besides their structure: a trajectory, a moment, a molecule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlffbench.data import Dataset, Split

__all__ = ["WINDOW", "Overlap", "TimeNeighbours", "group_overlap", "time_neighbours"]

WINDOW = 10  # steps
MISSING = ("", "nan", "None")
TIMES = ("time_index", "step", "time_fs", "time_ps", "time")
IDENTITIES = (
    "trajectory", "molecule", "material", "compound", "structure_id", "composition", "config_type", "group",
)  # fmt: skip


@dataclass(frozen=True)
class TimeNeighbours:
    """How near in time the frames of a test group are to training frames of their trajectory.

    Attributes
    ----------
    group : str
        The test group.
    column : str
        Where the times are from; ``trajectory`` means the order of the frames.
    step : float
        One step, in units of the column.
    window : int
        Steps.
    n_frames : int
        Test frames whose trajectory has training frames.
    n_within : int
        Those at most `window` steps away from a training frame.
    median_gap : float
        Steps to the nearest training frame.
    """

    group: str
    column: str
    step: float
    window: int
    n_frames: int
    n_within: int
    median_gap: float


@dataclass(frozen=True)
class Overlap:
    """Values of a column that train and test share.

    Attributes
    ----------
    column : str
    group : str
        The test group.
    n_shared : int
        Values that occur in the training set and in the test group.
    n_values : int
        Values that occur in the test group.
    n_frames : int
        Test frames that have a shared value.
    """

    column: str
    group: str
    n_shared: int
    n_values: int
    n_frames: int


# ---------------------------------------------------------------- neighbours in time
def time_neighbours(dataset: Dataset, split: Split, window: int = WINDOW) -> tuple[TimeNeighbours, ...]:
    """Gaps in time to the nearest training frame, for every test group that shares a trajectory with it.

    Times are compared within each value of the column ``trajectory``; without one, the frames are one
    trajectory unless times repeat. The time is the column ``time_index`` (steps of the simulation), ``step``,
    ``time_fs``, ``time_ps`` or ``time``, a step being the least difference found in it; without any, the
    order of the frames.
    """
    column, times, trajectory = _clock(dataset)
    if column is None:
        return ()
    span = float(np.nanmax(times) - np.nanmin(times))
    place = times - np.nanmin(times) + trajectory * 3.0 * (span + 1.0)  # trajectories end to end, far apart
    step = 1.0 if column in ("time_index", "trajectory") else _least_gap(place, span)
    known = np.sort(place[split.train])
    known = known[np.isfinite(known)]
    found = []
    for group, part in split.tests.items():
        gaps = _gaps(known, place[part])
        if len(gaps := gaps[gaps <= span] / step):
            within = int(np.sum(gaps <= window + 1e-6))
            found.append(
                TimeNeighbours(group, column, step, window, len(gaps), within, float(np.median(gaps)))
            )
    return tuple(found)


def _clock(dataset: Dataset) -> tuple[str | None, np.ndarray, np.ndarray]:
    """The column that tells the time, the times (NaN where unknown), and the number of the trajectory."""
    n, columns = len(dataset), dataset.columns
    column = next((c for c in TIMES if c in columns and np.asarray(columns[c]).dtype.kind in "iuf"), None)
    times = np.full(n, np.nan) if column is None else np.array(columns[column], dtype=float)
    if "trajectory" in columns:
        names = np.array([str(v) for v in np.asarray(columns["trajectory"]).tolist()])
        trajectory = np.unique(names, return_inverse=True)[1]
        if column is None:
            column, times = "trajectory", _ranks(trajectory).astype(float)
        times[np.isin(names, MISSING)] = np.nan
    else:
        trajectory = np.zeros(n, dtype=int)
        known = times[np.isfinite(times)]
        if len(np.unique(known)) < len(known):
            column = None  # several simulations, and nothing says which frame belongs to which
    return (column if np.isfinite(times).any() else None), times, trajectory


def _ranks(trajectory: np.ndarray) -> np.ndarray:
    """The place of each frame within its trajectory, in the order of the frames."""
    order = np.argsort(trajectory, kind="stable")
    starts = np.searchsorted(trajectory[order], trajectory[order])
    ranks = np.empty(len(order), dtype=int)
    ranks[order] = np.arange(len(order)) - starts
    return ranks


def _least_gap(place: np.ndarray, span: float) -> float:
    gaps = np.diff(np.unique(place[np.isfinite(place)]))
    gaps = gaps[(gaps > 1e-9 * (span + 1.0)) & (gaps <= span)]
    return float(gaps.min()) if len(gaps) else 1.0


def _gaps(known: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The distance of each place to the nearest known one."""
    place = place[np.isfinite(place)]
    if not len(known):
        return np.full(len(place), np.inf)
    right = np.searchsorted(known, place)
    sides = known[np.clip([right - 1, right], 0, len(known) - 1)]
    return np.abs(sides - place).min(axis=0)


# ---------------------------------------------------------------- groups
def group_overlap(dataset: Dataset, split: Split) -> tuple[Overlap, ...]:
    """What train and test groups have in common among trajectories, molecules, materials, compositions ..."""
    found = []
    for column in (c for c in IDENTITIES if c in dataset.columns):
        values = np.array([str(v) for v in np.asarray(dataset.columns[column]).tolist()])
        if column != "trajectory" and len(np.unique(values)) == 1:
            continue  # what all frames have tells nothing; one common trajectory does
        for group, part in split.tests.items():
            there = np.setdiff1d(values[part], MISSING)
            shared = np.intersect1d(there, values[split.train])
            if len(shared):
                n_frames = int(np.isin(values[part], shared).sum())
                found.append(Overlap(column, group, len(shared), len(there), n_frames))
    return tuple(found)
