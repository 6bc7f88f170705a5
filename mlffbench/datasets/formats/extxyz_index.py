"""Index of an extended xyz file: byte offsets and comments of its frames, in one pass."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from ase.data import atomic_numbers

from mlffbench.datasets.formats.extxyz import PARSE_ERRORS, parse, unnamed
from mlffbench.datasets.formats.extxyz_comments import Comments, Properties
from mlffbench.datasets.formats.extxyz_faults import fault, is_cut_off
from mlffbench.datasets.formats.index import Builder, Entry, Index
from mlffbench.datasets.formats.nan_labels import missing_arrays, with_missing
from mlffbench.datasets.formats.read_errors import reason
from mlffbench.system.progress import report

__all__ = ["index_extxyz"]

BLOCK = 1 << 24
NEWLINE, SPACE = 10, 32
NANS = (b"nan", b"NaN", b"NAN")
NAN = re.compile(rb"(?<=[\s+-])(?:nan|NaN|NAN)(?=\s)")


def index_extxyz(name: str, file: BinaryIO, size: int) -> tuple[Index, np.ndarray]:
    """Index the frames; return the index and the (n + 1,) byte offsets between which they lie.

    Raises
    ------
    ValueError
        A frame is cut off or does not begin with its number of atoms; the message names it.
    """
    scan = _Scan(name)
    rest = b""
    while block := file.read(BLOCK):
        rest = scan.block(rest + block)
        report(f"index {name} (MB)", scan.offsets[-1] >> 20, size >> 20)
    if rest.strip() and not rest.endswith(b"\n"):
        rest = scan.block(rest + b"\n")
    if rest.strip():
        scan.refuse_rest(rest)
    scan.check_last()
    return scan.index(), np.array(scan.offsets, dtype=np.int64)


class _Scan:
    """Scanner of a file, block by block."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.builder = Builder()
        self.comments = Comments(self.builder)
        self.offsets = array("q", [0])
        self.sizes: dict[bytes, int] = {}
        self.symbols = np.zeros(1 << 16, dtype=np.int64)  # atoms by the two first letters of their lines
        self.long_symbols = False
        self.first = self.last = b""
        self.extra: list[str] = []  # columns that no frame names
        self.missing: dict[int, frozenset[str]] = {}  # arrays that are NaN throughout, by frame

    def block(self, block: bytes) -> bytes:
        """Index the complete frames of a block that begins with a frame; return the rest."""
        bytes_ = np.frombuffer(block, dtype=np.uint8)
        newlines = np.flatnonzero(bytes_ == NEWLINE)
        ends, heads = newlines.tolist(), []
        line, start = 0, 0
        while line < len(ends):
            natoms = self._natoms(block[start : ends[line]])
            if natoms is None or line + natoms + 1 >= len(ends):
                break
            self._comment(block, ends[line] + 1, ends[line + 1], natoms)
            heads.append(line)
            begin, start = start, ends[line + natoms + 1] + 1
            self.offsets.append(self.offsets[-1] + start - begin)
            line += natoms + 2
        if heads:
            self.last = block[begin:start]
            self.first = self.first or block[: ends[heads[1] - 1] + 1 if len(heads) > 1 else start]
            self._count(bytes_, newlines[:line], np.array(heads))
            if any(word in block for word in NANS):
                self._note_missing(block, newlines[:line], np.array(heads))
        return block[start:]

    def _note_missing(self, block: bytes, newlines: np.ndarray, heads: np.ndarray) -> None:
        """Note the arrays that are NaN throughout, in frames with NaN in an atom's line."""
        places = np.array(
            [match.start() for match in NAN.finditer(block, 0, int(newlines[-1]) + 1)], dtype=int
        )
        lines = np.searchsorted(newlines, places)
        lines = lines[~np.isin(lines, heads + 1)]
        starts = np.append(0, newlines[np.append(heads[1:], len(newlines)) - 1] + 1).tolist()
        for k in np.unique(np.searchsorted(heads, lines, side="right") - 1).tolist():
            try:
                missing = missing_arrays(parse(block[starts[k] : starts[k + 1]]))
            except PARSE_ERRORS:  # refused when it is read
                continue
            self.missing[len(self.builder) - len(heads) + k] = missing

    def _natoms(self, head: bytes) -> int | None:
        """Number of atoms that a frame begins with; None where an empty line ends the frames."""
        natoms = self.sizes.get(head)
        if natoms is None and head.strip():
            natoms = self.sizes[head] = self._parse(head)
        return natoms

    def _parse(self, head: bytes) -> int:
        """Parse a new first line, or refuse it with the number of its frame."""
        i = len(self.builder)
        if head.lstrip().startswith(b"VEC"):
            raise ValueError(
                f"{self.name}: frame {i - 1} has its cell in lines VEC1, VEC2 ..., a form without energies"
            )
        try:
            natoms = int(head)
        except ValueError:
            natoms = -1
        if natoms < 0:
            shown = head[:60].decode(errors="replace").strip()
            raise ValueError(
                f"ASE cannot read {self.name!r}: frame {i} must begin with a number of atoms, not {shown!r}"
            )
        return natoms

    def _comment(self, block: bytes, begin: int, end: int, natoms: int) -> None:
        """Index the comment of the next frame, or refuse it with the number of its frame."""
        try:
            self.comments.add(block, begin, end, natoms)
        except PARSE_ERRORS as error:
            raise ValueError(
                f"ASE cannot read {self.name!r}: the comment of frame {len(self.builder)}: "
                f"{reason(error) if isinstance(error, UnicodeDecodeError) else error}"
            ) from error

    def _count(self, block: np.ndarray, newlines: np.ndarray, heads: np.ndarray) -> None:
        """Count the symbols: one or two letters at the start of an atom's line."""
        atoms = np.ones(len(newlines), dtype=bool)
        atoms[heads] = atoms[heads + 1] = False
        starts = newlines[np.flatnonzero(atoms) - 1] + 1
        first, second, third = (block[np.minimum(starts + i, len(block) - 1)] for i in range(3))
        follows = second > SPACE
        self.long_symbols |= bool((follows & (third > SPACE)).any())
        codes = first.astype(np.int64) * 256 + np.where(follows, second, 0)
        self.symbols += np.bincount(codes, minlength=len(self.symbols))

    def refuse_rest(self, rest: bytes) -> None:
        """Raise the error of the text behind the last complete frame."""
        i, head = len(self.builder), rest.partition(b"\n")[0]
        if not head.strip():
            raise ValueError(
                f"{self.name}: an empty line after frame {i - 1}, and text behind it, which ASE would "
                "ignore; remove the line"
            )
        lines, due = len(rest.splitlines()), int(head) + 2
        raise ValueError(
            f"ASE cannot read {self.name!r}: frame {i}, the last, is cut off after {lines} of {due} lines; "
            "is the program that writes it still running, or was it killed? remove the frame"
        )

    def check_last(self) -> None:
        """Refuse a file whose last frame cannot be read: cut off, or wrong like the first one."""
        if not self.last:
            return
        widths = {Properties(text).width for text in self.comments.specifications}
        try:
            record = parse(self.last)
        except PARSE_ERRORS as error:
            last = len(self.builder) - 1
            where, text = f"frame {last}", fault(self.last) or str(error)
            if last > 0 and (first := fault(self.first)) is not None:
                where, text = "frame 0", first
            elif is_cut_off(self.last):
                where += ", the last, may be cut off"
            raise ValueError(f"ASE cannot read {self.name!r}: {where}: {text}") from error
        self.extra = [name for name in map(unnamed, widths) if name in record.values]

    def index(self) -> Index:
        self.builder.elements = self._elements()
        index = self.builder.index()
        extra = tuple(Entry(name, 2, "other", False) for name in self.extra)
        layouts = tuple(replace(layout, entries=layout.entries + extra) for layout in index.layouts)
        return with_missing(replace(index, layouts=layouts), self.missing)

    def _elements(self) -> Counter[int] | None:
        """Number of atoms by atomic number; None where two letters do not determine the element."""
        if self.long_symbols or not all(p.startswith("species:S:1:") for p in self.comments.specifications):
            return None
        counted: Counter[int] = Counter()
        for code in np.flatnonzero(self.symbols).tolist():
            word = bytes(b for b in divmod(code, 256) if b).decode(errors="replace").capitalize()
            if word not in atomic_numbers:
                return None
            counted[atomic_numbers[word]] += int(self.symbols[code])
        return counted
