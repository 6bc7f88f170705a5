"""Dataset by its name, or read from the user's own file."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from mlffbench.data import Dataset, Spec
from mlffbench.registry.door import FOREIGN, names
from mlffbench.registry.specs import build

__all__ = ["dataset_spec", "load_dataset"]


def load_dataset(name: str | PathLike[str], /, **params: Any) -> Dataset:
    """Load a dataset by its name, or read a file.

    Parameters
    ----------
    name : str or path
        A name of ``mlffbench list datasets``, a file or pattern that ASE can read, or ``module:name`` of
        code that is trusted. A name goes before a file of the same name; write ``./name`` for the file.
    **params
        Keywords of the dataset, for a file those of `mlffbench.datasets.path`, as ``forces_key``.

    Raises
    ------
    LookupError
        There is no such name or keyword, or its module is not trusted.
    OSError
        There is no such file, or it cannot be read.
    ValueError
        The data are not fit for use.

    Examples
    --------
    >>> len(load_dataset("lennard_jones", seed=1).frames)
    120
    """
    spec = dataset_spec(name, params)
    return build("datasets", spec.name, spec.params)(**spec.params)


def dataset_spec(name: str | PathLike[str], params: Mapping[str, Any]) -> Spec:
    """Spec of a dataset of this name, or of a file: a path, or a text that is written like one or is one."""
    text = fspath(name)
    is_name = text in names("datasets") or FOREIGN.fullmatch(text) or not _is_path(text)
    if isinstance(name, str) and is_name:
        return Spec(text, params)
    return Spec("path", {"path": text, **params})


def _is_path(text: str) -> bool:
    return any(mark in text for mark in "./\\*") or Path(text).exists()
