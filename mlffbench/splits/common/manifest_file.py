"""Split manifest: a small file that identifies training and test structures in any order of the frames.

A structure is identified by a fingerprint that survives rewriting in another format: a digest of the atomic
numbers and of the periodic directions, and four weighted means of the coordinates, compared with a tolerance.
A hash of rounded coordinates would change where one of hundreds of them lies at a border of the rounding.
"""

from __future__ import annotations

import base64
import hashlib
import json
import operator
from collections import deque
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from mlffbench.data import Dataset, Split
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.text_file import read_text

__all__ = ["FORMAT", "apply", "export", "fingerprints", "read", "write"]

FORMAT = "mlffbench split 1"
UNIT = 1e-6  # of the stored means, Å
TOLERANCE = 200  # units: rounding to four decimals or single precision stays below it, a step of MD does not
FREQUENCIES = np.sqrt([2.0, 3.0, 5.0, 7.0])  # irrational: no two coordinates weigh the same
N_NUMBERS = 1 + len(FREQUENCIES)
TRAINING_PART = ""  # key of the training set among the parts: a test may be called "train"
KIND_SPACING = 1e10  # between kinds in the search, in units; float64 then still resolves units for 10⁵ kinds


def fingerprints(frames: Iterable[Atoms]) -> np.ndarray:
    """Fingerprints of the structures, (n, 5) int32: a digest, and four means in 10⁻⁶ Å.

    mean_k = Σ_i cos(2π i √p_k) x_i / √n over the n coordinates x_i of positions and periodic cell vectors,
    p = 2, 3, 5, 7. Labels and cell vectors without pbc do not count. The order of the atoms, their wrapping
    and the orientation do: a copy with other ones is another structure.

    Raises
    ------
    ValueError
        A position or cell vector is not finite.
    """
    rows = [_fingerprint(i, atoms) for i, atoms in enumerate(frames)]
    return np.array(rows, dtype="<i4").reshape(-1, N_NUMBERS)


def _fingerprint(i: int, atoms: Atoms) -> np.ndarray:
    """Fingerprint of frame `i`, (5,)."""
    pbc = np.asarray(atoms.pbc, dtype=bool)
    x = np.concatenate([atoms.positions.ravel(), np.asarray(atoms.cell)[pbc].ravel()])
    if not np.isfinite(x).all():
        raise ValueError(f"frame {i} has positions or cell vectors that are not finite")
    sha = hashlib.sha256(np.asarray(atoms.numbers, dtype="<i8").tobytes() + pbc.astype("u1").tobytes())
    kind = np.frombuffer(sha.digest()[:4], dtype="<i4")
    means = np.round(_weights(len(x)) @ x / UNIT).astype(np.int64)
    return np.concatenate([kind, means.astype("<i4")])  # a mean beyond 2 km wraps, the same everywhere


@lru_cache(maxsize=128)
def _weights(n: int) -> np.ndarray:
    """Weights of n coordinates in the four means, (4, n)."""
    return np.cos(2 * np.pi * np.outer(FREQUENCIES, np.arange(1, n + 1))) / np.sqrt(n)


