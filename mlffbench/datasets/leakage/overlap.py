"""Train–test overlap in trajectory, time and group (temporal leakage, group leakage)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlffbench.data import NO_NAMES, Dataset, Split

__all__ = ["WINDOW", "Overlap", "TimeNeighbours", "group_overlap", "time_neighbours"]

WINDOW = 10  # steps
MISSING = tuple(sorted(NO_NAMES))  # numpy takes no set
TIMES = ("time_index", "step", "time_fs", "time_ps", "time")
IDENTITIES = (
    "trajectory", "molecule", "material", "compound", "structure_id", "composition", "config_type", "group",
)  # fmt: skip


@dataclass(frozen=True)
class TimeNeighbours:
    """Gaps in time between the frames of a test group and the training frames of their trajectory.

    Attributes
    ----------
    group : str
        The test group.
    column : str
        The column with the times; ``trajectory`` where the order of the frames stands for them.
    step : float
        One step, in units of the column.
    window : int
        Gap in steps up to which frames count as neighbours.
    n_frames : int
        Test frames whose trajectory has training frames.
    n_within : int
        Test frames at most `window` steps away from a training frame.
    median_gap : float
        Median gap to the nearest training frame, in steps.
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
        ``molecule``, ``composition`` ...
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
    """Gaps in time to the nearest training frame, by test group with frames of a training trajectory.

    Times are compared within each value of the column ``trajectory``; without one, the frames are one
    trajectory unless times repeat. The time is the column ``time_index`` (steps of the simulation), ``step``,
    ``time_fs``, ``time_ps`` or ``time``, a step being the least difference found in it; without any, the
    order of the frames.
    """
    column, times, trajectory = _times(dataset)
    if column is None:
        return ()
    span = float(np.nanmax(times) - np.nanmin(times))
    position = times - np.nanmin(times) + trajectory * 3.0 * (span + 1.0)  # trajectories lie far apart
    step = 1.0 if column in ("time_index", "trajectory") else _least_gap(position, span)
    trained = np.sort(position[split.train])
    trained = trained[np.isfinite(trained)]
    neighbours = []
    for group, part in split.tests.items():
        gaps = _gaps(trained, position[part])
        if len(gaps := gaps[gaps <= span] / step):
            within = int(np.sum(gaps <= window + 1e-6))
            neighbours.append(
                TimeNeighbours(group, column, step, window, len(gaps), within, float(np.median(gaps)))
            )
    return tuple(neighbours)


def _times(dataset: Dataset) -> tuple[str | None, np.ndarray, np.ndarray]:
    """Return the column of the times (None without), the times (NaN where unknown), trajectory numbers."""
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
            column = None  # several simulations without names: gaps between them would mean nothing
    return (column if np.isfinite(times).any() else None), times, trajectory


def _ranks(trajectory: np.ndarray) -> np.ndarray:
    """Position of each frame within its trajectory, in the order of the frames."""
    order = np.argsort(trajectory, kind="stable")
    starts = np.searchsorted(trajectory[order], trajectory[order])
    ranks = np.empty(len(order), dtype=int)
    ranks[order] = np.arange(len(order)) - starts
    return ranks


def _least_gap(position: np.ndarray, span: float) -> float:
    """Smallest gap between frames of one trajectory: the step."""
    gaps = np.diff(np.unique(position[np.isfinite(position)]))
    gaps = gaps[(gaps > 1e-9 * (span + 1.0)) & (gaps <= span)]
    return float(gaps.min()) if len(gaps) else 1.0


def _gaps(trained: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Distance of each finite position to the nearest of the sorted training positions."""
    position = position[np.isfinite(position)]
    if not len(trained):
        return np.full(len(position), np.inf)
    right = np.searchsorted(trained, position)
    sides = trained[np.clip([right - 1, right], 0, len(trained) - 1)]
    return np.abs(sides - position).min(axis=0)


# ---------------------------------------------------------------- groups
def group_overlap(dataset: Dataset, split: Split) -> tuple[Overlap, ...]:
    """Trajectories, molecules, materials, compositions ... that training and test groups share."""
    overlaps = []
    for column in (c for c in IDENTITIES if c in dataset.columns):
        values = np.array([str(v) for v in np.asarray(dataset.columns[column]).tolist()])
        if column != "trajectory" and len(np.unique(values)) == 1:
            continue  # a value that all frames share is no leak; one common trajectory is
        for group, part in split.tests.items():
            tested = np.setdiff1d(values[part], MISSING)
            shared = np.intersect1d(tested, values[split.train])
            if len(shared):
                n_frames = int(np.isin(values[part], shared).sum())
                overlaps.append(Overlap(column, group, len(shared), len(tested), n_frames))
    return tuple(overlaps)
