"""Checks of the numbers that predictions decide: labels, errors with intervals, energies along paths."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import Dataset, InvalidData, InvalidPrediction, Split
from mlffbench.harness.clusters import Clusters, cluster_results
from mlffbench.harness.documents.prediction_pack import NAME as PACK
from mlffbench.harness.documents.predictions import SHAPES, check, pack, unpack
from mlffbench.harness.group_results import DERIVATIVES, LARGEST, true_labels
from mlffbench.harness.metadata import energy_profile
from mlffbench.harness.scoring import score
from mlffbench.harness.submissions.entry import Entry
from mlffbench.harness.submissions.evidence import Evidence
from mlffbench.harness.submissions.refusal import Refusal
from mlffbench.system.array_archive import arrays_of
from mlffbench.system.regular_file import read_bytes
from mlffbench.system.strange_zip import MOST_BYTES, check_ratio

__all__ = ["number_refusals"]

Arrays = Mapping[str, np.ndarray]
Key = tuple[str, str, str]
RELATIVE, ABSOLUTE = 1e-6, 1e-12  # by which sums of other machines may differ
LABEL = 1e-8  # eV, eV/Å, eV/Å³: labels are equal to the nine digits that the digest of data has
BOUND = 1e-4  # relative: bounds of intervals are differences of nearly equal sums


def number_refusals(entry: Entry, folder: Path, evidence: Evidence) -> Iterator[Refusal]:
    """Refuse a finished case whose predictions cannot be used, or do not give its numbers."""
    try:
        arrays = _read(entry, folder)
    except (OSError, ValueError) as error:
        yield Refusal(entry.id, "predictions", str(error))
        return
    for reason in _prediction_faults(entry, arrays):
        yield Refusal(entry.id, "predictions", reason)
    for reason in _timing_faults(entry, arrays):
        yield Refusal(entry.id, "predictions", reason)
    try:
        split, dataset = evidence.split(entry.case), evidence.dataset(entry.case.dataset)
        clusters = evidence.clusters(entry.case)
    except InvalidData:
        return  # which is refused already
    for reason in _label_faults(entry, arrays, dataset, split, clusters):
        yield Refusal(entry.id, "predictions", reason)
    if all(test in clusters and len(clusters[test].labels) == _n(arrays, test) for test in entry.tests):
        for reason in _score_faults(entry, arrays, clusters):
            yield Refusal(entry.id, "scores", reason)
    for reason in _profile_faults(entry, arrays, dataset, split):
        yield Refusal(entry.id, "profiles", reason)


def _n(arrays: Arrays, test: str) -> int:
    """Number of frames of a test group."""
    return len(arrays[f"{test}/n_atoms"])


# ---------------------------------------------------------------- predictions
def _read(entry: Entry, folder: Path) -> dict[str, np.ndarray]:
    """Predictions of a case.

    Raises
    ------
    OSError, ValueError
        They are missing, not those that the document names, or not those of its test groups.
    """
    digest = entry.document.get("predictions")
    if not digest:
        raise ValueError("it names no predictions, from which its errors could be computed")
    file = folder / "predictions" / f"{entry.id}.npz"
    if file.is_symlink() or not file.is_file():
        rounded = f"; {PACK} may hold them rounded, for figures" if (folder / PACK).is_file() else ""
        raise ValueError(f"its predictions, predictions/{entry.id}.npz, are not there{rounded}")
    content = read_bytes(file, MOST_BYTES)
    if sha256(content).hexdigest() != digest:
        raise ValueError("its predictions are not those that the document names by their digest")
    _check_bomb(content)
    try:
        arrays = arrays_of(io.BytesIO(content))
        check(arrays, entry.document)
    except ValueError as error:
        raise ValueError(f"its predictions cannot be used: {error}") from error
    return arrays


def _check_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except Exception as error:  # of zipfile and struct
        raise ValueError(f"its predictions are no archive of arrays: {error}") from error
    if fault := check_ratio(unpacked, len(content)):
        raise ValueError(f"its predictions {fault}")


def _prediction_faults(entry: Entry, arrays: Arrays) -> Iterator[str]:
    """Arrays of no test group, numbers that are not finite, gaps of one group that another has not."""
    known = {f"{test}/{name}" for test in entry.tests for name in _names()}
    if unknown := sorted(arrays.keys() - known):
        yield f"its predictions hold {unknown[0]!r:.100}, which belongs to no test group that was predicted"
    for test in entry.tests:
        for name in SHAPES:
            values = arrays.get(f"{test}/{name}_predicted")
            if values is not None and not _is_finite(values, arrays.get(f"{test}/{name}_true")):
                yield f"its predicted {name} of {test!r:.60} are not all finite numbers"
    for quantity in DERIVATIVES:
        has = [test for test in entry.tests if f"{test}/{quantity}_predicted" in arrays]
        lacks = [t for t in entry.tests if f"{t}/{quantity}_true" in arrays and t not in has]
        if has and lacks:
            yield f"it predicts {quantity} of {has[0]!r:.60}, and none of {lacks[0]!r:.60}, which has labels"


def _names() -> list[str]:
    return ["n_atoms", "cluster", *(f"{name}_{side}" for name in SHAPES for side in ("true", "predicted"))]


def _is_finite(values: np.ndarray, true: np.ndarray | None) -> bool:
    """True if all numbers are finite, and none is missing that is labelled."""
    needed = np.ones(values.shape, bool) if true is None else np.isfinite(true)
    usable = np.abs(np.nan_to_num(values, nan=0.0, posinf=np.inf)) < LARGEST
    return bool(usable.all() and np.isfinite(values[needed]).all())


def _timing_faults(entry: Entry, arrays: Arrays) -> Iterator[str]:
    """Numbers of frames and atoms beside the times that are not those of the predictions."""
    for test, timing in ((entry.document.get("timings") or {}).get("predict") or {}).items():
        if f"{test}/n_atoms" not in arrays:
            continue
        sizes = {"n_frames": _n(arrays, test), "n_atoms": int(arrays[f"{test}/n_atoms"].sum())}
        for name, size in sizes.items():
            if timing.get(name) != size:
                yield f"its times of {test!r:.60} are of {timing.get(name)} {name[2:]}, predicted were {size}"


def _label_faults(
    entry: Entry, arrays: Arrays, dataset: Dataset, split: Split, clusters: Mapping[str, Clusters]
) -> Iterator[str]:
    """Labels and clusters beside the predictions that are not those of our data in our split."""
    for test in entry.tests:
        if test not in split.tests:
            yield f"it predicts {test!r:.60}, which our split does not have"
            continue
        indices = split.tests[test]
        frames = [dataset.frames[i] for i in indices]
        true = true_labels(dataset, indices, frames)
        ours = pack(test, [len(frame) for frame in frames], true, true)
        ours = {name: values for name, values in ours.items() if not name.endswith("_predicted")}
        if entry.document.get("clusters"):
            ours[f"{test}/cluster"] = clusters[test].labels
        stored = {name for name in arrays if name.startswith(f"{test}/") and not name.endswith("_predicted")}
        for name in sorted(ours.keys() ^ stored):
            yield f"{name!r:.100} stands beside its predictions or in our data, and not in both"
        for name in sorted(ours.keys() & stored):
            if not _equal(arrays[name], ours[name]):
                yield f"{name!r:.100} beside its predictions is not that of our data: other frames, or edited"


def _equal(stored: np.ndarray, ours: np.ndarray) -> bool:
    same = stored.shape == ours.shape
    return same and np.allclose(stored, ours, rtol=0.0, atol=LABEL, equal_nan=True)


# ---------------------------------------------------------------- scores
def _score_faults(entry: Entry, arrays: Arrays, clusters: Mapping[str, Clusters]) -> Iterator[str]:
    """Errors and intervals that are missing, added, or not those of the predictions."""
    try:
        functions = {name: registry.load("metrics", name) for name in entry.case.metrics}
        labels = {test: unpack(arrays, test) for test in entry.tests}
        scores = [
            s for test in entry.tests for s in score(test, *labels[test], functions, clusters[test].usable)
        ]
        sums = {test: cluster_results(clusters[test], *labels[test]) for test in entry.tests}
    except (InvalidPrediction, LookupError, ValueError) as error:
        yield f"its errors cannot be computed from its predictions: {error}"
        return
    ours = {(s.test, s.quantity, s.metric): asdict(s) for s in scores}
    stated = {_key(s): s for s in entry.document["scores"] if not s.get("task")}
    for keys, sentence in (
        (ours.keys() - stated.keys(), "of its errors are left out, the first"),
        (stated.keys() - ours.keys(), "of its errors follow from no predictions, the first"),
    ):
        if keys:
            yield f"{len(keys)} {sentence}: {_called(min(keys))}"
    clustered = entry.document.get("clusters")
    faults = [_score_fault(stated[key], ours[key], bool(clustered)) for key in ours if key in stated]
    if faults := [fault for fault in faults if fault]:
        more = f", and {len(faults) - 1} others" if len(faults) > 1 else ""
        yield f"{faults[0]}{more}"
    if not clustered:
        yield "its intervals are older than clusters of frames: 'mlffbench score' computes them again"
    elif not _equal_values(clustered, sums):
        yield "its errors by cluster of frames are not those of data and predictions"


def _equal_values(stated: Any, ours: Any, more: float = 0.0) -> bool:
    """True for nested values that are equal, numbers to six digits or within `more`."""
    if isinstance(ours, Mapping):
        alike = isinstance(stated, Mapping) and stated.keys() == ours.keys()
        return alike and all(_equal_values(stated[name], value, more) for name, value in ours.items())
    if isinstance(ours, list):
        alike = isinstance(stated, list) and len(stated) == len(ours)
        return alike and all(_equal_values(a, b, more) for a, b in zip(stated, ours, strict=True))
    if isinstance(ours, float) and isinstance(stated, int | float):
        return _close(stated, ours, more)
    return bool(stated == ours)


def _key(score: Mapping[str, Any]) -> Key:
    return score["test"], score["quantity"], score["metric"]


def _called(key: Key) -> str:
    test, quantity, metric = key
    return f"{quantity} {metric} on {test}"[:200]


def _score_fault(stated: Mapping[str, Any], ours: Mapping[str, Any], with_interval: bool) -> str:
    """Sentence on a score that is not the one of the predictions; '' if it is."""
    called = _called(_key(stated))
    if stated.get("unit") != ours["unit"]:
        return f"{called} is in {stated.get('unit')!r:.40}, not in {ours['unit']}"
    if not _close(stated["value"], ours["value"]):
        return f"{called} is {stated['value']} in the document, {ours['value']:.6g} from its predictions"
    if any(stated.get(name) is not None for name in ("predicted", "reference")):
        return f"{called} is an error, and has a predicted or reference value"
    bounds = [stated.get("low"), stated.get("high")], [ours["low"], ours["high"]]
    if with_interval and not all(_close(a, b, tolerance=BOUND) for a, b in zip(*bounds, strict=True)):
        given = f"{called} has the interval {bounds[0]}, its predictions give {bounds[1]}"
        return f"{given}; 'mlffbench score' brings a folder of an earlier mlffbench up to date"
    return ""


def _close(stated: Any, ours: float | None, more: float = 0.0, tolerance: float = RELATIVE) -> bool:
    if stated is None or ours is None:
        return stated is ours
    return math.isclose(stated, ours, rel_tol=tolerance, abs_tol=max(ABSOLUTE, more))


# ---------------------------------------------------------------- profiles
def _profile_faults(entry: Entry, arrays: Arrays, dataset: Dataset, split: Split) -> Iterator[str]:
    """Energies along paths that are missing, added, or not those of data and predictions."""
    ours: dict[str, Any] = {}
    for test in entry.tests:
        if test in split.tests and len(split.tests[test]) == _n(arrays, test):
            _, _, predicted = unpack(arrays, test)
            ours |= energy_profile(test, dataset, split.tests[test], predicted)
    stated = entry.document.get("profiles") or {}
    if stated.keys() != ours.keys():
        yield f"it has energies along {sorted(stated)}, data and predictions along {sorted(ours)}"
    for test in sorted(stated.keys() & ours.keys()):
        names = ("coordinate", "energy_true", "energy_predicted")
        if any(not _equal_values(stated[test].get(name), ours[test][name], LABEL) for name in names):
            yield f"its energies along {test!r:.60} are not those of data and predictions"
