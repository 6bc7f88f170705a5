"""Suite of the site: the results of one folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.figures.parity import Frames as Structures
from mlffbench.report.figures.parity import Predictions, no_frames
from mlffbench.report.problems import dig
from mlffbench.report.results import Results
from mlffbench.report.tables.sections import sections
from mlffbench.report.verdict.sentences import divided

__all__ = ["Suite", "address", "first_sentences", "page_names"]

FIRST_SENTENCES = 2  # of a verdict, in an index


@dataclass(frozen=True, eq=False)
class Suite:
    """Results of one folder.

    Attributes
    ----------
    name : str
        Name of the folder, which no other suite of the site has.
    results : Results
    predictions : callable
        Document id -> arrays of its predictions, or None if there are none.
    structures : callable, optional
        Document id, test group and numbers of its frames -> these structures, or None if they are not at
        hand.
    """

    name: str
    results: Results
    predictions: Predictions
    structures: Structures = no_frames

    @property
    def title(self) -> str:
        """Name that the suite gives itself."""
        return str(dig(self.results.documents[0], "case", "suite") or self.name)

    @property
    def page(self) -> str:
        """Path of its report in the site."""
        return f"suites/{address(self.name)}/index.html"

    @cached_property
    def frames(self) -> Frames:
        """Data frames of its report."""
        return Frames.from_results(self.results)

    @cached_property
    def verdicts(self) -> list[str]:
        """Verdict on each problem."""
        return [section.verdict for section in sections(self.results, None)]

    def anchor(self, problem: int) -> str:
        """Address of a problem's section, from a page one folder below the site's root."""
        return f"../{self.page}#problem-{problem + 1}"

    @property
    def dates(self) -> list[str]:
        """Days on which its cases were computed, sorted."""
        days = (str(dig(d, "provenance", "date") or "")[:10] for d in self.results.documents)
        return sorted(filter(None, set(days)))


def address(name: str) -> str:
    """The name as a part of an address: letters, digits, ``.``, ``_`` and ``-``."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "x"


def page_names(names: Mapping[str, object] | list[str]) -> dict[str, str]:
    """Parts of addresses by name, each once, whatever the file system thinks of capitals."""
    taken: set[str] = set()
    parts = {}
    for name in names:
        part, n = address(name), 1
        while part.lower() in taken:
            n += 1
            part = f"{address(name)}-{n}"
        taken.add(part.lower())
        parts[name] = part
    return parts


def first_sentences(verdict: str) -> str:
    """The beginning of a verdict: the best method, and the cheapest near it."""
    return divided(verdict, FIRST_SENTENCES)[0]
