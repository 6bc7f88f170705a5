"""Index of a large results folder: the records of its documents, so that only changed files are read again.

The documents are the truth. A record counts only for a file with the time, size and inode that the document
had when it was read; an index that is damaged, or of another folder, user or format, counts as absent.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from mlffbench.harness.documents.records import SCHEMA, SCORES, TEXT
from mlffbench.harness.outcome import SCHEMA as DOCUMENTS
from mlffbench.system.atomic_write import atomic_write

__all__ = ["NAME", "read_index", "write_index"]

NAME = ".index.parquet"
FORMAT = f"1.{DOCUMENTS}"  # raised with every change of the records, or of documents
UNSURE = 2_000_000_000  # ns; a file as young as this may change again without another time
GROUP = 5_000  # documents that are compressed together
TEXTS = [f.name for f in SCHEMA if f.type == TEXT] + [
    f"scores.list.element.{f.name}" for f in SCORES if f.type == TEXT
]


def read_index(folder: Path, columns: Sequence[str] | None = None) -> pa.Table | None:
    """Records of a folder, or some columns of them; None without an index that can be believed."""
    path = folder / NAME
    try:
        own, owner = os.stat(path, follow_symlinks=False), os.stat(folder).st_uid
        if not stat.S_ISREG(own.st_mode) or own.st_uid not in (owner, os.geteuid()):
            return None
        with parquet.ParquetFile(path, read_dictionary=TEXTS, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            if schema.remove_metadata() != SCHEMA or schema.metadata != _identity(folder):
                return None
            names = None if columns is None else list(columns)
            # Arrow reads dictionaries in lists from one group of rows alone
            parts = [file.read_row_group(k, names) for k in range(file.num_row_groups)]
            return (pa.concat_tables(parts) if parts else file.read(names)).replace_schema_metadata()
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None


def write_index(folder: Path, table: pa.Table) -> None:
    """Write the records of a folder but of its youngest files; nothing where that is not allowed."""
    settled = table.filter(pc.less(table["mtime"], time.time_ns() - UNSURE))
    with suppress(OSError), atomic_write(folder / NAME) as file:
        named = settled.replace_schema_metadata(_identity(folder))
        parquet.write_table(
            named, file, row_group_size=GROUP, compression="zstd", use_dictionary=TEXTS,
            write_statistics=False, write_page_checksum=True,
        )  # fmt: skip


def _identity(folder: Path) -> dict[bytes, bytes]:
    """Format of the index, and the folder that it belongs to: a copy of the folder is another one."""
    own = os.stat(folder)
    return {b"format": FORMAT.encode(), b"folder": f"{own.st_dev} {own.st_ino}".encode()}
