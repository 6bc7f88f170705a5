"""Contiguous blocks in time: neighbours of one trajectory stay on one side of the split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.autocorrelation import autocorrelation_time
from mlffbench.splits.common.groups import count, group_names, pool

__all__ = ["blocks"]

TIMES = ("time", "time_fs", "time_ps", "time_index", "step")
TRAJECTORIES = ("trajectory", "group")
FACTOR = 10.0  # a block of 10 τ: its ends, 2τ at most on either side of a border, stay a small part of it
RESOLVED = 50.0  # τ of a series shorter than this many τ is an underestimate


def blocks(
    dataset: Dataset,
    seed: int = 0,
    train: float = 0.8,
    block: int | str = "auto",
    gap: int = 0,
    trajectory: str | None = None,
    groups: str | Sequence[str] | None = None,
) -> Split:
    """Each trajectory is cut into blocks in time; whole blocks, drawn at random, train or are the test.

    After a random split, most test frames have a training frame next to them in time. Blocks are those of
    Flyvbjerg and Petersen (J. Chem. Phys. 91, 461 (1989)); their length comes from the integrated
    autocorrelation time τ of the energy (Sokal 1997) and stands in the split's notes.

    Parameters
    ----------
    dataset : Dataset
        Ordered by its column ``time`` (``time_fs``, ``time_ps``, ``time_index``, ``step``), else by file.
    seed : int
        Of the draw of blocks.
    train : float or int
        A share of the frames (0.8), or a number of frames, to the nearest block.
    block : int or "auto"
        About so many frames a block; by default 10 τ of each trajectory.
    gap : int
        Training frames nearer than this to a test frame, in frames, are left out.
    trajectory : str, optional
        The column that tells trajectories apart; by default ``trajectory`` or ``group``, where there is one,
        else all frames are one trajectory.
    groups : list of str, optional
        Only these values of the column ``group``.

    Raises
    ------
    ValueError
        Fewer than two blocks, no such column, or a gap that leaves nothing to train on.
    """
    _check(block, gap)
    frames = pool(dataset, groups)
    runs = _trajectories(dataset, frames, trajectory)
    tau = [autocorrelation_time(dataset.labels.energy[run]) for run in runs]
    lengths = [int(np.ceil(FACTOR * t)) if block == "auto" else int(block) for t in tau]
    pieces = [p for run, length in zip(runs, lengths, strict=True) for p in _cut(run, length)]
    if len(pieces) < 2:
        raise ValueError(
            f"the {len(frames)} frames are one block of {lengths[0]} (autocorrelation time of the energy "
            f"{tau[0]:.3g} frames); give a smaller block"
        )
    test = _draw(pieces, count(train, len(frames), "train"), seed)
    kept = _apart(runs, test, gap)
    left_out = len(frames) - len(test) - len(kept)
    notes = {**_notes(runs, tau, lengths), "blocks": len(pieces), "gap": gap, "left_out": left_out}
    if not len(kept):
        raise ValueError(f"a gap of {gap} frames beside blocks of {max(lengths)} leaves none to train on")
    return Split(kept, {"test": test}, "test", notes)


def _check(block: int | str, gap: int) -> None:
    if block != "auto" and not _is_count(block, 1):
        raise ValueError(f"block must be 'auto' or a number of frames, at least 1; got {block!r}")
    if not _is_count(gap, 0):
        raise ValueError(f"gap must be a number of frames, 0 or more; got {gap!r}")


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _trajectories(dataset: Dataset, frames: np.ndarray, column: str | None) -> list[np.ndarray]:
    """The frames of each trajectory, in time."""
    if column is None:
        column = next((c for c in TRAJECTORIES if c in dataset.columns), None)
    names = np.full(len(frames), "") if column is None else group_names(dataset, column)[frames]
    clock = next((c for c in TIMES if c in dataset.columns), None)
    time = frames if clock is None else np.asarray(dataset.columns[clock], dtype=float)[frames]
    runs = [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]
    return [frames[run[_order(dataset.name, time[run], clock)]] for run in runs]


def _order(name: str, time: np.ndarray, clock: str | None) -> np.ndarray:
    """By time; a trajectory without any (a scan) as it stands."""
    timeless = np.isnan(time)
    if timeless.any() and not timeless.all():
        raise ValueError(
            f"{name}: {timeless.sum()} frames of a trajectory have no {clock!r}, others have one"
        )
    return np.argsort(time, kind="stable")


def _cut(run: np.ndarray, length: int) -> list[np.ndarray]:
    """Equal blocks of about that length, never shorter than three quarters of it unless the run is."""
    return np.array_split(run, max(1, round(len(run) / length)))


def _draw(pieces: list[np.ndarray], n_train: int, seed: int) -> np.ndarray:
    """The test frames: blocks that remain when those drawn first hold about `n_train` frames."""
    order = np.random.default_rng(seed).permutation(len(pieces))
    held = np.cumsum([len(pieces[i]) for i in order])
    n = int(np.argmin(np.abs(held[:-1] - n_train))) + 1
    return np.sort(np.concatenate([pieces[i] for i in order[n:]]))


def _apart(runs: list[np.ndarray], test: np.ndarray, gap: int) -> np.ndarray:
    """Frames farther than `gap` from every test frame of their trajectory."""
    tested = np.zeros(max(run.max() for run in runs) + 1)
    tested[test] = 1
    width = np.ones(2 * gap + 1)
    far = [run[np.convolve(tested[run], width)[gap : gap + len(run)] < 0.5] for run in runs]
    return np.sort(np.concatenate(far))


def _notes(runs: list[np.ndarray], tau: list[float], lengths: list[int]) -> dict[str, Any]:
    """What was estimated, in frames: a number for one trajectory, [least, most] for several."""
    short = sum(len(run) < RESOLVED * t for run, t in zip(runs, tau, strict=True))
    notes = {
        "trajectories": len(runs),
        "autocorrelation_time": _range([round(t, 2) for t in tau]),
        "block_length": _range(lengths),
    }
    return notes | ({"trajectories_too_short_to_tell": short} if short else {})


def _range(values: list[Any]) -> Any:
    return values[0] if min(values) == max(values) else [min(values), max(values)]