# ---------------------------------------------------------------- writing
def export(dataset: Dataset, split: Split, made_by: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a split: plain JSON, some 35 bytes a frame.

    Parameters
    ----------
    made_by : mapping
        Name, parameters and seed of the split: ``{"split": "blocks", "params": {...}, "seed": 0}``.
    """

    def part(indices: np.ndarray) -> dict[str, Any]:
        numbers = fingerprints(dataset.frames[int(i)] for i in indices)
        return {"indices": indices.tolist(), "structures": base64.b64encode(numbers.tobytes()).decode()}

    return {
        "format": FORMAT,
        "dataset": {"name": dataset.name, "digest": dataset.digest, "n_frames": len(dataset)},
        "made_by": dict(made_by),
        "notes": dict(split.notes),
        "in_domain": split.in_domain,
        "train": part(split.train),
        "tests": {name: part(indices) for name, indices in split.tests.items()},
    }


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document atomically."""
    with atomic_write(Path(path)) as file:
        file.write(f"{json.dumps(document, ensure_ascii=False)}\n".encode())


# ---------------------------------------------------------------- reading
def read(path: Path) -> dict[str, Any]:
    """Read the document of a file.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is no split manifest, of another version, cut short, or damaged.
    """
    try:
        document = json.loads(read_text(path))
    except FileNotFoundError:
        where = Path(path).absolute().parent
        raise FileNotFoundError(f"no split manifest {str(path)!r}, seen from {str(where)!r}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a split manifest, or cut short: {error}") from None
    try:
        _parts(document)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return document


def apply(document: Mapping[str, Any], dataset: Dataset) -> Split:
    """Return the split of a document on a dataset: the same structures, in any order of the frames.

    Each part keeps the document's order. Among identical structures the one at the document's index is taken,
    else the first that is free. The split's notes count frames at another index as ``moved``, and those of
    them with an identical structure as ``ambiguous``. Frames that the document does not name are left out.

    Raises
    ------
    ValueError
        Structures of the document are not in the dataset, or the document is damaged.
    """
    parts = _parts(document)
    indices = np.concatenate([p[0] for p in parts.values()])
    index, first = np.unique(indices, return_index=True)  # a frame may be in two tests
    wanted = np.concatenate([p[1] for p in parts.values()])[first]
    frames, ambiguous = _match(index, wanted, fingerprints(dataset.frames))
    if (frames < 0).any():
        raise ValueError(_missing(document, dataset, index[frames < 0], len(index)))
    moved = frames != index
    counts = {"moved": int(moved.sum()), "ambiguous": int((moved & ambiguous).sum())}
    notes = {**(document.get("notes") or {}), "made_by": document.get("made_by"), **counts}
    tests = {name: frames[np.searchsorted(index, places)] for name, (places, _) in parts.items()}
    return Split(tests.pop(TRAINING_PART), tests, document.get("in_domain"), notes)


def _parts(document: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Indices (n,) and fingerprints (n, 5) of the training set and of every test."""
    if not isinstance(document, Mapping) or "format" not in document:
        raise ValueError("this is no split manifest: it has no 'format'")
    if document["format"] != FORMAT:
        raise ValueError(f"its format is {document['format']!r}; this mlffbench reads {FORMAT!r}")
    if not all(isinstance(document.get(key) or {}, Mapping) for key in ("notes", "made_by")):
        raise ValueError("the entries 'notes' and 'made_by' of a split manifest are mappings")
    if not isinstance(document.get("in_domain"), str | None):
        raise ValueError("the entry 'in_domain' of a split manifest is the name of a test")
    missing = [key for key in ("dataset", "train", "tests") if not isinstance(document.get(key), Mapping)]
    if missing:
        raise ValueError(
            f"a split manifest has the entries 'dataset', 'train' and 'tests'; this lacks {missing}"
        )
    return {TRAINING_PART: _part("train", document["train"])} | {
        name: _part(f"test {name!r}", part) for name, part in document["tests"].items()
    }


def _part(name: str, part: Any) -> tuple[np.ndarray, np.ndarray]:
    """Indices (n,) and fingerprints (n, 5) of one part."""
    try:
        indices = np.array([operator.index(i) for i in part["indices"]], dtype=np.int64)
        raw = base64.b64decode(part["structures"], validate=True)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} of the manifest is damaged: {error!r}") from None
    if len(raw) != 4 * N_NUMBERS * indices.size or indices.ndim != 1 or (indices < 0).any():
        raise ValueError(f"{name} of the manifest is damaged: its indices and structures do not match")
    return indices, np.frombuffer(raw, dtype="<i4").reshape(-1, N_NUMBERS)


# ---------------------------------------------------------------- matching structures
def _match(index: np.ndarray, wanted: np.ndarray, have: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Match wanted fingerprints with those of the frames.

    Returns
    -------
    matches : (n,) array of int
        Frame of each wanted structure, −1 for none.
    ambiguous : (n,) array of bool
        Other frames are identical to it.
    """
    keys = np.unique(np.concatenate([wanted, have]), axis=0, return_inverse=True)[1].ravel()
    want, own = keys[: len(wanted)], keys[len(wanted) :]
    matches = np.full(len(index), -1)
    if not len(have):
        return matches, matches >= 0
    in_place = index < len(own)
    in_place[in_place] = own[index[in_place]] == want[in_place]
    matches[in_place] = index[in_place]
    free = _queues(own, np.setdiff1d(np.arange(len(own)), index[in_place]))
    lost = []
    for i in np.flatnonzero(~in_place):
        if free.get(want[i]):
            matches[i] = free[want[i]].popleft()
        else:
            lost.append(i)
    _match_rounded(matches, _queues(want, np.array(lost, dtype=int)), wanted, free, have)
    return matches, np.bincount(own)[own[matches]] > 1


def _queues(keys: np.ndarray, places: np.ndarray) -> dict[int, deque[int]]:
    """Queue of the places of each key, in order."""
    queues: dict[int, deque[int]] = {}
    for place in places.tolist():
        queues.setdefault(keys[place], deque()).append(place)
    return queues


def _match_rounded(
    matches: np.ndarray,
    lost: dict[int, deque[int]],
    wanted: np.ndarray,
    free: dict[int, deque[int]],
    have: np.ndarray,
) -> None:
    """Fill `matches` with the nearest free frames within the tolerance, the nearest pairs first."""
    ours, theirs = list(lost.values()), [queue for queue in free.values() if queue]
    if not ours or not theirs:
        return
    kinds = np.unique(np.concatenate([wanted[:, 0], have[:, 0]]))
    points = [
        np.column_stack([np.searchsorted(kinds, rows[:, 0]) * KIND_SPACING, rows[:, 1:]])
        for rows in (wanted[[q[0] for q in ours]], have[[q[0] for q in theirs]])
    ]
    pairs = cKDTree(points[0]).sparse_distance_matrix(cKDTree(points[1]), TOLERANCE, output_type="ndarray")
    for i, j, _ in np.sort(pairs, order=["v", "i", "j"]).tolist():
        while ours[i] and theirs[j]:
            matches[ours[i].popleft()] = theirs[j].popleft()


def _missing(document: Mapping[str, Any], dataset: Dataset, lost: np.ndarray, n: int) -> str:
    """The error message for structures that are not in the dataset."""
    name, n_frames = (document["dataset"].get(key) for key in ("name", "n_frames"))
    return (
        f"{len(lost)} of the {n} structures of this split are not in {dataset.name} ({len(dataset)} frames); "
        f"the first was frame {lost[0]} of {name!r} ({n_frames} frames). A copy must keep units, orientation "
        "and the order of the atoms, and must not wrap them"
    )
