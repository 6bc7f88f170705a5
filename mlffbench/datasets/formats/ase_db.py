"""ASE databases, read row by row: ``.db`` (SQLite), and ``.aselmdb`` where ase-db-backends is installed."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from math import isnan
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary, finalize

import numpy as np
from ase.calculators.calculator import all_properties
from ase.db import connect

from mlffbench.datasets.formats.index import Builder, Entry, Index, Layout
from mlffbench.datasets.formats.nan_labels import missing_arrays, with_missing
from mlffbench.datasets.formats.records import Reader, Record
from mlffbench.datasets.formats.schnetpack import labels_in
from mlffbench.system.progress import report

__all__ = ["Database", "index_database", "metadata_of"]

SCALARS = ("energy", "free_energy", "magmom")
INITIAL = ("initial_magmoms", "initial_charges")
ARRAYS = ("forces", "stress", "dipole", "magmoms", "charges", *INITIAL)
NDIM = {"forces": 2, "stress": 1, "dipole": 1, **dict.fromkeys(("magmoms", "charges", *INITIAL), 1)}
DOUBLE = struct.Struct("<d")
EVERY = 10_000  # rows between two reports
_shared: WeakValueDictionary[tuple[str, int, int], Any] = WeakValueDictionary()


class Database(Reader):
    """Reader of a database's rows by their ids."""

    def __init__(self, file: Path, ids: np.ndarray) -> None:
        self.file, self.ids = file.resolve(), ids

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, i: int) -> Record:
        return record_of(_connection(self)._get_row(int(self.ids[i])))


def record_of(row: Any) -> Record:
    """Convert a row of an ASE database; its key-value pairs take the place of ``info``."""
    results = {name: row[name] for name in all_properties if row.get(name) is not None}
    cell, pbc = np.asarray(row.cell, dtype=float).reshape(3, 3), np.asarray(row.pbc, dtype=bool)
    positions = np.asarray(row.positions, dtype=float)
    initial = {k: row[k] for k in INITIAL if row.get(k) is not None}
    values = {**labels_in(row.data), **initial, **row.key_value_pairs, **results}
    return Record(np.asarray(row.numbers), positions, cell, pbc, values)


def metadata_of(file: Path) -> dict[str, Any]:
    """Metadata of a database."""
    if file.suffix != ".db":
        return dict(_connect(file).metadata)
    with closing(_read_only(file)) as connection:
        try:
            row = connection.execute("SELECT value FROM information WHERE name='metadata'").fetchone()
        except sqlite3.OperationalError:  # a database of an early ASE
            row = None
    return dict(json.loads(row[0])) if row else {}


# ---------------------------------------------------------------- connections
def _connection(reader: Database) -> Any:
    """Open the database for this process and thread: neither backend may cross a fork, nor SQLite a thread.

    All readers of the file share the connection, since LMDB forbids to open one twice in a process.
    """
    thread = 0 if reader.file.suffix == ".aselmdb" else threading.get_ident()
    owner = (os.getpid(), thread)
    opened: dict[tuple[int, int], Any] = reader.__dict__.setdefault("_opened", {})
    if owner not in opened:
        key = (str(reader.file), *owner)
        connection = _shared.get(key)
        if connection is None:
            connection = _shared[key] = _connect(reader.file)
        opened[owner] = connection
    return opened[owner]


def _connect(file: Path) -> Any:
    """Connect through ASE, read-only where the backend can."""
    if file.suffix == ".db":
        database = connect(file, use_lock_file=False)
        database.connection, database.change_count = _read_only(file), 0  # as its ``with`` does
        finalize(database, database.connection.close)
        return database
    try:
        return connect(file, use_lock_file=False, readonly=True)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{file.name} needs the package ase-db-backends: pip install 'mlffbench[lmdb]' ({error})"
        ) from error


