"""Structures of test frames, of data sets that are on this machine: a report downloads nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ase import Atoms

from mlffbench import registry
from mlffbench.data import Dataset, InvalidData, Spec, Split
from mlffbench.datasets.sources.availability import sources_of
from mlffbench.harness.budget import training_part
from mlffbench.harness.case_data import load_dataset

__all__ = ["frames_of", "test_frames"]

USERS = "path"  # data set of files that a document names: a report opens none of them


def frames_of(
    documents: Iterable[Mapping[str, Any]],
) -> Callable[[str, str, Sequence[int]], list[Atoms] | None]:
    """Return the function that finds frames of a test group by the id of one of these documents."""
    by_id = {document["id"]: document for document in documents}
    return lambda id, group, numbers: test_frames(by_id[id], group, numbers) if id in by_id else None


def test_frames(document: Mapping[str, Any], group: str, numbers: Sequence[int]) -> list[Atoms] | None:
    """Frames of a test group by their numbers in it; None where the data are not here or not the same.

    Parameters
    ----------
    document : mapping
        Of a finished case. Its data set must be one of mlffbench's own, and the digests of data and split
        those of the document.
    group : str
    numbers : sequence of int
    """
    case = document["case"]
    named = case["dataset"]["name"], case["split"]["name"]
    known = registry.names("datasets"), registry.names("splits")
    if named[0] == USERS or not all(name in names for name, names in zip(named, known, strict=True)):
        return None
    try:
        labels = (case.get("budget") or {}).get("labels")
        texts = (json.dumps(case[k], sort_keys=True) for k in ("dataset", "split", "seed"))
        dataset, split = _data(*texts, labels)
    except (LookupError, ValueError, OSError, TypeError, InvalidData):
        return None
    same = split is not None and split.digest == (document.get("split") or {}).get("digest")
    if dataset is None or split is None or not same or group not in split.tests:
        return None
    return [dataset.frames[int(split.tests[group][i])] for i in numbers]


@lru_cache(maxsize=2)
def _data(dataset: str, split: str, seed: str, labels: int | None) -> tuple[Dataset | None, Split | None]:
    """Data set and split with the budget of labels; None where a file would have to be downloaded."""
    spec, way = Spec(**json.loads(dataset)), Spec(**json.loads(split))
    if not all(source.is_here for source in sources_of(spec)):
        return None, None
    whole = load_dataset(spec)
    whole_split = registry.load("splits", way.name)(whole, seed=json.loads(seed), **way.params)
    return whole, training_part(whole_split, labels, json.loads(seed))
