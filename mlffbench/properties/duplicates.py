"""Duplicate structures up to isometry, order of the atoms and choice of the cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import inf

import numpy as np
from ase import Atoms

from mlffbench.properties import pointwise_distances
from mlffbench.system.progress import report

__all__ = ["TOLERANCE", "Duplicate", "find_duplicates"]

TOLERANCE = 3e-3  # Å
N_WIDEST = 16  # a k-d tree of 1e5 frames splits 17 times: more columns cost time and cut nothing
N_CANDIDATES = 20  # frames of phonons or low temperature differ little: all are near-duplicates
CHUNK = 1000  # frames
BATCH = 1_000_000  # distances


@dataclass(frozen=True)
class Duplicate:
    """Two frames of one structure: their indices, and their distance in Å."""

    i: int
    j: int
    distance: float


@dataclass(frozen=True)
class _Frames:
    """Indices and signatures of the frames of one kind (composition, periodic directions)."""

    indices: np.ndarray
    signatures: np.ndarray


def find_duplicates(
    frames: Sequence[Atoms],
    others: Sequence[Atoms] | None = None,
    tolerance: float = TOLERANCE,
    near: float | None = None,
) -> list[Duplicate]:
    """Find pairs of frames that are the same structure within a tolerance.

    The distance of two frames is that of their pointwise distance distributions [1]_, see
    `mlffbench.properties.pointwise_distances`. It is invariant to translation, rotation, order of the atoms,
    origin and choice of the cell (primitive, reduced, sheared, repeated), **and to reflection**: mirror
    images have the same energy and count as duplicates. Moving every atom by at most ε changes the distance
    by at most 2ε. Distances do not always determine a structure: rare distinct ones share all of theirs.

    Parameters
    ----------
    frames : sequence of Atoms
        May be lazy: each is read once, in order, and likely duplicates once more.
    others : sequence of Atoms, optional
        Frames `j` to compare with the frames `i`; by default pairs i < j within `frames`.
    tolerance : float
        Å. The default, 0.003, tolerates coordinates rounded to three digits and noise of 3e-4 Å. Frames
        one step of 0.5 fs apart differ by 0.02 Å and more (rMD17), strains of 2 % by 0.1 Å (mlearn), and
        frames of separate trajectories by 0.1 Å and more (AcAc).
    near : float, optional
        Å. Also pair each frame of `others` that has no duplicate with one of `frames` at most so far away, a
        near-duplicate, searched among the 20 frames with the most similar average distances.

    Returns
    -------
    list of Duplicate
        Sorted by distance, then by index.

    Raises
    ------
    ValueError
        A frame without atoms, with positions that are not finite, or with a periodic cell without volume;
        a negative tolerance; `near` without `others`.

    References
    ----------
    .. [1] D. Widdowson, V. Kurlin, "Resolving the data ambiguity for periodic crystals", NeurIPS 2022,
       arXiv:2108.04798; for the averages by which a k-d tree finds candidates: D. Widdowson et al., "Average
       minimum distances of periodic point sets", MATCH 87, 529 (2022), arXiv:2009.02488.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance is a distance in Å, not negative; got {tolerance!r}")
    if near is not None and others is None:
        raise ValueError("near-duplicates are looked for across two lists of frames: give others")
    left = _frames_by_kind(frames)
    right = left if others is None else _frames_by_kind(others)
    measure = _distance_function(frames, frames if others is None else others)
    duplicates: list[Duplicate] = []
    for kind in left.keys() & right.keys():
        search = _Search(left[kind], right[kind], measure)
        duplicates += search.all(tolerance, ordered=others is None)
        if near is not None and near > tolerance:
            duplicates += search.one_each(near, without={d.j for d in duplicates})
    return sorted(duplicates, key=lambda d: (d.distance, d.i, d.j))


def _distance_function(
    frames: Sequence[Atoms], others: Sequence[Atoms]
) -> Callable[[int, int, float], float]:
    """Return a function of i, j and a tolerance: the distance of frames[i] and others[j], Å.

    The rows of distances of the last frames are cached.
    """
    rows_of = lambda atoms: tuple(r[0] for r in pointwise_distances.rows([atoms]))
    read = lru_cache(CHUNK)(lambda i: rows_of(frames[i]))
    read_other = read if others is frames else lru_cache(CHUNK)(lambda j: rows_of(others[j]))
    return lambda i, j, tolerance: pointwise_distances.distance(read(i), read_other(j), tolerance)


