"""The comment lines of extended xyz: ASE's meaning of them, at the speed of a regular expression.

ASE reads them character by character. Here its reader is asked once for every new making of a line; lines
made alike, which differ in numbers and words only, are then matched by a pattern derived from the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from ase.calculators.calculator import all_properties
from ase.io.extxyz import REV_PROPERTY_NAME_MAP, key_val_str_to_dict, per_config_properties

from mlffbench.datasets.formats.index import Builder, Entry, Layout

__all__ = ["Comments", "Properties", "as_result", "taken", "tokens", "value"]

PLAIN = "species:S:1:pos:R:3"  # what a line without Properties means
STRUCTURE = ("Properties", "pbc", "Lattice")  # what ASE takes out of info
BARE = r"""[^\s"'{}\[\]\\=]+"""
KEY = r"""[^\s"'{}\[\]\\=,]+"""
VALUE = rf"""(?:"[^"\\]+"|'[^'\\]+'|\{{[^{{}}\\]+\}}|\[[^\[\]\\]+\]|{BARE})"""  # "" swallows the next key
TOKEN = re.compile(rf"({KEY})(?:=({VALUE}))?(?=\s|$)")
LINE = re.compile(rf"\s*(?:{KEY}(?:={VALUE})?(?:\s+|$))*")
NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
TRUTH = {"T": 1.0, "F": 0.0, "true": 1.0, "false": 0.0, "True": 1.0, "False": 0.0, "TRUE": 1.0, "FALSE": 0.0}
Part = tuple[str, Callable[[bytes], float] | None]  # of a pattern: one token, and the reader of its group
MANY = 64  # more makings of a line than this, and lines are read by ASE


def tokens(line: str) -> dict[str, str | None] | None:
    """Keys and their values as written; None for a line that needs ASE's reader."""
    if LINE.fullmatch(line) is None:
        return None
    found = TOKEN.findall(line)
    named = {key: text or None for key, text in found}
    return named if len(named) == len(found) and not any(k.lower() == "uid" for k in named) else None


@lru_cache(maxsize=4096)
def value(key: str, text: str | None) -> Any:
    """What ASE makes of ``key=text``; do not change arrays."""
    return key_val_str_to_dict(key if text is None else f"{key}={text}")[key]


@dataclass(frozen=True)
class Properties:
    """The columns of the atoms' lines, as ``species:S:1:pos:R:3:forces:R:3`` names them."""

    text: str

    @cached_property
    def fields(self) -> list[tuple[str, str, int, int]]:
        """Name in ASE, type, first column, number of columns."""
        parts = self.text.split(":")
        widths = [int(n) for n in parts[2::3]]
        starts = np.cumsum([0, *widths]).tolist()
        names = [REV_PROPERTY_NAME_MAP.get(n, n) for n in parts[0::3]]
        return list(zip(names, parts[1::3], starts, widths, strict=False))

    @cached_property
    def width(self) -> int:
        return sum(width for *_, width in self.fields)

    @cached_property
    def is_plain(self) -> bool:
        """Whether a line is one symbol and then numbers only, among them the position."""
        names = [f[0] for f in self.fields]
        head = self.fields[0][:2] == ("symbols", "S") and self.fields[0][3] == 1
        numeric = all(kind in "RI" for _, kind, _, _ in self.fields[1:])
        known = {"positions"} <= set(names) and not {"numbers", "move_mask"} & set(names)
        return head and numeric and known and len(set(names)) == len(names)

    def labels(self) -> dict[str, int]:
        """What could be a label, with its numbers of dimensions."""
        structure = ("symbols", "positions", "numbers", "move_mask")
        return {name: 1 if n == 1 else 2 for name, _, _, n in self.fields if name not in structure}


# ---------------------------------------------------------------- one making of a line
@dataclass(frozen=True)
class Template:
    """A pattern for lines alike, the layout of their frames, and a reader for every group of the pattern."""

    pattern: re.Pattern[bytes]
    layout: int
    readers: tuple[Callable[[bytes], float], ...]

    def read(self, block: bytes, begin: int, end: int) -> list[float] | None:
        """The scalars of a line; None if it is not of this making."""
        match = self.pattern.fullmatch(block, begin, end)
        if match is None:
            return None
        try:
            return [read(group) for read, group in zip(self.readers, match.groups(), strict=True)]
        except KeyError:  # a word that is not what ASE calls a text
            return None


class _Words(dict[bytes, float]):
    """The number of a text as written, asked from ASE when new; KeyError if ASE sees no text in it."""

    def __init__(self, key: str, builder: Builder) -> None:
        super().__init__()
        self.key, self.builder = key, builder

    def __missing__(self, written: bytes) -> float:
        text = value(self.key, written.decode())
        if not isinstance(text, str):
            raise KeyError(written)
        self[written] = float(self.builder.code(text))
        return self[written]


def _pattern(key: str, text: str | None, builder: Builder) -> Part | None:
    """A pattern for one token, and the reader of its group if it has one; None if it may be anything."""
    meaning = value(key, text)
    name = re.escape(key)
    if text is None:
        return f"({name})", lambda _: 1.0
    inside = text[1:-1] if text[0] in "\"'{[" else text
    before, after = (text[0], text[-1]) if inside != text else ("", "")
    wrap = lambda middle: f"{name}={re.escape(before)}{middle}{re.escape(after)}"
    if key in ("Properties", "pbc"):
        return wrap(re.escape(inside)), None
    if isinstance(meaning, bool):
        return wrap(f"({'|'.join(TRUTH)})"), lambda written: TRUTH[written.decode()]
    if isinstance(meaning, str):
        middle = BARE if inside == text else rf"[^{re.escape(after)}\\]+"
        words = _Words(key, builder)
        reader = lambda written: words[f"{before}{written.decode()}{after}".encode()]
        return wrap(f"({middle})"), words.__getitem__ if inside == text else reader
    if isinstance(meaning, np.number) and re.fullmatch(NUMBER, inside):
        return wrap(f"({NUMBER})"), float
    return _vector(inside, wrap)


def _vector(inside: str, wrap: Callable[[str], str]) -> tuple[str, None] | None:
    """As many numbers as here: what they are does not matter to an index."""
    json_list = re.fullmatch(rf"_JSON \[({NUMBER}(?:, {NUMBER})*)\]", inside)
    count = len(re.findall(r"[^\s,]+", json_list[1] if json_list else inside))
    if json_list:
        return wrap(rf"_JSON \[{NUMBER}(?:, {NUMBER}){{{count - 1}}}\]"), None
    several = rf"[\s,]*{NUMBER}(?:[\s,]+{NUMBER}){{{count - 1}}}[\s,]*"
    return (wrap(several), None) if count > 1 and re.fullmatch(several, inside) else None


# ---------------------------------------------------------------- all lines of a file
class Comments:
    """Turns comment lines into rows of a `Builder`."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.templates: list[Template] = []
        self.specifications: set[str] = set()

    def add(self, block: bytes, begin: int, end: int, natoms: int) -> None:
        """The frame whose comment is ``block[begin:end]``.

        Raises
        ------
        ValueError
            ASE cannot read the line.
        """
        for place, template in enumerate(self.templates):
            scalars = template.read(block, begin, end)
            if scalars is not None:
                self.builder.add_coded(natoms, template.layout, scalars)
                if place:  # the next line is probably like this one
                    self.templates.insert(0, self.templates.pop(place))
                return
        self._by_ase(block[begin:end], natoms)

    def _by_ase(self, line: bytes, natoms: int) -> None:
        text = line.decode().strip()
        info = key_val_str_to_dict(text) if text else {}
        layout, scalars = layout_of(info)
        self.specifications.add(str(info.get("Properties", PLAIN)))
        self.builder.add(natoms, layout, scalars)
        if len(self.templates) < MANY and (made := self._template(text, layout)):
            coded = [self.builder.code(v) if isinstance(v, str) else float(v) for v in scalars]
            if made.read(line, 0, len(line)) == coded:
                self.templates.insert(0, made)

    def _template(self, text: str, layout: Layout) -> Template | None:
        """A pattern out of a line; None for lines that only ASE's reader understands."""
        written = tokens(text)
        if not written:
            return None
        parts = [_pattern(key, token, self.builder) for key, token in written.items()]
        known = [p for p in parts if p is not None]
        if len(known) < len(parts):
            return None
        between = r"\s+".join(p for p, _ in known)
        pattern = re.compile(rf"\s*{between}\s*".encode())
        readers = tuple(read for _, read in known if read is not None)
        return Template(pattern, self.builder.number(layout), readers)


def layout_of(info: Mapping[str, Any]) -> tuple[Layout, list[Any]]:
    """What a frame with this comment holds, as ASE sorts it, and its scalars in the line's order."""
    properties = Properties(str(info.get("Properties", PLAIN)))
    pbc = np.zeros(3, dtype=bool)
    pbc[:] = info.get("pbc", "Lattice" in info)
    rest = {k: as_result(k, v) for k, v in info.items() if k not in STRUCTURE}
    arrays = properties.labels()
    held = [
        (Entry.of(k, v, k not in per_config_properties), v) for k, v in rest.items() if not taken(arrays, k)
    ]
    entries = [e for e, _ in held]
    entries += [Entry(k, n, "other", False) for k, n in arrays.items() if k not in rest or taken(arrays, k)]
    return Layout(tuple(entries), bool(pbc.all())), [v for e, v in held if e.kind != "other"]


def as_result(key: str, made: Any) -> Any:
    """A value as ASE keeps it: a stress in Voigt's order."""
    if key == "stress" and np.shape(made) == (3, 3):
        return made[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    return made


def taken(arrays: Collection[str], key: str) -> bool:
    """Whether ASE lets the array of that name win over the comment."""
    return key in arrays and key in all_properties and key not in per_config_properties
