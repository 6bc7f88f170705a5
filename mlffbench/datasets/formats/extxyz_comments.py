"""Parser of comment lines of extended xyz: the result of ASE, at the speed of a regular expression.

ASE reads them character by character. Here its reader is called once for every new form of line; lines of the
same form, which differ in numbers and words only, are then matched by a pattern derived from the first.
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

from mlffbench.datasets.formats.extxyz_spelling import BARE, KEY, STRUCTURE_OF, VALUE, standard
from mlffbench.datasets.formats.index import Builder, Entry, Layout, is_stray

__all__ = ["Comments", "Properties", "in_voigt_order", "is_hidden", "tokens", "value"]

PLAIN = "species:S:1:pos:R:3"  # columns of a frame without Properties
STRUCTURE = ("Properties", "pbc", "Lattice")  # keys that ASE takes out of info
TOKEN = re.compile(rf"({KEY})(?:=({VALUE}))?(?=\s|$)")
LINE = re.compile(rf"\s*(?:{KEY}(?:={VALUE})?(?:\s+|$))*")
NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
TRUTH = ("T", "F", "true", "false", "True", "False", "TRUE", "FALSE")
Segment = tuple[str, Callable[[bytes], float] | None]  # pattern of one token, and the reader of its group
MOST_TEMPLATES = 64  # lines of more forms are read by ASE


def tokens(line: str) -> dict[str, str | None] | None:
    """Split a line into keys and their values as written; None for a line that needs ASE's reader."""
    if LINE.fullmatch(line) is None:
        return None
    pairs = TOKEN.findall(line)
    named = {key: text or None for key, text in pairs}
    return named if len(named) == len(pairs) and not any(k.lower() == "uid" for k in named) else None


@lru_cache(maxsize=4096)
def value(key: str, text: str | None) -> Any:
    """Convert ``key=text`` as ASE does; the result is cached, so do not change arrays."""
    return key_val_str_to_dict(key if text is None else f"{key}={text}")[key]


@dataclass(frozen=True)
class Properties:
    """Columns of the atoms' lines, from a text such as ``species:S:1:pos:R:3:forces:R:3``."""

    text: str

    def __post_init__(self) -> None:
        """Refuse a text that is not name:type:columns, repeated."""
        if re.fullmatch(r"[^:]+:[A-Za-z]:[1-9]\d{0,4}(:[^:]+:[A-Za-z]:[1-9]\d{0,4})*", self.text) is None:
            raise ValueError(f"Properties={self.text!r} is not name:type:columns, such as {PLAIN}:forces:R:3")

    @cached_property
    def fields(self) -> list[tuple[str, str, int, int]]:
        """Name in ASE, type, first column and number of columns of each property."""
        parts = self.text.split(":")
        widths = [int(n) for n in parts[2::3]]
        starts = np.cumsum([0, *widths]).tolist()
        names = [REV_PROPERTY_NAME_MAP.get(n, n) for n in parts[0::3]]
        return list(zip(names, parts[1::3], starts, widths, strict=False))

    @cached_property
    def width(self) -> int:
        """Number of columns."""
        return sum(width for *_, width in self.fields)

    @cached_property
    def is_plain(self) -> bool:
        """True if a line is one symbol and then numbers only, among them the position."""
        names = [f[0] for f in self.fields]
        head = self.fields[0][:2] == ("symbols", "S") and self.fields[0][3] == 1
        numeric = all(kind in "RI" for _, kind, _, _ in self.fields[1:])
        known = {"positions"} <= set(names) and not {"numbers", "move_mask"} & set(names)
        return head and numeric and known and len(set(names)) == len(names)

    def labels(self) -> dict[str, int]:
        """Names of possible labels, with their number of dimensions."""
        structure = ("symbols", "positions", "numbers", "move_mask")
        return {name: 1 if n == 1 else 2 for name, _, _, n in self.fields if name not in structure}


# ---------------------------------------------------------------- one form of line
@dataclass(frozen=True)
class Template:
    """Pattern of the lines of one form, the layout of their frames, and a reader of every group."""

    pattern: re.Pattern[bytes]
    layout: int
    readers: tuple[Callable[[bytes], float], ...]

    def read(self, block: bytes, begin: int, end: int) -> list[float] | None:
        """Return the scalars of a line; None if it is of another form."""
        match = self.pattern.fullmatch(block, begin, end)
        if match is None:
            return None
        try:
            return [read(group) for read, group in zip(self.readers, match.groups(), strict=True)]
        except KeyError:  # a word that is not what ASE calls a text
            return None


class _TextCodes(dict[bytes, float]):
    """Codes of texts as written; a new one is converted by ASE, with a KeyError if it is no text."""

    def __init__(self, key: str, builder: Builder) -> None:
        super().__init__()
        self.key, self.builder = key, builder

    def __missing__(self, written: bytes) -> float:
        text = value(self.key, written.decode())
        if not isinstance(text, str):
            raise KeyError(written)
        self[written] = float(self.builder.code(text))
        return self[written]


