"""Work of cases that have not finished: their checkpoints, and the answers that their processes write."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mlffbench.harness.documents.attachments import checked_id, no_link
from mlffbench.harness.documents.document import ID

__all__ = ["Unfinished"]

ANSWER = ".answer-"  # no id begins like this
ATTEMPTS = 100


class Unfinished:
    """Folder ``unfinished`` of the results: ``<id>``, ``.answer-<id>.<token>``.

    Whoever holds the lease of a case (`Store.leases`) may write and remove what belongs to it.

    Parameters
    ----------
    results : Path
    """

    def __init__(self, results: Path) -> None:
        self._place = results / "unfinished"

    @property
    def folder(self) -> Path:
        """The folder, which need not exist.

        Raises
        ------
        OSError
            It is a link.
        """
        return no_link(self._place)

    def path(self, id: str) -> Path:
        """Folder of the checkpoints of a case."""
        return self.folder / checked_id(id)

    def new_answer(self, id: str) -> Path:
        """Create a folder for the answer of one process."""
        folder = self.folder / f"{ANSWER}{checked_id(id)}.{secrets.token_hex(8)}"
        for attempt in range(ATTEMPTS):
            try:
                folder.mkdir(parents=True)
                break
            except FileNotFoundError:  # another run has removed the empty folder
                if attempt == ATTEMPTS - 1:
                    raise
        return folder

    def ids(self) -> set[str]:
        """Ids of the cases of which there is something."""
        return {id for id, _ in self._entries()}

    def forget(self, id: str) -> None:
        """Remove the checkpoints of a case."""
        shutil.rmtree(self.path(id), ignore_errors=True)
        self.remove_empty(id)

    def remove_answers(self, id: str) -> None:
        """Remove the answers of processes that a dead run has started."""
        for owner, entry in self._entries():
            if owner == id and entry.name.startswith(ANSWER):
                shutil.rmtree(entry, ignore_errors=True)

    def remove_empty(self, id: str) -> None:
        """Remove the folder of a case, and the one of all, unless something is in them."""
        for folder in (self.path(id), self.folder):
            with suppress(OSError):
                folder.rmdir()

    def _entries(self) -> Iterator[tuple[str, Path]]:
        """Yield each folder, with the id of its case."""
        try:
            entries = list(self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):  # another case has just removed the empty folder
            return
        for entry in entries:
            name = entry.name
            id = name.removeprefix(ANSWER).rpartition(".")[0] if name.startswith(ANSWER) else name
            if ID.fullmatch(id) and entry.is_dir() and not entry.is_symlink():
                yield id, entry
