"""Comments of extended xyz in ASE's spelling: keys of the structure in any case, stresses of six numbers."""

from __future__ import annotations

import re

__all__ = ["BARE", "KEY", "STRUCTURE_OF", "VALUE", "directions", "is_number", "standard"]

BARE = r"""[^\s"'{}\[\]\\=]+"""
KEY = r"""[^\s"'{}\[\]\\=,]+"""
VALUE = rf"""(?:"[^"\\]+"|'[^'\\]+'|\{{[^{{}}\\]+\}}|\[[^\[\]\\]+\]|{BARE})"""  # "" swallows the next key
STRUCTURE_OF = {"lattice": "Lattice", "cell": "Lattice", "pbc": "pbc", "properties": "Properties"}
PAIR = re.compile(rf"(?<!\S)({KEY})\s*=\s*({VALUE})(?=\s|$)")
SUSPECT = re.compile(
    r"(?<!\S)(?!Lattice=\"[^\[_]|Properties=species:S:1:pos:R:3|pbc=\"[TF] [TF] [TF]\")"
    r"(?i:lattice|cell|pbc|properties|stress|virial)\s*="
)
COLUMNS = re.compile(r"[^:\s]+:[SRILsril]:\d+(?::[^:\s]+:[SRILsril]:\d+)*")
OF_STRUCTURE = {  # ASE's names of columns by type and number, and their other names without separators
    ("species", "S", "1"): ("specie", "symbol", "element"),
    ("pos", "R", "3"): ("po", "position", "coord", "coordinate", "xyz"),
    ("Z", "I", "1"): ("z", "atomicnumber", "number"),
}
PERIODIC = {"t", "true", "1", "yes", "y", "on", "p"}
OPEN = {"f", "false", "0", "no", "n", "off", "s", "m", "none", "open"}  # s, m: LAMMPS's shrink-wrapped
SQUARE = (0, 5, 4, 5, 1, 3, 4, 3, 2)  # places in xx yy zz yz xz xy of the nine components, row by row


def standard(line: str) -> str:
    """Rewrite a comment so that ASE reads what it says.

    ``lattice``, ``cell``, ``pbc`` and ``properties`` count in any case, as in GPUMD's files, and ``pbc`` with
    other words for true and false; ``stress`` and ``virial`` may have six numbers (xx yy zz yz xz xy).

    Raises
    ------
    ValueError
        A ``pbc`` that is neither true nor false, a ``Lattice`` of other than nine numbers, or columns without
        elements or positions.
    """
    if SUSPECT.search(line) is None:
        return line
    held = {m[1] for m in PAIR.finditer(line)}

    def rewritten(pair: re.Match[str]) -> str:
        key, text = pair[1], pair[2]
        word = STRUCTURE_OF.get(key.lower(), key)
        if word != key and word in held:
            return pair[0]
        written = _written(key, word, text)
        if written is None:
            return pair[0]
        held.add(word)
        return f"{word}={written}"

    return PAIR.sub(rewritten, line)


def _written(key: str, word: str, text: str) -> str | None:
    """The value of a key as ASE reads it under this word; None to leave the pair as it is."""
    inside = text.strip("\"'{}[]").strip()
    if word == "Properties":
        return _columns(inside) if COLUMNS.fullmatch(inside) else None
    if word == "pbc":
        return '"' + " ".join("FT"[x] for x in directions(inside)) + '"'
    if word not in ("Lattice", "stress", "virial"):
        return None
    numbers = inside.removeprefix("_JSON").translate(str.maketrans("[],", "   ")).split()
    if not all(map(is_number, numbers)):
        return None
    if key == "Lattice" and len(numbers) != 9:
        raise ValueError(
            f"Lattice has {len(numbers)} numbers; it is three vectors, ax ay az bx by bz cx cy cz"
        )
    if word != "Lattice" and len(numbers) == 6:
        numbers = [numbers[i] for i in SQUARE]
    return f'"{" ".join(numbers)}"' if len(numbers) == 9 else None


def _columns(inside: str) -> str:
    """Properties with ASE's names of elements and positions, and the types in upper case.

    Raises
    ------
    ValueError
        No column of the positions, or of the elements.
    """
    parts = inside.split(":")
    parts[1::3] = [kind.upper() for kind in parts[1::3]]
    fields = list(zip(parts[0::3], parts[1::3], parts[2::3], strict=True))
    for (word, kind, n), others in OF_STRUCTURE.items():
        if word not in parts[0::3]:
            alike = (i for i, f in enumerate(fields) if f[1:] == (kind, n) and _singular(f[0]) in others)
            if (place := next(alike, None)) is not None:
                parts[3 * place] = word
    if "pos" not in parts[0::3]:
        raise ValueError(f"Properties={inside!r} has no positions; name them pos:R:3")
    if not {"species", "Z"} & set(parts[0::3]):
        raise ValueError(f"Properties={inside!r} has no elements; name their symbols species:S:1")
    return ":".join(parts)


def _singular(name: str) -> str:
    """Name in lower case without separators and the plural's s."""
    return re.sub("[^a-z]", "", name.lower()).removesuffix("s")


def directions(text: str) -> list[bool]:
    """Return the periodic directions that one or three words such as T, no, p or xy tell.

    Raises
    ------
    ValueError
        The words are neither true nor false.
    """
    words = text.lower().removeprefix("_json").translate(str.maketrans("[],", "   ")).split()
    if len(words) == 1 and len(words[0]) == 3 and set(words[0]) <= set("tfpn10"):
        words = list(words[0])
    if len(words) == 1 and re.fullmatch("x?y?z?", words[0]):
        return [x in words[0] for x in "xyz"]
    if len(words) not in (1, 3) or not set(words) <= PERIODIC | OPEN:
        raise ValueError(
            f'pbc is {text!r}, which is neither true nor false; write pbc="T T T" or pbc="F F F"'
        )
    return [w in PERIODIC for w in words * (3 // len(words))]


def is_number(word: str) -> bool:
    """True for a word that is a number."""
    try:
        float(word)
    except ValueError:
        return False
    return True