def _pattern(key: str, text: str | None, builder: Builder) -> Segment | None:
    """Pattern of one token, and the reader of its group if it has one; None if no pattern is safe."""
    name = re.escape(key)
    if text is None:
        stray, code = is_stray(key, True), float(builder.code("True"))
        return (NUMBER, None) if stray else (f"({name})", lambda _: code)
    inside = text[1:-1] if text[0] in "\"'{[" else text
    before, after = (text[0], text[-1]) if inside != text else ("", "")
    wrap = lambda middle: f"{name}={re.escape(before)}{middle}{re.escape(after)}"
    if STRUCTURE_OF.get(key.lower()) in ("Properties", "pbc"):
        return wrap(re.escape(inside)), None
    if key in ("Lattice", "stress", "virial"):  # of which ASE accepts fewer forms than `standard`
        return _vector_pattern(inside, wrap)
    meaning = value(key, text)
    if isinstance(meaning, bool):
        codes = {word.encode(): float(builder.code(str(word[0] in "Tt"))) for word in TRUTH}
        return wrap(f"({'|'.join(TRUTH)})"), codes.__getitem__
    if isinstance(meaning, str):
        middle = BARE if inside == text else rf"[^{re.escape(after)}\\]+"
        words = _TextCodes(key, builder)
        reader = lambda written: words[f"{before}{written.decode()}{after}".encode()]
        return wrap(f"({middle})"), words.__getitem__ if inside == text else reader
    if isinstance(meaning, np.number) and re.fullmatch(NUMBER, inside):
        return wrap(f"({NUMBER})"), float
    return _vector_pattern(inside, wrap)


def _vector_pattern(inside: str, wrap: Callable[[str], str]) -> tuple[str, None] | None:
    """Pattern of as many numbers as `inside` has; their values are not indexed."""
    json_list = re.fullmatch(rf"_JSON \[({NUMBER}(?:, {NUMBER})*)\]", inside)
    count = len(re.findall(r"[^\s,]+", json_list[1] if json_list else inside))
    if json_list:
        return wrap(rf"_JSON \[{NUMBER}(?:, {NUMBER}){{{count - 1}}}\]"), None
    several = rf"[\s,]*{NUMBER}(?:[\s,]+{NUMBER}){{{count - 1}}}[\s,]*"
    return (wrap(several), None) if count > 1 and re.fullmatch(several, inside) else None


# ---------------------------------------------------------------- all lines of a file
class Comments:
    """Converter of comment lines into rows of a `Builder`."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.templates: list[Template] = []
        self.specifications: set[str] = set()

    def add(self, block: bytes, begin: int, end: int, natoms: int) -> None:
        """Add the frame whose comment is ``block[begin:end]``.

        Raises
        ------
        ValueError
            ASE cannot read the line.
        """
        for place, template in enumerate(self.templates):
            scalars = template.read(block, begin, end)
            if scalars is not None:
                self.builder.add_coded(natoms, template.layout, scalars)
                if place:  # the next line probably has the same form
                    self.templates.insert(0, self.templates.pop(place))
                return
        self._by_ase(block[begin:end], natoms)

    def _by_ase(self, line: bytes, natoms: int) -> None:
        """Add a frame of a new form; keep a template of it if that reproduces ASE's result."""
        text = line.decode().strip()
        info = key_val_str_to_dict(standard(text)) if text else {}
        layout, scalars = layout_of(info)
        self.specifications.add(str(info.get("Properties", PLAIN)))
        self.builder.add(natoms, layout, scalars)
        if len(self.templates) < MOST_TEMPLATES and (template := self._template(text, layout)):
            coded = [self.builder.code(v) if isinstance(v, str) else float(v) for v in scalars]
            if template.read(line, 0, len(line)) == coded:
                self.templates.insert(0, template)

    def _template(self, text: str, layout: Layout) -> Template | None:
        """Derive a template from a line; None for lines that only ASE's reader understands."""
        pairs = tokens(text)
        if not pairs:
            return None
        segments = [_pattern(key, token, self.builder) for key, token in pairs.items()]
        known = [segment for segment in segments if segment is not None]
        if len(known) < len(segments):
            return None
        joined = r"\s+".join(pattern for pattern, _ in known)
        pattern = re.compile(rf"\s*{joined}\s*".encode())
        readers = tuple(read for _, read in known if read is not None)
        return Template(pattern, self.builder.number(layout), readers)


def layout_of(info: Mapping[str, Any]) -> tuple[Layout, list[Any]]:
    """Layout of a frame with this comment, sorted as by ASE, and its scalars in the order of the line."""
    properties = Properties(str(info.get("Properties", PLAIN)))
    pbc = np.zeros(3, dtype=bool)
    pbc[:] = info.get("pbc", "Lattice" in info)
    rest = {k: in_voigt_order(k, v) for k, v in info.items() if k not in STRUCTURE and not is_stray(k, v)}
    arrays = properties.labels()
    if flags := [n for n, kind, _, _ in properties.fields if kind == "L" and n in all_properties]:
        raise ValueError(f"{flags} are flags (L) in Properties, not numbers (R)")
    visible = {k: v for k, v in rest.items() if not is_hidden(arrays, k)}
    described = [(Entry.of(k, v, k not in per_config_properties), v) for k, v in visible.items()]
    entries = [e for e, _ in described]
    entries += [Entry(k, n, "other", False) for k, n in arrays.items() if k not in visible]
    return Layout(tuple(entries), bool(pbc.all())), [e.scalar(v) for e, v in described if e.is_scalar]


def in_voigt_order(key: str, converted: Any) -> Any:
    """Return a 3×3 stress in Voigt order, as ASE does, and any other value as it is."""
    if key == "stress" and np.shape(converted) == (3, 3):
        return converted[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    return converted


def is_hidden(arrays: Collection[str], key: str) -> bool:
    """True if ASE lets the array of that name win over the comment."""
    return key in arrays and key in all_properties and key not in per_config_properties
