"""Files of a results folder that no document needs: unfinished work, logs, orphans, what was set aside."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlffbench.harness.documents.store import Store
from mlffbench.system.folder_lock import claim

__all__ = ["KINDS", "Garbage", "garbage", "remove_garbage"]

KINDS = {  # of garbage, in words
    "unfinished": "work under way of cases; a run would go on from it",
    "logs": "output of cases",
    "predictions": "predictions without a document",
    "models": "models that no document names: of failed or removed cases",
    "set_aside": "damaged documents that were replaced",
}


@dataclass(frozen=True)
class Garbage:
    """A file or folder that may be removed, its kind (`KINDS`) and its bytes."""

    kind: str
    path: Path
    size: int


def garbage(store: Store) -> list[Garbage]:
    """List what may be removed; nothing that a living run works on."""
    candidates = (
        *(("unfinished", path) for path in _inside(store.folder / "unfinished") if not _in_use(path)),
        *(("logs", path) for path in _inside(store.folder / "logs") if not _is_running(store, path)),
        *(("predictions", path) for path in _orphans(store, "predictions", ".npz", lambda id: True)),
        *(("models", path) for path in _orphans(store, "models", ".mlff", _has_model(store))),
        *(("set_aside", path) for path in _inside(store.folder / "set_aside")),
    )
    return [Garbage(kind, path, _size(path)) for kind, path in candidates]


def remove_garbage(listed: Iterable[Garbage]) -> int:
    """Remove what was listed, unless a run has taken it meanwhile; return the bytes."""
    removed = 0
    for one in listed:
        if one.kind == "unfinished" and _in_use(one.path):
            continue
        if one.path.is_dir() and not one.path.is_symlink():
            shutil.rmtree(one.path)
        else:
            one.path.unlink(missing_ok=True)
        removed += one.size
        with suppress(OSError):
            one.path.parent.rmdir()  # if it was the last one
    return removed


def _inside(folder: Path) -> list[Path]:
    """Content of a folder; nothing of a link."""
    return [] if folder.is_symlink() or not folder.is_dir() else sorted(folder.iterdir())


def _orphans(store: Store, name: str, suffix: str, keeps: Callable[[str], bool]) -> Iterator[Path]:
    """Attachments without a document, or whose document does not name one."""
    for path in _inside(store.folder / name):
        id = path.name.removesuffix(suffix).removesuffix(".next")
        document = store.folder / f"{id}.json"
        if path.name.endswith(suffix) and not (document.exists() and keeps(id)):
            yield path


def _has_model(store: Store) -> Callable[[str], bool]:
    """True for a case that names a model, and for one whose document cannot be read."""

    def named(id: str) -> bool:
        document = store.head(id)
        return document is None or bool((document.get("kept_model") or {}).get("sha256"))

    return named


def _in_use(folder: Path) -> bool:
    """True if a run holds the folder."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    with claim(folder) as mine:
        return not mine


def _is_running(store: Store, log: Path) -> bool:
    folder = store.folder / "unfinished" / log.name.partition(".")[0]
    return folder.is_dir() and _in_use(folder)


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    size = 0
    for file in inside:
        with suppress(OSError):
            status = file.lstat()
            size += 0 if file.is_dir() and not file.is_symlink() else status.st_size
    return size
