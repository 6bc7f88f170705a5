"""Documents of a results folder as one table, for which only changed files are read."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import joblib
import pyarrow as pa
import pyarrow.compute as pc

from mlffbench.harness.documents.document import read_document
from mlffbench.harness.documents.index import read_index, write_index
from mlffbench.harness.documents.parts import LARGE, Document
from mlffbench.harness.documents.records import SCHEMA, Stamp, records

__all__ = ["document_table"]

KEYS = ("id", *Stamp._fields)
NEWS = 0.02  # share of changed documents from which on the index is written again
CHUNK = 500  # documents that are read at once
IDLE = 2  # s that such a process stays without work
PARALLEL = 4_000  # documents from which on several processes read them

SetAside = dict[Path, str]
Stamps = dict[str, Stamp]


def document_table(
    folder: Path, ids: Iterable[str] | None = None, columns: Sequence[str] | None = None
) -> tuple[pa.Table, SetAside]:
    """Read all documents, or those of some cases.

    Parameters
    ----------
    columns : sequence of str, optional
        Of `records.SCHEMA`, beside the id and the stamp.

    Returns
    -------
    rows : Table
        One a usable document, in any order.
    set_aside : dict of Path to str
        Files that cannot be used, and why.
    """
    wanted_names = {*KEYS, *(SCHEMA.names if columns is None else columns)}
    names, set_aside = [name for name in SCHEMA.names if name in wanted_names], SetAside()
    stamps = dict(_stamps(folder, set_aside))
    old, changed = _indexed(folder, stamps, names)
    if len(stamps) >= LARGE and len(changed) > NEWS * len(stamps):
        old, changed = _indexed(folder, stamps, SCHEMA.names)
        rows = pa.concat_tables([old, _read(folder, changed, set_aside)])
        write_index(folder, rows)
        rows = rows.select(names)
    else:
        wanted = changed if ids is None else sorted({*changed} & {*ids})
        rows = pa.concat_tables([old, _read(folder, wanted, set_aside).select(names)])
    if ids is not None:
        rows = rows.filter(pc.is_in(rows["id"], pa.array(list(ids), pa.string())))
    return rows, set_aside


def _stamps(folder: Path, set_aside: SetAside) -> Iterator[tuple[str, Stamp]]:
    """Id and stamp of each file that may be a document, sorted by name."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in sorted((e for e in entries if e.name.endswith(".json")), key=lambda e: e.name):
            try:
                status = entry.stat()
            except OSError as error:
                if entry.is_symlink():
                    set_aside[Path(entry.path)] = str(error.strerror)
                continue
            yield entry.name.removesuffix(".json"), _stamp(status)


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


def _indexed(folder: Path, stamps: Stamps, names: Sequence[str]) -> tuple[pa.Table, list[str]]:
    """Records of the files that are as they were when the index was written, and the ids of the others."""
    table = read_index(folder, names)
    if table is None:
        return SCHEMA.empty_table().select(names), list(stamps)
    keys = [table[name].to_pylist() for name in KEYS]
    fresh = [stamps.get(id) == tuple(stamp) for id, *stamp in zip(*keys, strict=True)]
    known = {id for id, is_fresh in zip(keys[0], fresh, strict=True) if is_fresh}
    kept = table if all(fresh) else table.filter(pa.array(fresh, pa.bool_()))
    return kept, [id for id in stamps if id not in known]


def _read(folder: Path, ids: Sequence[str], set_aside: SetAside) -> pa.Table:
    """Records of documents, read by several processes if there are many."""
    paths = [folder / f"{id}.json" for id in ids]
    chunks = [paths[k : k + CHUNK] for k in range(0, len(paths), CHUNK)]
    jobs = joblib.cpu_count() if len(paths) >= PARALLEL else 1
    with joblib.parallel_config("loky", idle_worker_timeout=IDLE):
        parts = joblib.Parallel(jobs)(joblib.delayed(_read_chunk)(chunk) for chunk in chunks)
    for _, others in parts:
        set_aside |= others
    return pa.concat_tables([table for table, _ in parts]) if parts else SCHEMA.empty_table()


def _read_chunk(paths: Sequence[Path]) -> tuple[pa.Table, SetAside]:
    set_aside = SetAside()
    with _without_garbage_collection():
        return records(_documents(paths, set_aside)), set_aside


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Leave the collector out: the values of documents form no cycles, and looking at them takes a third."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _documents(paths: Iterable[Path], set_aside: SetAside) -> Iterator[tuple[Stamp, Document]]:
    for path in paths:
        try:
            stamp = _stamp(path.stat())  # before the content: a file that changes meanwhile is read again
            yield stamp, read_document(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            set_aside[path] = str(getattr(error, "strerror", None) or error)
