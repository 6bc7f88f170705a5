"""Page of the reference, its chapter, and both as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reference.markdown import inline, table

__all__ = ["ORDER", "Chapter", "Page", "chapter_files", "front_page", "page_text"]

ORDER = (  # of the parts of every page; the purpose stands below the title
    "Definition", "Settings", "Reference values", "Cost", "How to read", "Papers", "Licence", "Needs",
    "Example",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """What is known of one name.

    Attributes
    ----------
    name : str
        Title, also that of the file.
    purpose : str
        A sentence.
    parts : mapping of str to str
        Markdown by the names in `ORDER`; an empty text is left out.
    more : str
        Markdown below all parts.
    """

    name: str
    purpose: str
    parts: Mapping[str, str] = field(default_factory=dict)
    more: str = ""

    @property
    def file(self) -> str:
        """Name of the file, which names a command or a model in one word."""
        return self.name.replace(" ", "-")


@dataclass(frozen=True)
class Chapter:
    """Pages of one kind.

    Attributes
    ----------
    folder, title, words : str
        `words` is Markdown, below the title.
    pages : sequence of Page
    """

    folder: str
    title: str
    words: str
    pages: Sequence[Page]


def page_text(page: Page) -> str:
    """The page as Markdown."""
    unknown = set(page.parts) - set(ORDER)
    if unknown:
        raise ValueError(f"{page.name}: no part of a page is named {sorted(unknown)}; there are {ORDER}")
    parts = [f"## {name}\n\n{page.parts[name]}" for name in ORDER if page.parts.get(name)]
    blocks = [f"# {inline(page.name)}", inline(page.purpose), *parts, page.more]
    return "\n\n".join(block.strip() for block in blocks if block.strip()) + "\n"


def chapter_files(chapter: Chapter) -> dict[str, str]:
    """Texts of a chapter by path: its list and its pages."""
    rows = [[f"[{inline(p.name)}]({p.file}.md)", inline(p.purpose)] for p in chapter.pages]
    listing = [
        f"# {chapter.title}",
        chapter.words,
        table(["name", ""], rows),
        _toctree(p.file for p in chapter.pages),
    ]
    files = {f"{chapter.folder}/index.md": "\n\n".join(listing)}
    return files | {f"{chapter.folder}/{p.file}.md": page_text(p) for p in chapter.pages}


def front_page(chapters: Sequence[Chapter]) -> str:
    """Contents of the reference."""
    rows = [[f"[{c.title}]({c.folder}/index.md)", str(len(c.pages)), c.words] for c in chapters]
    words = (
        "Made from the package by the build of this site: what the code accepts, and what committed results "
        "hold. Every page has its parts in one order: purpose, definition, settings, reference values, cost, "
        "how to read, papers, licence, needs, example; a part without content is left out."
    )
    contents = _toctree(f"{chapter.folder}/index" for chapter in chapters)
    return "\n\n".join(["# Reference", words, table(["chapter", "pages", ""], rows, "lrl"), contents])


def _toctree(names: Iterator[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", ":maxdepth: 1", "", *names, "```", ""])
