"""Files of a results folder that no document needs: unfinished work, logs, orphans, dead leases."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlffbench.harness.documents.document import ID
from mlffbench.harness.documents.parts import Document
from mlffbench.harness.documents.store import Store
from mlffbench.harness.documents.unfinished import ANSWER

__all__ = ["KINDS", "Garbage", "garbage", "remove_garbage"]

KINDS = {  # of garbage, in words
    "unfinished": "work of cases that have not finished; a run would go on from it",
    "logs": "output of cases",
    "predictions": "predictions without a document",
    "models": "models that no document names: of failed or removed cases",
    "leases": "claims of runs that have died on this machine",
    "set_aside": "damaged documents that were replaced",
}
OWNED = ("unfinished", "logs", "leases", "predictions", "models")  # kinds that a living run may be writing


@dataclass(frozen=True)
class Garbage:
    """A file or folder that may be removed, its kind (`KINDS`), the case that it is of, and its bytes."""

    kind: str
    path: Path
    id: str
    size: int


def garbage(store: Store) -> list[Garbage]:
    """List what may be removed; nothing of a case that a run is computing, no file of another name."""
    leases = store.leases()
    dead = leases.dead_names()
    living = leases.names() - dead
    folder = store.folder
    candidates = [
        *(("unfinished", path, _owner(path)) for path in _inside(folder / "unfinished")),
        *(("logs", path, path.name.removesuffix(".log").removesuffix(".tasks"))
          for path in _inside(folder / "logs")),
        *(("predictions", path, id) for path, id in _orphans(store, "predictions", ".npz", lambda id: True)),
        *(("models", path, id) for path, id in _orphans(store, "models", ".mlff", _has_model(store.head))),
        *(("leases", path, path.name.rpartition(".")[0]) for path in _inside(folder / "leases")
          if path.name.rpartition(".")[0] in dead),
        *(("set_aside", path, path.stem) for path in _inside(folder / "set_aside")),
    ]  # fmt: skip
    return [
        Garbage(kind, path, id, _size(path))
        for kind, path, id in candidates
        if ID.fullmatch(id) and (kind not in OWNED or id not in living)
    ]


def remove_garbage(store: Store, listed: Iterable[Garbage]) -> int:
    """Remove what was listed, unless a run has taken its case meanwhile; return the bytes."""
    removed = 0
    with store.leases() as leases:
        for one in listed:
            if one.kind not in OWNED:
                removed += _removed(store, one)
                continue
            with leases.claim(one.id) as lease:  # which replaces the claims of the dead
                removed += 0 if lease is None or _is_named(store, one) else _removed(store, one)
    return removed


def _is_named(store: Store, one: Garbage) -> bool:
    """True for a file that a document, written since the file was listed, names."""
    if one.kind not in ("predictions", "models"):
        return False
    named = _has_model(store.load) if one.kind == "models" else lambda id: True
    return store.document_path(one.id).exists() and named(one.id)


def _removed(store: Store, one: Garbage) -> int:
    if one.kind == "unfinished":
        store.unfinished.forget(one.id)
        store.unfinished.remove_answers(one.id)
        store.unfinished.remove_empty(one.id)
    elif one.path.is_dir() and not one.path.is_symlink():
        shutil.rmtree(one.path)
    elif one.kind != "leases":
        one.path.unlink(missing_ok=True)
    with suppress(OSError):
        one.path.parent.rmdir()  # if it was the last one
    return one.size


def _owner(unfinished: Path) -> str:
    """Id of the case that a folder of unfinished work is of."""
    name = unfinished.name
    return name.removeprefix(ANSWER).rpartition(".")[0] if name.startswith(ANSWER) else name


def _inside(folder: Path) -> list[Path]:
    """Content of a folder; nothing of a link."""
    return [] if folder.is_symlink() or not folder.is_dir() else sorted(folder.iterdir())


def _orphans(
    store: Store, name: str, suffix: str, keeps: Callable[[str], bool]
) -> Iterator[tuple[Path, str]]:
    """Attachments without a document, or whose document does not name one, and their ids."""
    for path in _inside(store.folder / name):
        id = path.name.removesuffix(suffix).removesuffix(".next")
        document = store.folder / f"{id}.json"
        if path.name.endswith(suffix) and not (document.exists() and keeps(id)):
            yield path, id


def _has_model(read: Callable[[str], Document | None]) -> Callable[[str], bool]:
    """True for a case that names a model, and for one whose document cannot be read."""

    def named(id: str) -> bool:
        document = read(id)
        return document is None or bool((document.get("kept_model") or {}).get("sha256"))

    return named


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    size = 0
    for file in inside:
        with suppress(OSError):
            size += 0 if file.is_dir() and not file.is_symlink() else file.lstat().st_size
    return size