def _read_only(file: Path) -> sqlite3.Connection:
    """Open an SQLite file that cannot be changed."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)


# ---------------------------------------------------------------- the index
def index_database(file: Path) -> tuple[Index, np.ndarray]:
    """Index the rows without reading their arrays; return the index and the ids.

    Raises
    ------
    ValueError
        An SQLite file that is no ASE database; it is not changed.
    """
    builder = Builder()
    by_columns = file.suffix == ".db" and not _has_data(file)
    nans: list[int] = []
    rows = _sqlite(file, builder, nans) if by_columns else _by_rows(file, builder)
    ids = np.fromiter(rows, dtype=np.int64)
    reader = Database(file, ids)
    return with_missing(builder.index(), {i: missing_arrays(reader.record(i), ARRAYS) for i in nans}), ids


def _ids(file: Path) -> list[int]:
    """Numbers of the rows of an SQLite file."""
    with closing(_read_only(file)) as connection:
        return [i for (i,) in connection.execute("SELECT id FROM systems ORDER BY id")]


def _has_data(file: Path) -> bool:
    """True for an SQLite file with ``data`` in a row, which may be labels."""
    with closing(_read_only(file)) as connection:
        empty = "data IS NULL OR data IN ('', '{}', 'null') OR (typeof(data) = 'blob' AND LENGTH(data) <= 10)"
        query = f"SELECT 1 FROM systems WHERE NOT ({empty}) LIMIT 1"
        try:
            return connection.execute(query).fetchone() is not None
        except sqlite3.OperationalError:  # no ASE database, which is refused later
            return False


def _by_rows(file: Path, builder: Builder) -> Iterator[int]:
    """Index by reading every row: the backend has no columns, or the labels are in ``data``."""
    reader = Database(file, np.empty(0, dtype=np.int64))
    database = _connection(reader)
    ids = _ids(file) if file.suffix == ".db" else database.ids
    for done, i in enumerate(ids):
        row = database._get_row(i)
        record = record_of(row)
        numbers = {k for k, v in record.values.items() if np.ndim(v) == 0}
        names = ({*row.key_value_pairs, *row.data} & numbers) - set(all_properties)
        builder.add(len(record), *Layout.of(record.values, names, bool(record.pbc.all())))
        builder.count(record.numbers)
        if done % EVERY == 0:
            report(f"index {file.name}", done, len(ids))
        yield int(i)


def _sqlite(file: Path, builder: Builder, nans: list[int]) -> Iterator[int]:
    """Index from the columns of the documented table; of arrays only the first number is asked.

    Rows with an array that begins with NaN are noted in `nans`.
    """
    presence = ", ".join(f"substr({name}, 1, 8)" for name in ARRAYS)
    columns = f"id, natoms, pbc, key_value_pairs, {', '.join(SCALARS)}, {presence}"
    with closing(_read_only(file)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        if not {"systems", "species"} <= tables:
            raise ValueError(f"{str(file)!r} is no ASE database: its tables are {sorted(tables)}")
        (total,) = connection.execute("SELECT COUNT(*) FROM systems").fetchone()
        for done, row in enumerate(connection.execute(f"SELECT {columns} FROM systems ORDER BY id")):
            i, natoms, pbc, pairs, *rest = row
            if any(isinstance(b, bytes) and len(b) == 8 and isnan(*DOUBLE.unpack(b)) for b in rest):
                nans.append(len(builder))
            _add(builder, natoms, pbc, json.loads(pairs or "{}"), rest)
            if done % EVERY == 0:
                report(f"index {file.name}", done, total)
            yield i
        counted = connection.execute("SELECT Z, SUM(n) FROM species GROUP BY Z").fetchall()
    builder.elements = Counter({int(z): int(n) for z, n in counted})


def _add(builder: Builder, natoms: int, pbc: int, pairs: dict[str, Any], results: list[Any]) -> None:
    """Add a row to the index: `results` are the values of `SCALARS` and the presence of `ARRAYS`."""
    scalars = dict(zip(SCALARS, results, strict=False))
    arrays = [n for n, begin in zip(ARRAYS, results[len(SCALARS) :], strict=True) if begin is not None]
    scalars_by_name = {**pairs, **{k: v for k, v in scalars.items() if v is not None}}
    layout, values = Layout.of({k: v for k, v in scalars_by_name.items() if k not in arrays}, pairs, pbc == 7)
    entries = tuple(Entry(n, NDIM[n], "other", False) for n in arrays)
    builder.add(natoms, Layout(layout.entries + entries, layout.periodic), values)
