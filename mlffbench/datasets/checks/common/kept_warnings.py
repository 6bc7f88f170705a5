"""Warnings of the checks, kept on disk so that the documents of a suite's cases can hold them.

A suite's data are checked while it is planned; the cases run in other processes, which do not check again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.fetch import cache_folder

__all__ = ["keep_warnings", "kept_warnings"]


def keep_warnings(dataset: Dataset, findings: Sequence[Finding]) -> None:
    """Write the findings of a dataset; a disk that cannot be written is no error."""
    sentences = [f"({finding.check}) {finding.message}" for finding in findings]
    try:
        with atomic_write(_place(dataset)) as file:
            file.write(json.dumps(sentences).encode())
    except OSError:  # the command has printed them
        return


def kept_warnings(dataset: Dataset) -> list[str]:
    """Return the findings that were kept for a dataset with these labels, columns and card."""
    try:
        sentences = json.loads(_place(dataset).read_bytes())
    except (OSError, ValueError):
        return []
    return [str(sentence) for sentence in sentences] if isinstance(sentences, list) else []


def _place(dataset: Dataset) -> Path:
    """The file, named by all that the checks look at."""
    key = hashlib.sha256(f"{dataset.name} {dataset.digest} {sorted(dataset.card.items())}".encode())
    for name, values in sorted(dataset.columns.items()):
        array = np.asarray(values)
        key.update(f"{name} {array.dtype}".encode() + array.tobytes())
    key.update(repr(sorted((dataset.atomic_energies or {}).items())).encode())
    return cache_folder() / "checks" / f"{key.hexdigest()[:32]}.json"
