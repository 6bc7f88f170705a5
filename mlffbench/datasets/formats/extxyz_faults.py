"""Fault of a frame of extended xyz that cannot be read: the line, the text in it and the remedy."""

from __future__ import annotations

from mlffbench.datasets.formats.chemical_symbols import fault_of_symbol
from mlffbench.datasets.formats.extxyz_comments import PLAIN, Properties, tokens, value
from mlffbench.datasets.formats.extxyz_spelling import standard

__all__ = ["fault", "is_cut_off"]


def fault(raw: bytes) -> str | None:
    """Return the first fault in the atoms' lines of a frame, None where they are as `Properties` says."""
    columns, lines = _columns_and_lines(raw)
    if columns is None:
        return None
    for number, line in enumerate(lines):
        words = line.split()
        if len(words) < columns.width:  # ASE ignores further ones
            return f"atom {number} has {len(words)} columns, and {columns.text!r} is {columns.width}"
        for name, kind, start, width in columns.fields:
            for word in words[start : start + width]:
                text = _fault_of_word(name, kind, word)
                if text is not None:
                    return f"atom {number}: {text}"
    return None


def is_cut_off(raw: bytes) -> bool:
    """True if only the last line is wrong, and has too few columns."""
    columns, lines = _columns_and_lines(raw)
    if columns is None or not lines:
        return False
    _, comment, _ = raw.split(b"\n", 2)
    others = b"\n".join([b"%d" % (len(lines) - 1), comment, *(line.encode() for line in lines[:-1])])
    return len(lines[-1].split()) < columns.width and fault(others) is None


def _columns_and_lines(raw: bytes) -> tuple[Properties | None, list[str]]:
    """Columns of the atoms' lines, None where the comment does not tell them, and these lines."""
    head, comment, *body = raw.decode(errors="replace").split("\n", 2)
    try:
        pairs = tokens(standard(comment.strip()))
        if pairs is None:
            return None, []
        columns = Properties(
            str(value("Properties", pairs["Properties"])) if pairs.get("Properties") else PLAIN
        )
    except ValueError:
        return None, []
    return columns, "".join(body).splitlines()[: int(head)]


def _fault_of_word(name: str, kind: str, word: str) -> str | None:
    """Return the fault of a word in a column of this name and type."""
    if name == "symbols":
        return fault_of_symbol(word)
    if kind not in "RI":
        return None
    try:
        float(word)
    except ValueError:
        return f"{word!r} is no number ({name}){_remedy(word)}"
    return None


def _remedy(word: str) -> str:
    """Return the remedy for numbers in the spelling of Fortran, of other languages, or too wide."""
    if "*" in word:
        return "; it was too wide for its columns in the program that wrote it"
    for sign, other, text in (("d", "e", "exponents with e"), (",", ".", "a decimal point, not a comma")):
        try:
            float(word.lower().replace(sign, other))
        except ValueError:
            continue
        return f"; write {text}"
    return ""
