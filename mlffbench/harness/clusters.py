"""Clusters of test frames: trajectories, groups or blocks in time, whose errors are independent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from mlffbench.data import NO_NAMES, Dataset, Labels, value_name
from mlffbench.harness.error_sums import LEAST, merged
from mlffbench.harness.scoring import comparisons, sums_of
from mlffbench.splits.common.autocorrelation import autocorrelation_time

__all__ = ["Clusters", "blocks_of", "cluster_results", "clusters_of_group", "stored_clusters"]

COLUMNS = {  # of what frames may come from, and the word for several
    "trajectory": "trajectories", "parent": "parents", "molecule": "molecules", "material": "materials",
    "compound": "compounds", "structure_id": "structures", "composition": "compositions",
    "config_type": "kinds of frames",
}  # fmt: skip
LEVELS = ("group", "kind", "config_type", "temperature", "phase")  # means of which are no correlation
TIMES = ("time", "time_fs", "time_ps", "time_index", "step")
WHITE = 1.645  # σ of the lag-one correlation below which a series counts as uncorrelated
LENGTH = 5.0  # of a block in τ of the energy, about 10 τ of squared errors
SUMMED = ("forces", "energy_per_atom", "energy_per_atom_shifted", "stress")


@dataclass(frozen=True, eq=False)
class Clusters:
    """Cluster of each frame of a test group.

    Attributes
    ----------
    labels : (n,) array of int
        From 0 on, in the order of the frames.
    unit : str
        Their name: ``trajectories``, ``blocks of 12 frames``, ``test frames``.
    reason : str
        Why the frames are no sample that can be resampled; '' if they are.
    """

    labels: np.ndarray
    unit: str
    reason: str = ""

    @property
    def n(self) -> int:
        """Number of clusters."""
        return int(self.labels.max()) + 1

    @property
    def usable(self) -> np.ndarray:
        """The labels; one cluster, which makes no interval, where there is a `reason`."""
        return np.zeros_like(self.labels) if self.reason else self.labels

    def digest(self, true: Labels) -> str:
        """Digest of the clusters and of the frames in them, as their true energies tell."""
        sha = hashlib.sha256((np.round(true.energy, 9) + 0.0).tobytes())
        sha.update(self.labels.astype("<i8").tobytes())
        return sha.hexdigest()[:16]


def clusters_of_group(
    dataset: Dataset, test: str, indices: np.ndarray, column: str | None = None
) -> Clusters:
    """Clusters of the frames of a test group.

    1. Frames with a finite ``coordinate`` are points of a path or scan: no sample, no interval.
    2. Else the frames with one value of a column are a cluster, of the first column with 5 values or more
       among `column`, which the split keeps together, and ``trajectory``, ``parent``, ``molecule``,
       ``material``, ``compound``, ``structure_id``, ``composition``, ``config_type``; a frame without a value
       is one of its own.
    3. Else, in order of time or of the file, blocks of 5 τ frames, of the autocorrelation time τ of the
       energy per atom without its means over kinds of frames (columns ``group``, ``kind``, ``temperature``
       ..., and formula); single frames where neighbours are not correlated.

    Fewer than 5 clusters make no interval.

    Parameters
    ----------
    dataset : Dataset
    test : str
        Name of the group, for the reason.
    indices : (n,) array of int
    column : str, optional
    """
    coordinate = _numbers(dataset, "coordinate", indices)
    if coordinate is not None and np.isfinite(coordinate).all():
        reason = f"{test} is a path of {len(indices)} points, no sample"
        return Clusters(np.zeros(len(indices), dtype=int), "points of a path", reason)
    for name in dict.fromkeys(filter(None, (column, *COLUMNS))):
        values = _values(dataset, name, indices)
        if len({value for value in values if value not in NO_NAMES}) >= LEAST:
            return _by_value(values, COLUMNS.get(name, f"values of {name}"))
    n_atoms = np.array([len(dataset.frames[i]) for i in indices])
    levels = [_values(dataset, name, indices) for name in LEVELS]
    levels.append([dataset.frames[i].get_chemical_formula() for i in indices])
    kinds = [" ".join(names) for names in zip(*filter(None, levels), strict=True)]
    order = _in_time(dataset, indices)
    return blocks_of(dataset.labels.energy[indices] / n_atoms, test, kinds, order)


def _values(dataset: Dataset, name: str, indices: np.ndarray) -> list[str]:
    """Texts of a column; none without the column."""
    column = dataset.columns.get(name)
    return [] if column is None else [value_name(column[i]) for i in indices.tolist()]


def _numbers(dataset: Dataset, name: str, indices: np.ndarray) -> np.ndarray | None:
    """Numbers of a column; None without the column, or if it holds texts."""
    column = np.asarray(dataset.columns.get(name, ()))
    return column[indices].astype(float) if len(column) and column.dtype.kind in "iuf" else None


def _by_value(values: Sequence[str], unit: str) -> Clusters:
    names = [f"{i}" if value in NO_NAMES else f"={value}" for i, value in enumerate(values)]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return Clusters(merged(np.array([numbers[name] for name in names])), unit)


def _in_time(dataset: Dataset, indices: np.ndarray) -> np.ndarray:
    """Order of the frames: by trajectory, time and place in the file, as far as known."""
    clocks = (_numbers(dataset, name, indices) for name in TIMES)
    times = next((clock for clock in clocks if clock is not None), np.zeros(len(indices)))
    runs = _values(dataset, "trajectory", indices) or [""] * len(indices)
    return np.lexsort((indices, np.nan_to_num(times, nan=np.inf), np.unique(runs, return_inverse=True)[1]))


def blocks_of(
    energy: np.ndarray, test: str, kinds: Sequence[str] = (), order: np.ndarray | None = None
) -> Clusters:
    """Blocks of frames in order of time, longer than what correlates them; frames where nothing does.

    Parameters
    ----------
    energy : (n,) array
        Energies per atom, eV.
    kinds : sequence of str
        Kind of each frame; the means over these are taken off before the correlation is.
    order : (n,) array of int, optional
        Places of the frames in order of time; by default as they are.
    """
    n = len(energy)
    order = np.arange(n) if order is None else order
    series = (energy - _means(energy, kinds))[order]
    length = 1 if _is_white(series) else ceil(LENGTH * autocorrelation_time(series))
    n_blocks = min(n, max(1, n // length))
    labels = np.empty(n, dtype=int)
    labels[order] = np.arange(n) * n_blocks // n
    unit = "test frames" if length == 1 else f"blocks of {length} frames"
    if n_blocks >= LEAST:
        return Clusters(merged(labels), unit)
    words = f"correlated over blocks of {length}" if length > 1 else f"fewer than {LEAST}"
    return Clusters(labels, unit, f"{test} has {n} frame(s), {words}")


def _means(energy: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
    """Mean energy of the frames of each kind."""
    if not len(kinds):
        return np.full(len(energy), energy.mean())
    _, place = np.unique(np.asarray(kinds), return_inverse=True)
    return np.asarray((np.bincount(place, weights=energy) / np.bincount(place))[place])


def _is_white(series: np.ndarray) -> bool:
    """True where the correlation of neighbours is not significantly positive."""
    off = series - series.mean()
    square = float(np.sum(off**2))
    scale = 1e-12 * float(np.abs(series).max())
    if len(series) < 3 or square <= len(series) * scale**2:
        return True
    return float(np.sum(off[1:] * off[:-1])) / square < WHITE / np.sqrt(len(series))


def stored_clusters(
    document: Mapping[str, Any], arrays: Mapping[str, np.ndarray], test: str
) -> Clusters | None:
    """Clusters of a test group as they are stored with its predictions; None in older results folders."""
    labels, entry = arrays.get(f"{test}/cluster"), (document.get("clusters") or {}).get(test)
    if labels is None or not entry or labels.shape != arrays[f"{test}/n_atoms"].shape or labels.min() < 0:
        return None
    return Clusters(labels.astype(int), entry.get("unit") or "test frames", entry.get("reason") or "")


def cluster_results(
    clusters: Clusters, n_atoms: Sequence[int], true: Labels, predicted: Labels
) -> dict[str, Any]:
    """Entry of a document: the clusters of a test group and, of what was predicted, the sums of errors."""
    entry = {"unit": clusters.unit, "n": clusters.n, "digest": clusters.digest(true)}
    if clusters.reason:
        return {**entry, "reason": clusters.reason}
    return {**entry, "sums": dict(_sums(clusters, n_atoms, true, predicted))}


def _sums(
    clusters: Clusters, n_atoms: Sequence[int], true: Labels, predicted: Labels
) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """Sums of the errors of each quantity; of forces and stresses over the frames that have a true one."""
    for one in comparisons(n_atoms, true, predicted):
        if one.quantity in SUMMED:
            yield one.quantity, sums_of(one, clusters.labels[one.frames]).to_json()
