"""Results folders of several machines, copied into one; nothing there is overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

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
    conflicts, incomplete : dict of str to str
        Those of which the target keeps another document, and why they differ; those whose predictions or
        model are not in their folder, or not theirs.
    """

    copied: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
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
    merged = Merged()
    for source in sources:
        for id in source.ids():
            if (document := source.load(id)) is not None:
                _merge(document, source, target, merged, dry)
        if not dry:
            _copy_missing(source.folder, target.folder)
    return merged


def _merge(document: Document, source: Store, target: Store, merged: Merged, dry: bool) -> None:
    id = document["id"]
    theirs = target.load(id)
    if theirs is not None or target.document_path(id).exists():
        if theirs == document:
            merged.same.append(id)
        else:
            merged.conflicts[id] = f"of {source.folder}: {_difference(document, theirs)}"
        return
    files = {"predictions": source.predictions_file(document), "model": source.kept_model(id)}
    named = {
        "predictions": document.get("predictions"),
        "model": (document.get("kept_model") or {}).get("sha256"),
    }
    if absent := [name for name, file in files.items() if file is None and named[name]]:
        merged.incomplete[id] = f"of {source.folder}: without {' and '.join(absent)}"
    if not dry:
        target.adopt(document, files["predictions"], files["model"])
    merged.copied.append(id)


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
    """Copy the suite and the locks of environments, where the target has none of the name."""
    for file in (source / KEPT, *sorted((source / ENVIRONMENTS).glob("*.txt"))):
        copy = target / file.relative_to(source)
        if file.is_file() and not file.is_symlink() and not copy.exists():
            with file.open("rb") as content, atomic_write(copy) as written:
                shutil.copyfileobj(content, written)
