"""Contents of a submission: names of its files, and the list of their digests, ``SHA256SUMS``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mlffbench.harness.documents.document import ID
from mlffbench.harness.submissions.refusal import Refusal
from mlffbench.system.checksum import Checksum
from mlffbench.system.text_file import read_text

__all__ = ["DIGESTS", "digest_list", "files_of", "is_submitted", "wrong_digests"]

DIGESTS = "SHA256SUMS"  # as the program sha256sum writes and checks it
MOST_BYTES = 20_000_000
NAMES = re.compile(
    rf"{DIGESTS}|suite(-\d+)?\.yaml|environments/[0-9a-f]{{64}}\.txt"
    rf"|(?P<document>{ID.pattern})\.json|predictions/{ID.pattern}\.npz"
)
LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
FOLDERS = ("", "environments", "predictions")


def is_submitted(name: str) -> bool:
    """True for the name of a file that a submission may hold."""
    return len(name) <= 250 and NAMES.fullmatch(name) is not None


def files_of(folder: Path) -> list[str]:
    """Names of the files of a results folder that belong into a submission, links too; sorted.

    Raises
    ------
    OSError
        It cannot be read, or one of its folders is a link.
    """
    names = []
    for place in (folder / part for part in FOLDERS):
        if place != folder and place.is_symlink():
            raise OSError(f"{place} is a link, through which nothing is read; put a folder in its place")
        inside = place.iterdir() if place.is_dir() else ()
        names += [path.relative_to(folder).as_posix() for path in inside]
    return sorted(name for name in names if is_submitted(name))


def digest_list(folder: Path, names: Iterable[str]) -> str:
    """Digests of these files: a line each."""
    return "".join(f"{Checksum('').of(folder / name)}  {name}\n" for name in names if name != DIGESTS)


def wrong_digests(folder: Path, names: Iterable[str]) -> Iterator[Refusal]:
    """Refuse files of a submission that are not as its list says, are not on it, or are missing."""
    try:
        listed = _read(folder / DIGESTS)
    except (OSError, ValueError) as error:
        yield Refusal(DIGESTS, "files", f"the list of digests cannot be used: {error}")
        return
    present = {name for name in names if name != DIGESTS}
    for name in sorted(present - listed.keys()):
        yield Refusal(name, "files", f"it is not on the list of digests, {DIGESTS}: it was added later")
    for name in sorted(listed.keys() - present):
        yield Refusal(name, "files", f"it is on the list of digests, {DIGESTS}, and is not there")
    for name in sorted(present & listed.keys()):
        if Checksum("").of(folder / name) != listed[name]:
            yield Refusal(name, "files", f"its content is not the one on the list of digests, {DIGESTS}")


def _read(file: Path) -> dict[str, str]:
    """Digests by name."""
    lines = [LINE.fullmatch(line) for line in read_text(file, MOST_BYTES).splitlines()]
    if not all(lines):
        raise ValueError(f"line {lines.index(None) + 1} is no digest and name")
    digests = {match[2]: match[1] for match in lines if match}
    if len(digests) < len(lines):
        raise ValueError("a name stands on it twice")
    return digests
