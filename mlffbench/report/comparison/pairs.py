"""Rows of two sides that stand for the same method on the same problem, and those without a partner."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlffbench.report.contrast import Of, at
from mlffbench.report.doubts import SPLIT
from mlffbench.report.problems import Document, Method, Problem, failed_as, spec_text
from mlffbench.report.results import Results

__all__ = ["Pair", "Pairs", "Side", "failure_text", "pair_rows"]

Digests = frozenset[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Side:
    """Results of one side.

    Attributes
    ----------
    name : str
        As the user wrote it.
    results : Results
    method : str, optional
        Label of the only row that counts; it is compared with that of the other side.
    set_aside : mapping of Path to str
        Files that cannot be used, and why.
    """

    name: str
    results: Results
    method: str | None = None
    set_aside: Mapping[Path, str] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[Problem, Method]]:
        """Problem and row of each method that counts."""
        for problem, method in self.results.methods():
            if self.method in (None, method.label):
                yield problem, method


@dataclass(frozen=True, eq=False)
class Pair:
    """A row of each side, with the documents of the seeds that both have finished."""

    problem: str
    label: str
    a: Method
    b: Method


@dataclass(frozen=True)
class Pairs:
    """Rows of two sides.

    Attributes
    ----------
    pairs : list of Pair
        That can be compared.
    only_a, only_b : list of str
        Rows, or seeds of rows, that the other side does not have.
    failed_a, failed_b : dict of str to str
        Rows that failed there and finished on the other side, and how.
    refused : dict of str to str
        Rows of both sides that were not fitted to or tested on the same frames, and what differs.
    """

    pairs: list[Pair] = field(default_factory=list)
    only_a: list[str] = field(default_factory=list)
    only_b: list[str] = field(default_factory=list)
    failed_a: dict[str, str] = field(default_factory=dict)
    failed_b: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def failure_text(failure: Mapping[str, Any]) -> str:
    """Kind of a failure and the first line of its message."""
    message = next(iter(str(failure.get("message") or "").strip().splitlines()), "")
    return f"{failed_as(failure)}: {message}".removesuffix(": ")


def pair_rows(a: Side, b: Side) -> Pairs:
    """Find the rows of the same label, or the one row of each side, on the same problem.

    Problems are the same if dataset and split are written alike or, as for files that lie elsewhere on
    another machine, have the same digests. A seed counts if both sides have finished it.
    """
    problems = _same_problems(a.results.problems, b.results.problems)
    own = [(problems.get(problem.name, problem.name), problem, method) for problem, method in a.rows()]
    others = {(p.name, _key(b, m)): (p, m) for p, m in b.rows()}
    pairs = Pairs()
    for name, problem, method in own:
        partner = others.pop((name, _key(a, method)), None)
        if partner is None:
            pairs.only_a.append(_title(problem, method))
        else:
            _pair(pairs, problem, method, partner[1])
    pairs.only_b.extend(_title(problem, method) for problem, method in others.values())
    return pairs


def _key(side: Side, method: Method) -> str:
    return method.label if side.method is None else ""


def _title(problem: Problem, method: Method) -> str:
    return f"{method.label} on {problem.name}"


def _same_problems(a: Sequence[Problem], b: Sequence[Problem]) -> dict[str, str]:
    """Name on the side b of each problem of the side a that both have."""
    by_text = {_text(problem): problem.name for problem in b}
    by_digests = {digests: problem.name for problem in b if (digests := _digests(problem))}
    names = ((p.name, by_text.get(_text(p)) or by_digests.get(_digests(p))) for p in a)
    return {own: other for own, other in names if other is not None}


def _text(problem: Problem) -> str:
    case = problem.documents[0]["case"]
    return f"{spec_text(case['dataset'])} · {spec_text(case['split'])}"


def _digests(problem: Problem) -> Digests:
    pairs = ((at("dataset", "digest")(d), at("split", "digest")(d)) for d in problem.documents)
    return frozenset((str(data), str(split)) for data, split in pairs if data and split)


def _pair(pairs: Pairs, problem: Problem, a: Method, b: Method) -> None:
    """Enter two rows as a pair, or with the reason why they are none."""
    label = a.label if a.label == b.label else f"{a.label} → {b.label}"
    title = f"{label} on {problem.name}"
    _enter_failures(pairs, title, a, b)
    done_a, done_b = _by_seed(a.done), _by_seed(b.done)
    seeds = [seed for seed in done_a if seed in done_b]
    failed_a, failed_b = _by_seed(a.failed), _by_seed(b.failed)
    pairs.only_a.extend(f"{title}, seed {s}" for s in done_a if s not in done_b and s not in failed_b)
    pairs.only_b.extend(f"{title}, seed {s}" for s in done_b if s not in done_a and s not in failed_a)
    if not seeds:
        return
    if reason := _other_frames([(done_a[seed], done_b[seed]) for seed in seeds]):
        pairs.refused[title] = reason
        return
    a, b = (replace(m, done=tuple(done[s] for s in seeds)) for m, done in ((a, done_a), (b, done_b)))
    pairs.pairs.append(Pair(problem.name, label, a, b))


def _enter_failures(pairs: Pairs, title: str, a: Method, b: Method) -> None:
    """Name the seeds that failed on one side and finished on the other."""
    for entries, failed, done in ((pairs.failed_a, a.failed, b.done), (pairs.failed_b, b.failed, a.done)):
        finished = _by_seed(done)
        for seed, document in _by_seed(failed).items():
            if seed in finished:
                entries[f"{title}, seed {seed}"] = failure_text(document.get("failure") or {})


def _by_seed(documents: Collection[Document]) -> dict[Any, Document]:
    return {document["case"].get("seed"): document for document in documents}


def _other_frames(documents: Sequence[tuple[Document, Document]]) -> str:
    """Reason why two rows cannot be compared; '' if they can, as far as the documents tell."""
    of: dict[str, Of] = {"data": at("dataset", "digest"), "split": SPLIT}
    for noun, digest in of.items():
        for a, b in documents:
            mine, theirs = digest(a), digest(b)
            if mine and theirs and mine != theirs:
                short = f"{str(mine)[:10]} and {str(theirs)[:10]}"
                return f"the {noun} of seed {a['case'].get('seed')} differ: digests {short}"
    return ""
