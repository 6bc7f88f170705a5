"""Packing of a results folder into one archive: the same folder gives the same bytes."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlffbench.harness.documents.store import Store
from mlffbench.harness.submissions.contents import DIGESTS, digest_list, files_of
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.regular_file import check_regular
from mlffbench.system.strange_zip import MOST_BYTES, MOST_FILES

__all__ = ["Packed", "pack"]

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can state
READABLE = 0o100644 << 16


@dataclass(frozen=True)
class Packed:
    """An archive that was written.

    Attributes
    ----------
    archive : Path
    size : int
        Bytes.
    cases, failed : int
        Numbers of documents, and of those of failed cases.
    without_predictions : list of str
        Ids of finished cases whose predictions are missing, or of another fit.
    has_suite : bool
    """

    archive: Path
    size: int
    cases: int
    failed: int
    without_predictions: list[str]
    has_suite: bool


def pack(folder: Path, archive: Path) -> Packed:
    """Write documents, predictions, suites and locks of environments of a results folder into an archive.

    Models and logs stay behind. The list of digests, ``SHA256SUMS``, is made anew.

    Raises
    ------
    OSError
        A file cannot be read or written, or is a link.
    ValueError
        The folder holds no results, a document that cannot be used, or more than an archive may.
    """
    store = Store(folder)
    documents = store.documents()
    if store.set_aside:
        path, reason = next(iter(store.set_aside.items()))
        raise ValueError(f"{path} cannot be used: {reason}; repair or remove it, nothing was packed")
    if not documents:
        raise ValueError(f"{folder} holds no results; a results folder is what 'mlffbench run SUITE' writes")
    finished = [document for document in documents if document["status"] == "ok"]
    absent = [d["id"] for d in finished if store.predictions_file(d) is None]
    names = _packed_names(folder, {document["id"] for document in documents})
    with atomic_write(archive) as file, zipfile.ZipFile(file, "w") as opened:
        _add(opened, DIGESTS, digest_list(folder, names).encode())
        for name in names:
            _add(opened, name, (folder / name).read_bytes())
    size, n_failed = archive.stat().st_size, len(documents) - len(finished)
    return Packed(archive, size, len(documents), n_failed, absent, "suite.yaml" in names)


def _packed_names(folder: Path, ids: set[str]) -> list[str]:
    """Names of the files to pack: no predictions without a document."""
    names = [
        name
        for name in files_of(folder)
        if name != DIGESTS and (not name.startswith("predictions/") or Path(name).stem in ids)
    ]
    for name in names:
        if (folder / name).is_symlink():
            raise OSError(f"{folder / name} is a link, which is not packed; put the file in its place")
        check_regular(folder / name)
    _check_size(folder, names)
    return names


def _check_size(folder: Path, names: Sequence[str]) -> None:
    size = sum(os.stat(folder / name).st_size for name in names)
    if len(names) >= MOST_FILES or size > MOST_BYTES:
        raise ValueError(
            f"{folder} holds {len(names):,} files, {size / 1e9:.3g} GB; an archive holds "
            f"{MOST_FILES:,} and {MOST_BYTES / 1e9:g} GB: submit suites one by one"
        )


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file whose entry depends on nothing but name and content."""
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.create_system, entry.external_attr = 3, READABLE  # as on every Unix
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".npz") else zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)
