"""Dataset by its name, or read from the user's own file."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import Any

from mlffbench.data import Dataset
from mlffbench.registry.own_names import names
from mlffbench.registry.specs import build

__all__ = ["load_dataset"]


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
    >>> load_dataset("lennard_jones", seed=1)
    <Dataset lennard_jones: frames 200; elements Ar; labels energy (eV), forces (eV/Å); columns group>
    """
    text = fspath(name)
    if _is_file(text, isinstance(name, str)):
        return build("datasets", "path", params)(path=text, **params)
    return build("datasets", text, params)(**params)


def _is_file(text: str, may_be_name: bool) -> bool:
    """True for a path: no name of ours, and written like one or there."""
    if may_be_name and (text in names("datasets") or ":" in text):
        return False
    return not may_be_name or any(mark in text for mark in "./\\*") or Path(text).exists()
