"""Archive of a model file: a tree of plain values in JSON, and the arrays that it names by number."""

from __future__ import annotations

import json
import os
import platform
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from mlffbench.system.array_archive import check_sizes, read_member
from mlffbench.system.versions import versions

__all__ = ["Archive", "our_version", "read_archive", "renumbered", "write_archive"]

FORMAT, FORMAT_VERSION = "mlffbench model", 2
PACKAGES = ("mlffbench", "numpy", "scipy", "torch", "ase")
TEXT, SMALL_TEXT = "model.json", 16_000_000  # bytes
DENSEST = 50  # times smaller, compressed; models have about 5
NUMBERED = ("array", "number", "tensor")  # kinds of values that are an array of the archive


@dataclass(frozen=True)
class Archive:
    """Content of a model file: a model as `Writer` encodes it, and the version that wrote it."""

    tree: Any
    arrays: list[np.ndarray]
    written_by: str


def write_archive(file: IO[bytes], tree: Any, arrays: Sequence[np.ndarray]) -> None:
    """Write a zip archive: ``model.json``, and an ``.npy`` file for every array."""
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": {"python": platform.python_version(), **versions(PACKAGES)},
        "model": tree,
    }
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(TEXT, json.dumps(document), zipfile.ZIP_DEFLATED)
        for number, array in enumerate(arrays):
            with archive.open(f"{number}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read_archive(file: IO[bytes]) -> Archive:
    """Read the tree and its arrays; nothing in them is executed.

    Raises
    ------
    ValueError
        It is damaged, no such archive, or of a newer format; the message is the predicate of a sentence.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _check_members(archive, file.seek(0, os.SEEK_END))
            document = json.loads(archive.read(TEXT))
            fault = _fault(document)
            numbers = range(0 if fault else len(archive.namelist()) - 1)
            arrays = [read_member(archive, f"{number}.npy") for number in numbers]
    except Exception as error:  # zipfile, zlib, json, numpy: each has exceptions of its own
        raise ValueError(f"is not a model that mlffbench saved, or is damaged: {error}") from error
    if fault:
        raise ValueError(fault)
    return Archive(document["model"], arrays, document["versions"]["mlffbench"])


def renumbered(tree: Any, number: Callable[[int], int]) -> Any:
    """The tree with other numbers of its arrays."""
    if isinstance(tree, list):
        return [renumbered(part, number) for part in tree]
    if not isinstance(tree, dict):
        return tree
    kind, content = next(iter(tree.items()))
    if kind in NUMBERED:
        return {**tree, kind: number(content)}
    if kind == "object":
        return {**tree, "state": [[name, renumbered(part, number)] for name, part in tree["state"]]}
    return {kind: renumbered(content, number)}


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
        newer = f"in a newer format than {our_version()} reads; update mlffbench"
        return f"was written by mlffbench {written_by}, {newer}"
    return None


def our_version() -> str:
    """The version of mlffbench that reads the file."""
    return versions(["mlffbench"]).get("mlffbench", "of this source tree")
