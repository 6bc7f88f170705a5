"""Texts of suites, recipes and manifests with one or two places changed, as a stranger or a slip would."""

from __future__ import annotations

import re

import numpy as np

VALUES = (
    *("1e999", "-1", "0", "1.5", "true", "null", "[]", "{}", "[a]", "{a: 1}", '"3"', "1_000", "0x10", "1,5"),
    *("yes", '""', "9" * 30, "1e308", ".nan", "-.inf", "2024-01-01", "*x", "&x [*x]", "<<", "x" * 9000),
    *("!!set {a}", "!!binary aGk=", "!!python/object/apply:os.system [touch pwned]", '"../../pwned"'),
    *('{"os:system": {command: touch pwned}}', "/dev/zero", '"\\0"', '"a\\nb"', "[[[[]]]]", "{path: .}"),
    *("[/x]", "{path: /dev/zero}", "{null: 1}"),
)  # fmt: skip
CHARACTERS = (
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "-",
    "?",
    "&",
    "*",
    "!",
    "|",
    "%",
    "@",
    '"',
    "'",
    "#",
    "\n",
    "\t",
    "\0",
    "é",
)


def mutants(text: str, n: int, seed: int = 0) -> list[str]:
    """`n` mutants: words replaced, lines lost, doubled or moved, characters inserted."""
    rng = np.random.default_rng(seed)
    return [_mutant(text, rng) if k % 4 else _mutant(_mutant(text, rng), rng) for k in range(n)]


def _mutant(text: str, rng: np.random.Generator) -> str:
    lines = text.split("\n")
    i, j = rng.integers(len(lines), size=2)
    kind = rng.integers(6)
    if kind < 3:
        words = list(re.finditer(r"[\w./+-]+", text))
        word = words[rng.integers(len(words))]
        return text[: word.start()] + str(rng.choice(VALUES)) + text[word.end() :]
    if kind == 3:
        place = int(rng.integers(len(text)))
        return text[:place] + str(rng.choice(CHARACTERS)) + text[place + 1 :]
    if kind == 4:
        return "\n".join(lines[:i] + lines[i + 1 :])
    return "\n".join([*lines[:i], lines[j], *lines[i:]])
