"""Pages of the documentation, their links and code blocks, as the tests read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GALLERIES = ("fundamentals", "mace_theory", "mace_tutorial", "tutorials")
MARKDOWN = sorted(DOCS.glob("*.md"))
SCRIPTS = sorted(file for name in GALLERIES for file in (DOCS / name).glob("plot_*.py"))
FENCE = re.compile(
    r"^(?P<marks>```+|:::+)(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=marks)\s*$", flags=re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """Code block of a page, with the comment above it."""

    page: str
    language: str
    text: str
    comment: str

    @property
    def lines(self) -> list[str]:
        """Commands of a block of the console, long ones joined."""
        joined = re.sub(r"\n {2,}", " ", self.text)
        lines = (line.removeprefix("$ ") for line in joined.splitlines())
        return [line for line in lines if line.startswith("mlffbench ")]


def code_blocks(file: Path) -> Iterator[Block]:
    """Blocks of code with a language, in order."""
    text = file.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        before = text[: match.start()].rstrip().rpartition("\n")[2]
        language = match["language"].strip()
        if match["marks"].startswith("`") and re.fullmatch(r"\w+", language):
            yield Block(file.name, language, match["text"], before if before.startswith("<!--") else "")


def prose(text: str) -> str:
    """Text without blocks and spans of code, links' addresses and comments, line by line."""
    text = FENCE.sub(lambda m: "\n" * m[0].count("\n"), text)
    text = re.sub(r"<!--.*?-->", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"`[^`\n]*`", "``", text)


def script_texts(file: Path) -> str:
    """Text of a gallery's page: its docstring and the comments of its text blocks."""
    source = file.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    comments = (line[2:] for line in source.splitlines() if line.startswith("# "))
    return "\n".join([docstring, *comments])


def script_code(file: Path) -> str:
    """Code of a gallery's page, without its docstring and comments."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return "\n".join(ast.unparse(node) for node in tree.body[1:])


@cache
def documents() -> frozenset[str]:
    """Names of the documents of the site but those of the reference, which only a build makes."""
    own = [file.name for file in MARKDOWN]
    scripts = [f"_gallery/{f.parent.name}/{f.stem}.rst" for f in SCRIPTS]
    indices = [f"_gallery/{name}/index.rst" for name in GALLERIES]
    always = ["_repository/CONTRIBUTING.md", "_repository/CHANGELOG.md"]
    return frozenset(re.sub(r"\.(md|rst)$", "", path) for path in (*own, *scripts, *indices, *always))
