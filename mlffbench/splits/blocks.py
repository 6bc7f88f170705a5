"""Split by blocks in time: neighbouring frames of a trajectory are all training or all test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.autocorrelation import autocorrelation_time
from mlffbench.splits.common.groups import frames_of_groups, group_names, number_of_frames
from mlffbench.system.ranges import Count, Group, Natural, ShareOrNumber

__all__ = ["blocks"]

TIMES = ("time", "time_fs", "time_ps", "time_index", "step")
TRAJECTORIES = ("trajectory", "group")
FACTOR = 10.0  # length of a block in τ: its correlated ends, at most 2τ each, are a small part of it
RESOLVED = 50.0  # the τ of a series shorter than this many τ is an underestimate


def blocks(
    dataset: Dataset,
    seed: int = 0,
    train: ShareOrNumber = 0.8,
    block: Count | Literal["auto"] = "auto",
    gap: Natural = 0,
    trajectory: str | None = None,
    groups: Group | Sequence[Group] | None = None,
) -> Split:
    """Cut each trajectory into blocks longer than its correlation time; a block is all training or all test.

    Blocks are drawn at random. In a random split of single frames, most test frames have a training frame
    next to them in time. Blocks are those of Flyvbjerg and Petersen (J. Chem. Phys. 91, 461 (1989)); their
    length comes from the integrated autocorrelation time τ of the energy (Sokal 1997) and stands in the
    split's notes.

    Parameters
    ----------
    dataset : Dataset
        Ordered by its column ``time`` (``time_fs``, ``time_ps``, ``time_index``, ``step``), else by file.
    seed : int
        Seed of the random choice of blocks.
    train : float or int
        Training frames: a share (0.8) or a number of frames, to the nearest block.
    block : int or "auto"
        Approximate number of frames in a block; by default 10 τ of each trajectory.
    gap : int
        Training frames up to this many frames away from a test frame are left out.
    trajectory : str, optional
        The column that names the trajectories; by default ``trajectory`` or ``group``, where there is one,
        else all frames are one trajectory.
    groups : list of str, optional
        Use only these values of the column ``group``.

    Raises
    ------
    ValueError
        Fewer than two blocks, no such column, or a gap that leaves nothing to train on.
    """
    _check_parameters(block, gap)
    frames = frames_of_groups(dataset, groups)
    runs = _trajectories(dataset, frames, trajectory)
    tau = [autocorrelation_time(dataset.labels.energy[run]) for run in runs]
    lengths = [int(np.ceil(FACTOR * t)) if block == "auto" else int(block) for t in tau]
    parts = [p for run, n in zip(runs, lengths, strict=True) for p in _cut_into_blocks(run, n)]
    if len(parts) < 2:
        raise ValueError(
            f"the {len(frames)} frames are one block of {lengths[0]} (autocorrelation time of the energy "
            f"{tau[0]:.3g} frames); give a smaller block"
        )
    test = _draw_test(parts, number_of_frames(train, len(frames), "train"), seed)
    train_frames = _beyond_gap(runs, test, gap)
    left_out = len(frames) - len(test) - len(train_frames)
    notes = {**_notes(runs, tau, lengths), "blocks": len(parts), "gap": gap, "left_out": left_out}
    if not len(train_frames):
        raise ValueError(f"a gap of {gap} frames beside blocks of {max(lengths)} leaves none to train on")
    return Split(train_frames, {"test": test}, "test", notes)


def _check_parameters(block: int | str, gap: int) -> None:
    """Refuse a block length or gap that is no number of frames."""
    if block != "auto" and not _is_count(block, 1):
        raise ValueError(f"block must be 'auto' or a number of frames, at least 1; got {block!r}")
    if not _is_count(gap, 0):
        raise ValueError(f"gap must be a number of frames, 0 or more; got {gap!r}")


def _is_count(value: Any, least: int) -> bool:
    """True for an integer of at least `least`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _trajectories(dataset: Dataset, frames: np.ndarray, column: str | None) -> list[np.ndarray]:
    """Frames of each trajectory, ordered by time."""
    if column is None:
        column = next((c for c in TRAJECTORIES if c in dataset.columns), None)
    names = np.full(len(frames), "") if column is None else group_names(dataset, column)[frames]
    clock = next((c for c in TIMES if c in dataset.columns), None)
    time = frames if clock is None else np.asarray(dataset.columns[clock], dtype=float)[frames]
    runs = [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]
    return [frames[run[_order(dataset.name, time[run], clock)]] for run in runs]


def _order(name: str, time: np.ndarray, clock: str | None) -> np.ndarray:
    """Order of the frames by time; a trajectory without times (a scan) keeps its order."""
    timeless = np.isnan(time)
    if timeless.any() and not timeless.all():
        raise ValueError(
            f"{name}: {timeless.sum()} frames of a trajectory have no {clock!r}, others have one"
        )
    return np.argsort(time, kind="stable")


def _cut_into_blocks(run: np.ndarray, length: int) -> list[np.ndarray]:
    """Cut a trajectory into equal blocks of about that length; three quarters of it at least if possible."""
    return np.array_split(run, max(1, round(len(run) / length)))


def _draw_test(parts: list[np.ndarray], n_train: int, seed: int) -> np.ndarray:
    """Test frames: the blocks that remain when those drawn first hold about `n_train` frames."""
    order = np.random.default_rng(seed).permutation(len(parts))
    n_drawn = np.cumsum([len(parts[i]) for i in order])
    n = int(np.argmin(np.abs(n_drawn[:-1] - n_train))) + 1
    return np.sort(np.concatenate([parts[i] for i in order[n:]]))


def _beyond_gap(runs: list[np.ndarray], test: np.ndarray, gap: int) -> np.ndarray:
    """Frames more than `gap` frames away from every test frame of their trajectory."""
    tested = np.zeros(max(run.max() for run in runs) + 1)
    tested[test] = 1
    width = np.ones(2 * gap + 1)
    far = [run[np.convolve(tested[run], width)[gap : gap + len(run)] < 0.5] for run in runs]
    return np.sort(np.concatenate(far))


def _notes(runs: list[np.ndarray], tau: list[float], lengths: list[int]) -> dict[str, Any]:
    """Estimates for the split's notes, in frames: a number for one trajectory, [least, most] for several."""
    short = sum(len(run) < RESOLVED * t for run, t in zip(runs, tau, strict=True))
    notes = {
        "trajectories": len(runs),
        "autocorrelation_time": _range([round(t, 2) for t in tau]),
        "block_length": _range(lengths),
    }
    return notes | ({"trajectories_too_short_to_tell": short} if short else {})


def _range(values: list[Any]) -> Any:
    """The common value, or [least, most]."""
    return values[0] if min(values) == max(values) else [min(values), max(values)]
