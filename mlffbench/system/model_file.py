"""Model files: parameters and arrays of a fitted model, never code."""

from __future__ import annotations

import json
import platform
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from mlffbench import registry
from mlffbench.system.array_archive import check_sizes, read_member
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.decoding import Reader, UntrustedError
from mlffbench.system.encoding import Writer
from mlffbench.system.versions import versions

__all__ = ["load", "save"]

FORMAT, FORMAT_VERSION = "mlffbench model", 2
PACKAGES = ("mlffbench", "numpy", "scipy", "torch", "ase")
TEXT, SMALL_TEXT = "model.json", 16_000_000  # bytes
DENSEST = 50  # times smaller, compressed; models have about 5


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
        archive.writestr(TEXT, json.dumps(document), zipfile.ZIP_DEFLATED)
        for number, array in enumerate(writer.arrays):
            with archive.open(f"{number}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def load(path: Path | str, trust: Sequence[str] = (), device: str | None = None) -> Any:
    """Read the model that `save` wrote; nothing in the file is executed.

    Only estimators of this project are imported, the values that they hold, and those below trusted modules.

    Parameters
    ----------
    path : Path or str
    trust : sequence of str
        Modules and packages of somebody else's estimators, imported where the file names them, and of what
        the specs of a model made of models name; files that the model would unpickle. They are trusted in
        this process from then on, see `mlffbench.trust`.
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
        It is damaged, no such file, from a newer version, or names code or a file that is not trusted.

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
    except UntrustedError as error:
        raise ValueError(f"{path}: {error}") from error
    except ImportError as error:
        raise ValueError(f"{path} cannot be loaded here: {error}") from error
    except Exception as error:  # whatever our classes make of a changed file
        raise ValueError(
            f"{path} was changed, or does not fit mlffbench {_ours()} "
            f"(it was written by {document['versions']['mlffbench']}): {type(error).__name__}: {error}"
        ) from error
    if not isinstance(model, BaseEstimator):
        raise ValueError(f"{path} holds no model but a {type(model).__name__}")
    registry.trust(*(name for name in trust if name.partition(".")[0] != "mlffbench"))  # for later imports
    return model


def _read(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read the document and its arrays; refuse damaged files and newer formats."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a file")  # a pipe would never end
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                _check_members(archive, path.stat().st_size)
                document = json.loads(archive.read(TEXT))
                fault = _fault(document)
                numbers = range(0 if fault else len(archive.namelist()) - 1)
                arrays = [read_member(archive, f"{number}.npy") for number in numbers]
        except Exception as error:  # zipfile, zlib, json, numpy: each has exceptions of its own
            raise ValueError(f"{path} is not a model that mlffbench saved, or is damaged: {error}") from error
    if fault:
        raise ValueError(f"{path} {fault}")
    return document, arrays


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse an archive whose members claim more than a file of this size, in bytes, can hold."""
    text = archive.getinfo(TEXT)
    if text.file_size > max(SMALL_TEXT, DENSEST * text.compress_size):
        raise ValueError(f"{TEXT} claims {text.file_size} bytes in {text.compress_size}")
    arrays = [m for m in archive.infolist() if m is not text]
    if any(m.compress_type != zipfile.ZIP_STORED for m in arrays) or sum(m.file_size for m in arrays) > size:
        raise ValueError("its arrays are not stored one after the other")
    check_sizes(archive)


def _fault(document: Any) -> str | None:
    """Reason why the document cannot be read, None for one of ours."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return "is not a model that mlffbench saved"
    number, packages = document.get("format_version"), document.get("versions")
    written_by = packages.get("mlffbench") if isinstance(packages, dict) else None
    if type(number) is not int or not isinstance(written_by, str) or "model" not in document:
        return "is not a model that mlffbench saved, or is damaged: its head is incomplete"
    if number > FORMAT_VERSION:
        newer = f"in a newer format than {_ours()} reads; update mlffbench"
        return f"was written by mlffbench {written_by}, {newer}"
    return None


def _ours() -> str:
    """The version of mlffbench that reads the file."""
    return versions(["mlffbench"]).get("mlffbench", "of this source tree")
