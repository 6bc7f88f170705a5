"""Files beside a document that it names by their digest: its predictions, its fitted model."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlffbench.harness.documents.document import ID
from mlffbench.system.atomic_write import atomic_write, remove_parts
from mlffbench.system.checksum import Checksum

__all__ = ["Attachments", "checked_id", "freed", "move_aside", "no_link"]

Document = Mapping[str, Any]


class Attachments:
    """Files of one kind in a subfolder of the results, one for each document that names its digest.

    A new file lies as ``<id>.next<suffix>`` beside the old one until the document that names it is written:
    whenever the process dies, the document has the file of its own fit.

    Parameters
    ----------
    folder : Path
        Of the results.
    name, suffix : str
        Of the subfolder, and of its files.
    digest : callable
        The SHA-256 that a document names, None if it names none.
    """

    def __init__(
        self, folder: Path, name: str, suffix: str, digest: Callable[[Document], str | None]
    ) -> None:
        self.place, self.suffix, self.digest = folder / name, suffix, digest

    @property
    def folder(self) -> Path:
        """The subfolder.

        Raises
        ------
        OSError
            It is a link.
        """
        return no_link(self.place)

    def path(self, id: str) -> Path:
        return self.folder / f"{checked_id(id)}{self.suffix}"

    def next_path(self, id: str) -> Path:
        """File of a document that is about to be written."""
        return self.folder / f"{checked_id(id)}.next{self.suffix}"

    def write_next(self, id: str, content: bytes | memoryview) -> str:
        """Write a file for the next document; return its digest."""
        with atomic_write(self.next_path(id)) as file:
            file.write(content)
        return Checksum("").of(self.next_path(id))

    def take_next(self, id: str, file: Path) -> str:
        """Move a file here, for the next document; return its digest."""
        digest = Checksum("").of(file)
        self.folder.mkdir(parents=True, exist_ok=True)
        os.replace(file, freed(self.next_path(id)))
        return digest

    def copy_next(self, id: str, file: Path) -> None:
        """Copy a file of another folder here, for the next document."""
        with file.open("rb") as content, atomic_write(self.next_path(id)) as copy:
            shutil.copyfileobj(content, copy)

    def settle(self, document: Document) -> None:
        """Give a new file its final name, if it is the one that the stored document names."""
        new = self.next_path(document["id"])
        if self.fits(new, document):
            with suppress(FileNotFoundError):  # another driver was faster
                os.replace(new, freed(self.path(document["id"])))

    def waiting(self) -> list[str]:
        """Ids of the files that have not got their final names."""
        end = f".next{self.suffix}"
        names = [path.name.removesuffix(end) for path in self.folder.glob(f"*{end}")]
        return [name for name in names if ID.fullmatch(name)]

    def current(self, document: Document) -> Path:
        """The file that a document names, where it lies now; it need not exist, or fit."""
        id = checked_id(document["id"])
        new = self.place / f"{id}.next{self.suffix}"
        return new if self.fits(new, document) else self.place / f"{id}{self.suffix}"

    def fits(self, file: Path, document: Document) -> bool:
        """True if the document names the digest of this file."""
        return file.is_file() and self.digest(document) == Checksum("").of(file)

    def remove(self, id: str) -> int:
        """Remove the files of a case; return their bytes."""
        size = 0
        for file in (self.path(id), self.next_path(id)):
            with suppress(OSError):
                size += file.lstat().st_size
                file.unlink()
        return size

    def clean(self) -> None:
        """Remove half-written files."""
        remove_parts(self.folder)


def checked_id(id: str) -> str:
    """The id, if it is one of a case: it cannot lead out of a folder."""
    if not ID.fullmatch(id):
        raise ValueError(f"{id[:100]!r} is no id of a case")
    return id


def no_link(folder: Path) -> Path:
    """The folder; an OSError if it is a link."""
    if folder.is_symlink():
        raise OSError(f"{folder} is a link, through which nothing is written; put a folder in its place")
    return folder


def move_aside(path: Path, folder: Path) -> Path:
    """Move a file, link or folder into a folder, under a name that nothing there has; return its new path."""
    folder.mkdir(exist_ok=True)
    for number in itertools.count(1):
        target = folder / f"{path.stem}.{number}{path.suffix}"
        if not os.path.lexists(target):
            path.rename(target)
            return target
    raise AssertionError("numbers do not end")


def freed(path: Path) -> Path:
    """The path, after a folder that lay there was moved aside."""
    if path.is_dir() and not path.is_symlink():
        path.rename(tempfile.mkdtemp(prefix=f"{path.name}.", suffix=".aside", dir=path.parent))
    return path