def _frames_by_kind(frames: Sequence[Atoms]) -> dict[pointwise_distances.Kind, _Frames]:
    """Group the frames by periodic directions and composition; each is read once."""
    groups: dict[pointwise_distances.Kind, tuple[list[int], list[np.ndarray]]] = {}
    for start in range(0, len(frames), CHUNK):
        stop = min(start + CHUNK, len(frames))
        part = [pointwise_distances.check_frame(frames[i], i) for i in range(start, stop)]
        for batch in _batches_of_equal_numbers(part):
            indices, signatures = groups.setdefault(pointwise_distances.kind(part[batch[0]]), ([], []))
            indices += [start + k for k in batch]
            signatures.append(
                pointwise_distances.signature(pointwise_distances.rows([part[k] for k in batch]))
            )
        report("distances", start + len(part), len(frames))
    return {kind: _Frames(np.array(i), np.concatenate(s)) for kind, (i, s) in groups.items()}


def _batches_of_equal_numbers(frames: Sequence[Atoms]) -> Iterator[list[int]]:
    """Batches of frames with the same atomic numbers in the same order: their distances are one array."""
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for i, atoms in enumerate(frames):
        groups.setdefault(
            (atoms.numbers.tobytes(), pointwise_distances.periodic_directions(atoms).tobytes()), []
        ).append(i)
    for group in groups.values():
        n_atoms = len(frames[group[0]])
        size = max(1, BATCH // (n_atoms * max(n_atoms, pointwise_distances.N_NEIGHBOURS)))
        yield from (group[k : k + size] for k in range(0, len(group), size))


class _Search:
    """Search among frames of one kind: a k-d tree of signatures proposes pairs, the distance decides."""

    def __init__(self, left: _Frames, right: _Frames, measure: Callable[[int, int, float], float]) -> None:
        from scipy.spatial import KDTree

        self.left, self.right, self.measure = left, right, measure
        self.widest = np.argsort(-left.signatures.std(axis=0), kind="stable")[:N_WIDEST]
        self.tree = KDTree(left.signatures[:, self.widest])
        self.resolution = 1e-6 * max(1.0, float(left.signatures.max()))  # of float32

    def all(self, tolerance: float, ordered: bool) -> Iterator[Duplicate]:
        """Every pair within the tolerance; if `ordered`, only i < j of one list."""
        radius = tolerance + self.resolution
        for j, part, columns in self._chunks("duplicates"):
            for b, hits in enumerate(self.tree.query_ball_point(columns, radius, p=inf)):
                bounds = np.abs(self.left.signatures[hits] - part[b]).max(axis=1, initial=0.0)
                for i in self.left.indices[np.array(hits, dtype=int)[bounds <= radius]].tolist():
                    if not ordered or i < j[b]:
                        distance = self.measure(i, j[b], tolerance)
                        if distance <= tolerance:
                            yield Duplicate(i, j[b], distance)

    def one_each(self, near: float, without: set[int]) -> Iterator[Duplicate]:
        """One near frame for each frame on the right that is not in `without`, by likeness of signatures."""
        radius = near + self.resolution
        for j, part, columns in self._chunks("near-duplicates"):
            hits = self.tree.query(columns, N_CANDIDATES, p=inf, distance_upper_bound=radius)[1]
            for b in (b for b in range(len(j)) if j[b] not in without):
                near_hits = hits[b][hits[b] < len(self.left.indices)]
                bounds = np.abs(self.left.signatures[near_hits] - part[b]).max(axis=1, initial=0.0)
                candidates = self.left.indices[
                    near_hits[np.argsort(bounds, kind="stable")][: np.sum(bounds <= radius)]
                ]
                pairs = (Duplicate(i, j[b], self.measure(i, j[b], near)) for i in candidates.tolist())
                yield from islice((d for d in pairs if d.distance <= near), 1)

    def _chunks(self, stage: str) -> Iterator[tuple[list[int], np.ndarray, np.ndarray]]:
        """Chunks of the frames on the right: indices, signatures, and the tree's columns of these."""
        indices, signatures = self.right.indices, self.right.signatures
        for start in range(0, len(indices), CHUNK):
            part = signatures[start : start + CHUNK]
            yield indices[start : start + CHUNK].tolist(), part, part[:, self.widest]
            report(stage, start + len(part), len(indices))
