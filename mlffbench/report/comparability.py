"""Marks of the rows of a problem that are not comparable with most others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from mlffbench.report.budgets import budget_text, unequal
from mlffbench.report.conditions import FACETS, beside_others, other_loads, timed_apart
from mlffbench.report.contrast import DATASET, SPLIT
from mlffbench.report.problems import Document, Method, Problem, dig
from mlffbench.report.wording import flat

__all__ = ["KINDS", "TIMES", "Marks", "marks", "other_frames", "tested_elsewhere"]

KINDS = ("frames", "seeds", "budget", "hardware", "threads", "revision", "load")
TIMES = ("hardware", "threads", "load")  # marks of rows whose times are never ranked with the others
HARDWARE = [name for name in FACETS if name != "threads"]
Marks = dict[str, dict[str, str]]  # label -> kind -> words


@lru_cache(maxsize=16)
def marks(problem: Problem) -> Marks:
    """Differences from most other rows by label and kind, in words; none for rows like most others.

    ``frames``: other data or another split, or test groups left out: the row has no rank. ``seeds``: another
    number of finished seeds. ``budget``: another limit of labels, time or epochs. ``hardware``, ``threads``
    and ``load``: its times are not ranked. ``revision``: another state of mlffbench.
    """
    rows: Marks = {method.label: {} for method in problem.methods}
    for kind, differences in (
        ("frames", _frames(problem)),
        ("seeds", _off(problem, lambda method: f"{len(method.done)} seed(s)" if method.done else "")),
        ("budget", _budgets(problem)),
        ("hardware", _facets(problem, HARDWARE)),
        ("threads", _facets(problem, ["threads"])),
        ("revision", _off(problem, _by_document(_revision, "revision {}"))),
        ("load", _loads(problem)),
    ):
        for label, words in differences:
            rows[label][kind] = words
    for label in timed_apart(problem):
        if label in rows and not set(TIMES) & set(rows[label]):
            rows[label]["hardware"] = "not timed under the conditions of most others"
    return rows


def other_frames(problem: Problem) -> set[str]:
    """Labels of the methods that were not tested on the frames of most others, and so have no rank."""
    return {label for label, own in marks(problem).items() if "frames" in own}


@lru_cache(maxsize=16)
def tested_elsewhere(problem: Problem) -> dict[str, str]:
    """Methods with other data or another split than most in one of the seeds, and the seed in words."""
    apart: dict[str, str] = {}
    digests: dict[Any, dict[str, str]] = {}
    for method in problem.methods:
        for document in method.done:
            split, data = SPLIT(document), DATASET(document) or document["case"].get("data_digest")
            if split and data:
                seed = document["case"].get("seed")
                digests.setdefault(seed, {})[method.label] = f"{data} {split}"
    for seed, own in digests.items():
        most = Counter(own.values()).most_common(1)[0][0]
        apart |= {label: f"other frames (seed {seed})" for label, digest in own.items() if digest != most}
    return apart


Difference = Iterator[tuple[str, str]]  # label and words


def _off(problem: Problem, of: Callable[[Method], str]) -> Difference:
    """Methods whose text is not that of most others; '' is unknown and no difference."""
    texts = {method.label: of(method) for method in problem.methods}
    counts = Counter(filter(None, texts.values()))
    if len(counts) > 1:
        most = counts.most_common(1)[0][0]
        yield from ((label, text) for label, text in texts.items() if text not in ("", most))


def _by_document(of: Callable[[Document], Any], words: str = "{}") -> Callable[[Method], str]:
    """Text of the values that the finished documents of a method have."""

    def text(method: Method) -> str:
        values = dict.fromkeys(flat(v) for d in method.done if (v := of(d)) not in (None, "", {}, []))
        return words.format(" and ".join(values)) if values else ""

    return text


def _revision(document: Document) -> str:
    return str(dig(document, "provenance", "revision") or "")[:7]


def _frames(problem: Problem) -> Difference:
    """Methods that left out test groups, and those with other data or another split."""
    gaps = {label: f"without {', '.join(tests)}" for label, tests in problem.gaps.items()}
    yield from {**gaps, **tested_elsewhere(problem)}.items()


def _budgets(problem: Problem) -> Difference:
    apart = set(unequal(problem))
    for method in problem.methods:
        if method.label in apart:
            yield method.label, budget_text(method.budget) or "no budget"


def _facets(problem: Problem, names: list[str]) -> Difference:
    """Devices, machines or threads that differ."""
    words: dict[str, list[str]] = {}
    for name in names:
        for label, text in _off(problem, _by_document(FACETS[name], name + " {}")):
            words.setdefault(label, []).append(text)
    return ((label, ", ".join(own)) for label, own in words.items())


def _loads(problem: Problem) -> Difference:
    """Methods that were fitted beside other cases, or on a machine busier or freer than most found it."""
    beside = dict.fromkeys(beside_others(problem), "beside other cases")
    yield from {**other_loads(problem), **beside}.items()
