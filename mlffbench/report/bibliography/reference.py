"""Reference: one published work, read from a line as cards and docstrings write it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

__all__ = ["Reference", "bibtex", "read_references"]

INITIALS = r"(?:[A-Z]\.?-?(?:\s?[A-Z]\.)*\s)"
NAME = re.compile(rf"{INITIALS}?(?:von |van |de |der |Von |Van |De )*[^\W\d_a-z][\w'’-]+(?: et al\.)?")
PERSON = re.compile(rf"^{INITIALS}.*|.* et al\.$")
JOURNAL = re.compile(
    r"(?:^|, )(?P<journal>[^,()\d][^,()]*?) (?P<volume>\d+), (?P<pages>\w+) \((?P<year>\d{4})\)"
)
END = re.compile(
    r"(?<=\d{4}\))(?:: [\w ]+)?(?:\.|;) (?=[A-Z])|(?<=\.\d{4})\. (?=[A-Z])"
    r"|(?<=\.\d{5})\. (?=[A-Z])|; (?=[A-Z]\. )"
)
YEAR = re.compile(r"\((\d{4})\)|\b((?:19|20)\d\d)\b(?!\.\d)")
MEETING = re.compile(r"(?:^|, )((?:NeurIPS|ICML|ICLR|KDD|COLT) \d{4})$")
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
DOI = re.compile(r"doi:\s?(10\.\d+/[^\s,;]+[^\s,;.])")
URL = re.compile(r"https?://[^\s,;]+[^\s,;.]")
SPECIAL = re.compile(r"[&%#_$]")
PLAIN = ("doi", "url", "eprint")  # fields in which nothing is escaped


@dataclass(frozen=True)
class Reference:
    """A work with the fields that its line tells; the line itself is kept as the note.

    Attributes
    ----------
    text : str
        As it was written.
    fields : dict of str to str
        Fields of BibTeX: author, title, journal, volume, pages, year, doi, eprint, url.
    used_by : tuple of str
        Methods, datasets or packages that it stands for.
    """

    text: str
    fields: dict[str, str] = field(default_factory=dict)
    used_by: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """First author and year: ``christensen2020``; the first word without an author."""
        author = self.fields.get("author", "")
        first = [] if author.startswith("{") else author.split(" and ")[0].split()
        name = (
            first[-1]
            if first
            else next(iter(re.findall(r"\w+", self.fields.get("title", self.text))), "work")
        )
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        return f"{re.sub(r'[^A-Za-z0-9]', '', plain).lower() or 'work'}{self.fields.get('year', '')}"


def read_references(text: str, used_by: str) -> Iterator[Reference]:
    """Read the works of a paragraph, which full stops or semicolons separate; addresses of code are none."""
    cleaned = re.sub(r"\.?\s*Code:\s*\S+", "", " ".join(text.split()))
    for part in END.split(cleaned):
        work = part.strip(" .;")
        if work and not URL.fullmatch(work):
            yield Reference(work, _fields(work), (used_by,))


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    body = text
    for name, pattern in (("doi", DOI), ("eprint", ARXIV), ("url", URL)):
        if match := pattern.search(body):
            fields[name] = match[1] if pattern.groups else match[0]
            body = body.replace(match[0], "")
    if match := JOURNAL.search(body):
        fields |= match.groupdict()
        body = body[: match.start()]
    elif match := YEAR.search(body):
        fields["year"] = match[1] or match[2]
        body = body.replace(f"({match[1]})", "")
    elif "eprint" in fields:
        fields["year"] = f"20{fields['eprint'][:2]}"
    authors, title = _authors(body)
    if match := MEETING.search(title):
        fields["howpublished"] = match[1]
        title = title[: match.start()]
    given = {"author": authors, "title": title}
    return {**{name: value for name, value in given.items() if value}, **fields}


def _authors(text: str) -> tuple[str, str]:
    """Authors in the form of BibTeX, and the rest of the text."""
    names: list[str] = []
    rest = re.sub(r"^(?:The )?[a-z][\w ]*: ", "", text.strip(" ,"))
    while match := NAME.match(rest):
        word = match[0].strip()
        after = rest[match.end() :]
        if not PERSON.match(word) or not re.match(r"^(?:,| and |$)", after):
            break
        names.append(word.removesuffix(" et al."))
        if word.endswith(" et al."):
            names.append("others")
        rest = re.sub(r"^(?:, and |,| and )\s*", "", after)
    return " and ".join(names), rest.strip(" ,;")


def bibtex(references: Iterable[Reference]) -> str:
    """Entries of BibTeX, each work once, under a key that no other has; sorted by key."""
    once: dict[str, Reference] = {}
    for reference in references:
        same = once.get(_identity(reference))
        used_by = (*(same.used_by if same else ()), *reference.used_by)
        fields = {**reference.fields, **(same.fields if same else {})}
        once[_identity(reference)] = replace(
            same or reference, fields=fields, used_by=tuple(dict.fromkeys(used_by))
        )
    taken: dict[str, int] = {}
    entries = []
    for reference in sorted(once.values(), key=lambda r: (r.key, r.text)):
        n = taken[reference.key] = taken.get(reference.key, -1) + 1
        entries.append(_entry(reference, reference.key + ("" if n == 0 else _letters(n))))
    return "\n".join(entries)


def _letters(n: int) -> str:
    """``b`` for the second of a key, ``z`` for the 26th, then numbers."""
    return chr(ord("a") + n) if n < 26 else f"-{n + 1}"


def _identity(reference: Reference) -> str:
    fields = reference.fields
    place = " ".join(fields.get(name, "") for name in ("journal", "volume", "pages")).strip()
    return place or fields.get("doi") or fields.get("eprint") or reference.text


def _entry(reference: Reference, key: str) -> str:
    kind = "article" if "journal" in reference.fields else "misc"
    fields = dict(reference.fields)
    if "eprint" in fields:
        fields["archiveprefix"] = "arXiv"
    fields["note"] = f"Used for {', '.join(reference.used_by)}"
    if "author" not in fields or ("title" not in fields and kind == "misc"):
        fields["title"] = reference.text
    lines = [f"  {name} = {{{_value(name, value)}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}", ""])


def _value(name: str, value: str) -> str:
    """Value without unbalanced braces, with TeX's special characters escaped; a name in braces stays so."""
    if name == "author" and value.startswith("{"):
        return value
    plain = value.replace("{", "(").replace("}", ")").replace("\\", "/")
    return plain if name in PLAIN else SPECIAL.sub(r"\\\g<0>", plain)
