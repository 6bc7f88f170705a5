"""Choice of one fit by the names of its method and problem, and its seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from mlffbench.registry import suggest
from mlffbench.report.problems import Document, Method, Problem
from mlffbench.report.results import Results

__all__ = ["chosen_fit", "chosen_problem"]

Choice = TypeVar("Choice")


def chosen_problem(problems: Sequence[Problem], name: str | None, of: str = "") -> Problem:
    """The problem of this name, or of a dataset of this name; without a name the only one.

    Raises
    ------
    LookupError
        There is none, or several.
    """
    if name is None:
        matches = list(problems)
    else:
        matches = [p for p in problems if p.name == name] or [p for p in problems if name in _datasets(p)]
    known = [p.name if matches else _datasets(p)[0] for p in problems]
    return _only(matches, known, "problem", name, of)


def chosen_fit(
    results: Results, method: str, problem: str | None, seed: int | None
) -> tuple[Problem, Document]:
    """The finished fit of a method on a problem with a seed; what is None must have one value.

    Raises
    ------
    LookupError
        There is no such fit, or several.
    ValueError
        It has failed.
    """
    labels = list(dict.fromkeys(m.label for _, m in results.methods()))
    if method not in labels:
        raise LookupError(f"no method {method!r}{suggest(method, labels)}")
    of = f" of {method}"
    where = chosen_problem([p for p in results.problems if _methods(p, method)], problem, of)
    (fits,) = _methods(where, method)
    documents = [*fits.done, *fits.failed]
    seeds = [document["case"].get("seed") for document in documents]
    matches = [i for i, own in enumerate(seeds) if seed in (None, own)]
    chosen = documents[_only(matches, [str(own) for own in seeds], "seed", seed, of)]
    if any(chosen is failed for failed in fits.failed):
        failure = chosen.get("failure") or {}
        raise ValueError(f"{method} failed on {where.name}: {failure.get('kind')}: {failure.get('message')}")
    return where, chosen


def _only(matches: Sequence[Choice], known: Sequence[str], noun: str, name: object, of: str) -> Choice:
    """The only match, or a LookupError that lists what there is."""
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise LookupError(f"no {noun} {name!r}{of}{suggest(str(name), known)}")
    raise LookupError(f"{len(matches)} {noun}s{of}; choose one with {noun}=..., of {list(known)}")


def _methods(problem: Problem, label: str) -> list[Method]:
    return [method for method in problem.methods if method.label == label]


def _datasets(problem: Problem) -> tuple[str, str]:
    """Names of the problem's dataset: as in the problem's name, and without keywords."""
    return problem.name.partition(" · ")[0], str(problem.first("case", "dataset", "name"))
