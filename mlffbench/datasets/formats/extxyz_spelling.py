"""Comments of extended xyz in ASE's spelling: keys of the structure in any case, stresses of six numbers."""

from __future__ import annotations

import re

__all__ = ["BARE", "KEY", "STRUCTURE_OF", "VALUE", "is_number", "standard"]

BARE = r"""[^\s"'{}\[\]\\=]+"""
KEY = r"""[^\s"'{}\[\]\\=,]+"""
VALUE = rf"""(?:"[^"\\]+"|'[^'\\]+'|\{{[^{{}}\\]+\}}|\[[^\[\]\\]+\]|{BARE})"""  # "" swallows the next key
STRUCTURE_OF = {"lattice": "Lattice", "cell": "Lattice", "pbc": "pbc", "properties": "Properties"}
PAIR = re.compile(rf"(?<!\S)({KEY})\s*=\s*({VALUE})(?=\s|$)")
SUSPECT = re.compile(
    r"(?<!\S)(?!Lattice=\"[^\[_]|Properties=|pbc=\"[TF] [TF] [TF]\")"
    r"(?i:lattice|cell|pbc|properties|stress|virial)\s*="
)
COLUMNS = re.compile(r"\w+:[SRILsril]:\d+(?::\w+:[SRILsril]:\d+)*")
PERIODIC = {"t": "T", "true": "T", "1": "T", "yes": "T", "y": "T", "on": "T", "p": "T"}
OPEN = {"f": "F", "false": "F", "0": "F", "no": "F", "n": "F", "off": "F"}
SQUARE = (0, 5, 4, 5, 1, 3, 4, 3, 2)  # places in xx yy zz yz xz xy of the nine components, row by row


def standard(line: str) -> str:
    """Rewrite a comment so that ASE reads what it says.

    ``lattice``, ``cell``, ``pbc`` and ``properties`` count in any case, as in GPUMD's files, and ``pbc`` with
    other words for true and false; ``stress`` and ``virial`` may have six numbers (xx yy zz yz xz xy).

    Raises
    ------
    ValueError
        A ``pbc`` that is neither true nor false.
    """
    if SUSPECT.search(line) is None:
        return line
    held = {m[1] for m in PAIR.finditer(line)}

    def rewritten(pair: re.Match[str]) -> str:
        key, text = pair[1], pair[2]
        word = STRUCTURE_OF.get(key.lower(), key)
        if word != key and word in held:
            return pair[0]
        written = _written(word, text)
        if written is None:
            return pair[0]
        held.add(word)
        return f"{word}={written}"

    return PAIR.sub(rewritten, line)


def _written(word: str, text: str) -> str | None:
    """The value as ASE reads it under this key; None to leave the pair as it is."""
    inside = text.strip("\"'{}[]").strip()
    if word == "Properties":
        return inside if COLUMNS.fullmatch(inside) else None
    if word == "pbc":
        return _pbc(inside)
    if word not in ("Lattice", "stress", "virial"):
        return None
    numbers = inside.removeprefix("_JSON").translate(str.maketrans("[],", "   ")).split()
    if not all(map(is_number, numbers)):
        return None
    if word != "Lattice" and len(numbers) == 6:
        numbers = [numbers[i] for i in SQUARE]
    return f'"{" ".join(numbers)}"' if len(numbers) == 9 else None


def _pbc(inside: str) -> str:
    """Periodic directions as one or three letters T and F."""
    words = inside.lower().removeprefix("_json").translate(str.maketrans("[],", "   ")).split()
    if len(words) == 1 and len(words[0]) == 3 and set(words[0]) <= set("tfpn10"):
        words = list(words[0])
    known = PERIODIC | OPEN
    if len(words) not in (1, 3) or not all(w in known for w in words):
        raise ValueError(
            f'pbc is {inside!r}, which is neither true nor false; write pbc="T T T" or pbc="F F F"'
        )
    return '"' + " ".join(known[w] for w in words * (3 // len(words))) + '"'


def is_number(word: str) -> bool:
    """True for a word that is a number."""
    try:
        float(word)
    except ValueError:
        return False
    return True
