"""Docstrings in numpydoc's form as plain texts; numpydoc itself would bring Sphinx and twenty packages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

__all__ = ["Docstring", "Entry", "plain_words", "read_docstring"]

ENTRIES = ("Parameters", "Other Parameters", "Attributes", "Returns", "Raises", "Warns")
SHARED = "{shared}"  # stands for the entries of a base class
RULE = re.compile(r"-{3,}\s*")
REFERENCE = re.compile(r"^\.\. (\[\w+\])\s*")  # ".. [1] Batatia et al."
MARKUP = (
    (re.compile(r"\[(\w+)\]_"), r"[\1]"),
    (re.compile(r"`([^`<]*?)\s*<([^`>]+)>`__?"), r"\1 (\2)"),
    (re.compile(r":[a-z]+:`~?([^`]+)`"), r"\1"),
    (re.compile(r"``([^`]+)``"), r"\1"),
    (re.compile(r"`([^`]+)`_?"), r"\1"),
)


@dataclass(frozen=True)
class Entry:
    """Entry of a section: names, their type in words, and sentences on them.

    Attributes
    ----------
    names : tuple of str
    kind : str
        The type in words, "" where it is not written.
    text : str
    """

    names: tuple[str, ...]
    kind: str
    text: str


@dataclass(frozen=True)
class Docstring:
    """Sections of a docstring, without markup.

    Attributes
    ----------
    summary : str
        First sentence, without references.
    extended : tuple of str
        Other paragraphs above the sections.
    entries : mapping of str to tuple of Entry
        Entries of the sections that list something, such as ``Parameters``.
    notes, references : tuple of str
    """

    summary: str = ""
    extended: tuple[str, ...] = ()
    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def entry(self, name: str, section: str = "Parameters") -> Entry | None:
        """Entry of a name; other parameters are parameters too."""
        sections = (section, "Other Parameters") if section == "Parameters" else (section,)
        return next((e for s in sections for e in self.entries.get(s, ()) if name in e.names), None)

    def completed(self, other: Docstring) -> Docstring:
        """The same with the entries of `other`, a base class's, for names that this one does not describe."""
        known = {name for entries in self.entries.values() for e in entries for name in e.names}
        merged = {}
        for section in dict.fromkeys([*self.entries, *other.entries]):
            own = [e for e in self.entries.get(section, ()) if e.names != (SHARED,)]
            more = [e for e in other.entries.get(section, ()) if not known & set(e.names)]
            merged[section] = (*own, *more)
        return replace(self, entries=merged)


def read_docstring(text: str | None) -> Docstring:
    """Parse a docstring.

    Examples
    --------
    >>> doc = read_docstring('''Compute ``x``.
    ...
    ... Parameters
    ... ----------
    ... n, m : int, optional
    ...     Numbers of `x`.
    ... ''')
    >>> doc.summary, doc.entry("m")
    ('Compute x.', Entry(names=('n', 'm'), kind='int, optional', text='Numbers of x.'))
    """
    sections = dict(_sections(inspect.cleandoc(text or "").splitlines()))
    first, *others = [*_paragraphs(sections.get("", [])), ""]
    return Docstring(
        summary=re.sub(r"(\s*\[\w+\])+(?=[\s.,;:]|$)", "", first),
        extended=tuple(filter(None, others)),
        entries={name: tuple(_entries(sections[name])) for name in ENTRIES if name in sections},
        notes=tuple(_paragraphs(sections.get("Notes", []))),
        references=tuple(_references(sections.get("References", []))),
    )


def plain_words(text: str) -> str:
    """Text without markup, on one line."""
    for pattern, replacement in MARKUP:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Sections by name; the one above all has no name."""
    heads = [i for i in range(len(lines) - 1) if lines[i].strip() and RULE.fullmatch(lines[i + 1])]
    yield "", lines[: heads[0]] if heads else lines
    for head, end in zip(heads, [*heads, len(lines)][1:], strict=True):
        yield lines[head].strip(), lines[head + 2 : end]


def _paragraphs(lines: list[str]) -> Iterator[str]:
    blocks = "\n".join(line.rstrip() for line in lines).split("\n\n")
    yield from filter(None, map(plain_words, blocks))


def _entries(lines: list[str]) -> Iterator[Entry]:
    """Entries of a section: unindented heads ``name, name : type`` with indented texts."""
    heads = [i for i, line in enumerate(lines) if line[:1].strip()]
    for head, end in zip(heads, [*heads, len(lines)][1:], strict=True):
        names, _, kind = lines[head].partition(" : ")
        text = " ".join(_paragraphs([line.strip() for line in lines[head + 1 : end]]))
        yield Entry(tuple(n.strip() for n in names.split(",")), plain_words(kind), text)


def _references(lines: list[str]) -> Iterator[str]:
    """References, each on one line with its number in front."""
    entry: list[str] = []
    for line in lines:
        if REFERENCE.match(line) or not line.strip() or (line[:1].strip() and not _numbered(entry)):
            if entry:
                yield plain_words(" ".join(entry))
            entry = []
        entry.append(REFERENCE.sub(r"\1 ", line).strip())
    if any(entry):
        yield plain_words(" ".join(entry))


def _numbered(entry: list[str]) -> bool:
    return bool(entry) and entry[0].startswith("[")
