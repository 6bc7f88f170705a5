"""Model files: parameters and arrays of a fitted model, never code."""

from __future__ import annotations

import json
import platform
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.encoding import Reader, Writer
from mlffbench.system.versions import versions

__all__ = ["load", "save"]

FORMAT, FORMAT_VERSION = "mlffbench model", 2
PACKAGES = ("mlffbench", "numpy", "scipy", "torch", "ase")
UNREADABLE = (json.JSONDecodeError, UnicodeDecodeError, KeyError, RuntimeError)
MISFIT = (AttributeError, IndexError, KeyError, ModuleNotFoundError, RuntimeError, TypeError)
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, *UNREADABLE)


def save(model: BaseEstimator, path: Path) -> None:
    """Write a model, fitted or not, into one file.

    A zip archive: ``model.json`` with class names, parameters and what was learned, and an ``.npy`` file for
    every array and tensor. What the model's ``__getstate__`` gives may hold None, bool, int, float, str,
    bytes, numpy arrays and numbers, torch tensors, lists, tuples, dicts, sets and slices, and the project's
    own estimators, descriptors, frozen dataclasses and named tuples.

    Raises
    ------
    TypeError
        It holds something else; the message names the attribute. No file is written.
    """
    writer = Writer()
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": {"python": platform.python_version(), **versions(PACKAGES)},
        "model": writer.encode(model, type(model).__name__),
    }
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model.json", json.dumps(document), zipfile.ZIP_DEFLATED)
        for number, array in enumerate(writer.arrays):
            with archive.open(f"{number}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def load(path: Path | str, trust: Sequence[str] = (), device: str | None = None) -> Any:
    """Read the model that `save` wrote; nothing in the file is executed.

    Only classes of this project are imported, and those below the modules in `trust`.

    Parameters
    ----------
    path : Path or str
    trust : sequence of str
        Modules and packages of somebody else's estimators, imported where the file names them, and of what
        the specs of a model made of models name.
    device : str, optional
        Where the model computes from now on; by default where it did, or on the CPU without such a device.

    Returns
    -------
    ForceField
        As it was saved.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is damaged, no such file, from a newer version, or names a class that is not trusted.

    Examples
    --------
    >>> import tempfile
    >>> from ase.build import molecule
    >>> from mlffbench.estimators import AtomicReference
    >>> model = AtomicReference().fit([molecule("H2"), molecule("O2")], [-6.0, -8.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/reference.model")
    ...     load(f"{folder}/reference.model").predict([molecule("H2O")]).energy.round(6).tolist()
    [-10.0]
    """
    document, arrays = _read(Path(path))
    try:
        model = Reader(arrays, trust, device).decode(document["model"])
    except MISFIT as error:
        raise ValueError(
            f"{path} was changed, or does not fit mlffbench {_ours()} "
            f"(it was written by {document['versions']['mlffbench']}): {type(error).__name__}: {error}"
        ) from error
    if not isinstance(model, BaseEstimator):
        raise ValueError(f"{path} holds no model but a {type(model).__name__}")
    return model


def _read(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read the document and its arrays; refuse damaged files and newer formats."""
    try:
        with zipfile.ZipFile(path) as archive:
            document = json.loads(archive.read("model.json"))
            if not isinstance(document, dict) or document.get("format") != FORMAT:
                raise ValueError(f"{path} is not a model that mlffbench saved")
            written_by = document["versions"]["mlffbench"]
            if document["format_version"] > FORMAT_VERSION:
                raise ValueError(
                    f"{path} was written by mlffbench {written_by}, in a newer format than "
                    f"{_ours()} reads; update mlffbench"
                )
            return document, list(_arrays(archive))
    except DAMAGED as error:
        raise ValueError(f"{path} is not a model that mlffbench saved, or is damaged: {error}") from error


def _arrays(archive: zipfile.ZipFile) -> Iterator[np.ndarray]:
    for number in range(len(archive.namelist()) - 1):
        with archive.open(f"{number}.npy") as member:
            yield np.lib.format.read_array(member, allow_pickle=False)


def _ours() -> str:
    """The version of mlffbench that reads the file."""
    return versions(["mlffbench"]).get("mlffbench", "of this source tree")
