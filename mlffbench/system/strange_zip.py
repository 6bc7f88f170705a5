"""Zip archives of strangers: names, kinds and sizes of all members are checked before one is read."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mlffbench.system.regular_file import check_regular

__all__ = ["LARGEST_RATIO", "MOST_BYTES", "MOST_FILES", "check_ratio", "unpack_zip"]

MOST_FILES = 60_000
MOST_BYTES = 4_000_000_000  # of all members, unpacked
LARGEST_RATIO = 200  # unpacked over packed bytes; deflate reaches 1,000 for zeros alone
SMALL = 1_000_000  # bytes that no ratio is asked of
MOST_DIRECTORY = 16_000_000  # bytes of the list of members
END = struct.Struct("<4s4H2LH")  # end of the central directory
LOCATOR = 20  # bytes of what stands before the end where the directory is in zip64


def unpack_zip(archive: Path, folder: Path, is_allowed: Callable[[str], bool]) -> list[str]:
    """Unpack an archive into a folder that has none of its files; return their names.

    Only regular files of allowed names are written, each within the size that its entry states.

    Parameters
    ----------
    is_allowed : callable
        True for a name of a member, with ``/`` between folders, that may be there.

    Raises
    ------
    OSError
        A file cannot be read or written.
    ValueError
        It is no zip archive, is damaged, or a member is a link, has a name that is not allowed or stands
        twice, is encrypted, or is too large: then nothing was written. The message is the predicate of a
        sentence.
    """
    with _opened(archive) as file, _faults(archive), zipfile.ZipFile(file) as opened:
        members = opened.infolist()
        for fault in _member_faults(members, is_allowed):
            raise ValueError(fault)
        if sum(member.compress_size for member in members) > archive.stat().st_size:
            raise ValueError("states larger files than it can hold")
        for member in members:
            target = folder / member.filename
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(member) as content, target.open("xb") as written:
                shutil.copyfileobj(content, written)
        return [member.filename for member in members]


@contextmanager
def _opened(archive: Path) -> Iterator[BinaryIO]:
    check_regular(archive)
    with archive.open("rb") as file:
        _check_directory(file)
        yield file


@contextmanager
def _faults(archive: Path) -> Iterator[None]:
    """Turn the errors of zipfile and of the decompressors into a ValueError; those of the disk stay."""
    try:
        yield
    except (OSError, ValueError):
        raise
    except Exception as error:  # zipfile, zlib, struct: each has exceptions of its own
        raise ValueError(f"is damaged: {error}") from error


def _check_directory(file: BinaryIO) -> None:
    """Refuse an archive whose list of members is too long, before zipfile reads it.

    Raises
    ------
    ValueError
        The message is the predicate of a sentence.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END.size - LOCATOR))
    tail = file.read()
    end = tail[-END.size :]
    if len(end) < END.size or not end.startswith(b"PK\5\6") or not end.endswith(b"\0\0"):
        raise ValueError("is no zip archive, or has something behind its end")
    if tail[:4] == b"PK\6\7" and len(tail) > END.size:
        raise ValueError("is a zip64 archive, which no submission is")
    n_files, n_bytes = END.unpack(end)[4:6]
    if n_files > MOST_FILES or n_bytes > MOST_DIRECTORY:
        raise ValueError(f"lists {n_files:,} files, more than the {MOST_FILES:,} that one may have")
    file.seek(0)


def _member_faults(members: list[zipfile.ZipInfo], is_allowed: Callable[[str], bool]) -> Iterator[str]:
    """Predicates of sentences on what is wrong with the members; the first that is true of them suffices."""
    seen = set[str]()
    for member in members:
        name = member.filename
        if not is_allowed(name) or name.startswith("/") or ".." in name.split("/"):
            yield f"holds {name[:100]!r}, which is no file of a submission"
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or member.is_dir():
            yield f"holds {name[:100]!r}, which is a link or no regular file"
        if name.lower() in seen:
            yield f"holds {name[:100]!r} twice"
        seen.add(name.lower())
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            yield f"holds {name[:100]!r} encrypted, or compressed in a way that no submission is"
        if fault := check_ratio(member.file_size, member.compress_size):
            yield f"holds {name[:100]!r}, which {fault}"
    if len(members) > MOST_FILES:
        yield f"holds {len(members):,} files, more than {MOST_FILES:,}"
    if (total := sum(member.file_size for member in members)) > MOST_BYTES:
        yield f"would unpack to {total / 1e9:.3g} GB, more than {MOST_BYTES / 1e9:g} GB"


def check_ratio(unpacked: int, packed: int) -> str:
    """Predicate of a sentence on content that claims to be far larger than its bytes; '' for other."""
    if unpacked <= max(SMALL, LARGEST_RATIO * packed):
        return ""
    return f"would unpack {packed:,} bytes to {unpacked:,}"
