"""Results folders of several machines, copied into one; nothing there is overwritten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from mlffbench.harness.documents.attachments import no_link
from mlffbench.harness.documents.kept_suite import KEPT
from mlffbench.harness.documents.parts import Document
from mlffbench.harness.documents.store import Store
from mlffbench.system.atomic_write import atomic_write

__all__ = ["Merged", "merge_folders"]

ENVIRONMENTS = "environments"  # locks of environments, by their digest


@dataclass
class Merged:
    """Ids of the cases of a merge.

    Attributes
    ----------
    copied, same : list of str
        Those that the target has now, and those that it had already.
    completed : list of str
        Those of `same` that had no predictions or no model in the target, and have got them.
    conflicts, incomplete : dict of str to str
        Those of which the target keeps another document, and why they differ; those whose predictions or
        model are not in their folder, or not theirs.
    """

    copied: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    conflicts: dict[str, str] = field(default_factory=dict)
    incomplete: dict[str, str] = field(default_factory=dict)


def merge_folders(sources: Sequence[Store], target: Store, dry: bool = False) -> Merged:
    """Copy documents with their predictions and models into a folder, in the schema of this version.

    A document that the target has with another content stays as it is there: it is a conflict. Files of the
    sources that cannot be used are in their `Store.set_aside`.

    Parameters
    ----------
    dry : bool
        Copy nothing.

    Raises
    ------
    OSError
        The target cannot be written.
    """
    merge = _Merge(target, dry)
    with ExitStack() as stack:
        claim: Callable[[str], AbstractContextManager[object]]
        claim = _unclaimed if dry else stack.enter_context(target.leases()).claim
        for source in sources:
            for id in source.ids():
                if (document := source.load(id)) is None:
                    continue
                with claim(id) as lease:
                    if lease is None:
                        merge.merged.conflicts[id] = f"of {source.folder}: a run computes the case there"
                    else:
                        merge.take(document, source)
            if not dry:
                _copy_missing(source.folder, target.folder)
    return merge.merged


def _unclaimed(id: str) -> AbstractContextManager[object]:
    """Stand-in of a lease where nothing is written."""
    return nullcontext(id)


class _Merge:
    """Cases that a target has, or in a dry run would have, after each document that was taken."""

    def __init__(self, target: Store, dry: bool) -> None:
        self.target, self.dry, self.merged = target, dry, Merged()
        self.planned: dict[str, tuple[Document, set[str]]] = {}  # documents of a dry run, and their files

    def take(self, document: Document, source: Store) -> None:
        """Copy a document and the files that it names, as far as the target lacks them."""
        id = document["id"]
        there = self.planned.get(id) or self._there(id)
        if there is not None and there[0] != document:
            self.merged.conflicts[id] = f"of {source.folder}: {_difference(document, there[0])}"
            return
        present = set() if there is None else there[1]
        lacking = _named(document) - present
        files = _files(source, document, lacking)
        absent = sorted(lacking - files.keys(), reverse=True)
        if there is None and absent:
            self.merged.incomplete[id] = f"of {source.folder}: without {' and '.join(absent)}"
        (self.merged.copied if there is None else self.merged.same).append(id)
        if there is not None and files:
            self.merged.completed.append(id)
        if self.dry:
            self.planned[id] = document, present | files.keys()
        elif files or there is None:
            self.target.adopt(document, files.get("predictions"), files.get("model"))

    def _there(self, id: str) -> tuple[Document | None, set[str]] | None:
        """Document of the target, None if it cannot be used, and its files; None for no document."""
        if not os.path.lexists(self.target.document_path(id)):
            return None
        paths = {"predictions": self.target.predictions_path(id), "model": self.target.model_path(id)}
        return self.target.load(id), {name for name, path in paths.items() if os.path.lexists(path)}


def _named(document: Document) -> set[str]:
    """Kinds of the files that a document names."""
    digests = {
        "predictions": document.get("predictions"),
        "model": (document.get("kept_model") or {}).get("sha256"),
    }
    return {name for name, digest in digests.items() if digest}


def _files(source: Store, document: Document, kinds: set[str]) -> dict[str, Path]:
    """Files of these kinds of a document, without those that are missing or of another fit."""
    files = {
        "predictions": source.predictions_file(document) if "predictions" in kinds else None,
        "model": source.kept_model(document["id"]) if "model" in kinds else None,
    }
    return {kind: file for kind, file in files.items() if file is not None}


def _difference(document: Document, theirs: Document | None) -> str:
    """What differs, in words."""
    if theirs is None:
        return "the document in its place cannot be used"
    if document["status"] != theirs["status"]:
        return f"{document['status']}, there {theirs['status']}"
    dates = [(d.get("provenance") or {}).get("date") or "an unknown day" for d in (document, theirs)]
    if dates[0] != dates[1]:
        return f"computed on {dates[0]}, there on {dates[1]}"
    parts = [key for key in {**document, **theirs} if document.get(key) != theirs.get(key)]
    return f"{', '.join(parts)} differ"


def _copy_missing(source: Path, target: Path) -> None:
    """Copy the suite and the locks of environments, where the target has none of the name; through no link.

    Raises
    ------
    OSError
        The target's folder of locks is a link.
    """
    locks = source / ENVIRONMENTS
    files = [source / KEPT, *(() if locks.is_symlink() else sorted(locks.glob("*.txt")))]
    for file in files:
        folder = target if file.parent == source else no_link(target / ENVIRONMENTS)
        copy = folder / file.name
        if file.is_file() and not file.is_symlink() and not os.path.lexists(copy):
            with file.open("rb") as content, atomic_write(copy) as written:
                shutil.copyfileobj(content, written)
