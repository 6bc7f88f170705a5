"""Structures of test frames, of data that are on this machine: a report downloads nothing.

Of a user's files it opens those that the caller names: a document of a stranger could name any file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ase import Atoms

from mlffbench import registry
from mlffbench.data import Dataset, InvalidData, Spec, Split
from mlffbench.datasets.sources.availability import OWN, own_paths, sources_of
from mlffbench.harness.budget import training_part
from mlffbench.harness.case_data import load_dataset
from mlffbench.report.problems import dig

__all__ = ["frames_of"]

CALCULATORS = "truth"  # keyword of a user's files that runs code


def frames_of(
    documents: Iterable[Mapping[str, Any]], data: Iterable[str] = ()
) -> Callable[[str, str, Sequence[int]], list[Atoms] | None]:
    """Return the function that finds frames of a test group by the id of one of these documents.

    Parameters
    ----------
    documents : iterable of mapping
    data : iterable of str
        Paths of a user's own files, folders or patterns that may be opened.
    """
    by_id = {document["id"]: document for document in documents}
    may_open = frozenset(map(_absolute, data))
    return lambda id, group, numbers: (
        _group_frames(by_id[id], group, numbers, may_open) if id in by_id else None
    )


def _group_frames(
    document: Mapping[str, Any], group: str, numbers: Sequence[int], may_open: Collection[str]
) -> list[Atoms] | None:
    """Frames of a test group by their numbers in it; None where the data are not here or not the same.

    The data set must be one of mlffbench's own, or of files that may be opened, and the digests of data and
    split those of the document.
    """
    case = document["case"]
    if not _is_safe(case, may_open):
        return None
    try:
        labels = (case.get("budget") or {}).get("labels")
        texts = (json.dumps(case[k], sort_keys=True) for k in ("dataset", "split", "seed"))
        dataset, split = _data(*texts, labels)
    except (LookupError, ValueError, OSError, TypeError, InvalidData):
        return None
    if dataset is None or split is None or group not in split.tests:
        return None
    if [dataset.digest, split.digest] != [dig(document, part, "digest") for part in ("dataset", "split")]:
        return None
    return [dataset.frames[int(split.tests[group][i])] for i in numbers]


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


def _is_safe(case: Mapping[str, Any], may_open: Collection[str]) -> bool:
    """True for data and a split of mlffbench's own, and for a user's files that may all be opened."""
    dataset, split = case["dataset"], case["split"]
    if split["name"] not in registry.names("splits"):
        return False
    if dataset["name"] != OWN:
        return dataset["name"] in registry.names("datasets")
    params = dataset["params"]
    return CALCULATORS not in params and all(
        _absolute(path) in may_open for path in own_paths(Spec(**dataset))
    )


@lru_cache(maxsize=2)
def _data(dataset: str, split: str, seed: str, labels: int | None) -> tuple[Dataset | None, Split | None]:
    """Data set and split with the budget of labels; None where a file would have to be downloaded."""
    spec, way = Spec(**json.loads(dataset)), Spec(**json.loads(split))
    if not all(source.is_here for source in sources_of(spec)):
        return None, None
    whole = load_dataset(spec)
    whole_split = registry.load("splits", way.name)(whole, seed=json.loads(seed), **way.params)
    return whole, training_part(whole_split, labels, json.loads(seed))
