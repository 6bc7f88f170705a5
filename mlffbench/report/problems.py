"""Outcome documents grouped by problem (dataset and split) and method (label)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath
from typing import Any

from mlffbench.report.wording import LEAKY

__all__ = [
    "Document",
    "Method",
    "Problem",
    "dig",
    "group_documents",
    "in_reading_order",
    "series",
    "spec_text",
]

Document = dict[str, Any]


def dig(document: Any, *keys: str) -> Any:
    """document[a][b][c], or None where a step is missing."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def spec_text(spec: Mapping[str, Any]) -> str:
    """``name(keyword=value, ...)``."""
    inside = ", ".join(f"{k}={v!r}" for k, v in (spec.get("params") or {}).items())
    return f"{spec['name']}({inside})" if inside else str(spec["name"])


@dataclass(frozen=True)
class Method:
    """One row of a leaderboard: the documents of one label, the newest of every seed."""

    label: str
    done: tuple[Document, ...]
    failed: tuple[Document, ...]

    @cached_property
    def test_failures(self) -> dict[str, tuple[str, str]]:
        """Kind and message of the failure by test group, where a case that went well could not predict it."""
        return {
            str(failure["test"]): (str(failure.get("kind") or "error"), str(failure.get("message") or ""))
            for document in self.done
            for failure in document.get("test_failures") or []
        }


@dataclass(frozen=True)
class Problem:
    """A dataset and a split, and the methods that were tried on them.

    Attributes
    ----------
    name : str
    methods : tuple of Method
    doubts : tuple of str
        Sentences on why the rows may not be comparable.
    """

    name: str
    methods: tuple[Method, ...]
    doubts: tuple[str, ...] = ()

    @cached_property
    def documents(self) -> list[Document]:
        """The documents of all methods."""
        return [d for m in self.methods for d in (*m.done, *m.failed)]

    def first(self, *keys: str) -> Any:
        """The first value found under these keys in any document, else None."""
        return next((v for d in self.documents if (v := dig(d, *keys)) not in (None, "", {}, [])), None)

    @cached_property
    def in_domain(self) -> str | None:
        """The test group drawn from the distribution of the training set; None without one."""
        return self.first("split", "in_domain")

    @cached_property
    def tests(self) -> dict[str, int | None]:
        """Test groups in reading order, and their numbers of frames."""
        sizes: dict[str, int | None] = {}
        for document in self.documents:
            sizes = {**(dig(document, "split", "tests") or {}), **sizes}
        return {name: sizes[name] for name in in_reading_order(sizes, self.in_domain)}

    @cached_property
    def leaks(self) -> dict[str, int]:
        """Frames with a duplicate in the training set by test group; the most over the seeds."""
        frames: dict[str, int] = {}
        for document in self.documents:
            for test, n in (dig(document, "split", "leaks", "tests") or {}).items():
                frames[test] = max(n, frames.get(test, 0))
        return frames

    @property
    def reference(self) -> str | None:
        """The test group that ranks the methods: the in-domain one, else the first."""
        return self.in_domain or next(iter(self.tests), None)


def group_documents(documents: Iterable[Document]) -> list[Problem]:
    """Group documents by problem and method.

    Documents that share a label but not the estimator's parameters become rows of their own, named by what
    differs. Of several documents of one method and seed the newest counts.
    """
    groups: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        case = document["case"]
        groups.setdefault((spec_text(case["dataset"]), spec_text(case["split"])), []).append(document)
    datasets = [members[0]["case"]["dataset"] for members in groups.values()]
    short = {spec_text(dataset): _short_name(dataset) for dataset in datasets}
    unique = {
        full: brief if list(short.values()).count(brief) == 1 else full for full, brief in short.items()
    }
    return [_problem(f"{unique[data]} · {split}", members) for (data, split), members in groups.items()]


def _short_name(dataset: Mapping[str, Any]) -> str:
    """The dataset's spec; of a user's own file only its folder and name."""
    path = dict(dataset.get("params") or {}).get("path")
    return "/".join(PurePath(path).parts[-2:]) if isinstance(path, str) else spec_text(dataset)


def _problem(name: str, documents: Sequence[Document]) -> Problem:
    members_of: dict[str, list[Document]] = {}
    for document, label in zip(documents, _labels(documents), strict=True):
        members_of.setdefault(label, []).append(document)
    methods, doubts = [], []
    for label, members in members_of.items():
        by_date = sorted(members, key=lambda d: str(dig(d, "provenance", "date") or ""))
        newest = {d["case"].get("seed"): d for d in by_date}
        if len(newest) < len(members):
            doubts.append(
                f"{label}: {len(members)} documents for {len(newest)} seed(s); the newest of each counts."
            )
        by_seed = [newest[seed] for seed in sorted(newest, key=lambda s: (s is None, s))]
        done = tuple(d for d in by_seed if d.get("status") == "ok")
        methods.append(Method(label, done, tuple(d for d in by_seed if d.get("status") != "ok")))
    problem = Problem(name, tuple(methods))
    return replace(
        problem, doubts=tuple(doubts + _warnings(problem) + _mismatches(problem) + _leakage(problem))
    )


def _labels(documents: Sequence[Document]) -> list[str]:
    """Label of each document; parameters that differ under one label are added to it."""
    params: dict[str, list[dict[str, Any]]] = {}
    for d in documents:
        params.setdefault(_label(d), []).append(dig(d, "case", "estimator", "params") or {})
    return [_with_differences(_label(d), dig(d, "case", "estimator", "params") or {}, params[_label(d)])
            for d in documents]  # fmt: skip


def _label(document: Document) -> str:
    return str(document["case"].get("label") or document["case"]["estimator"]["name"])


def _with_differences(label: str, own: Mapping[str, Any], all_: Sequence[Mapping[str, Any]]) -> str:
    keys = dict.fromkeys(k for p in all_ for k in p)
    differing = [
        k for k in keys if len({json.dumps(p.get(k), sort_keys=True, default=str) for p in all_}) > 1
    ]
    inside = ", ".join(f"{k}={own[k]!r}" if k in own else f"{k} by default" for k in differing)
    return f"{label} ({inside})" if inside else label


def _warnings(problem: Problem) -> list[str]:
    """Sentences of the checks on the data, each once."""
    listed = [dig(document, "dataset", "warnings") for document in problem.documents]
    sentences = dict.fromkeys(str(s) for warnings in listed if isinstance(warnings, list) for s in warnings)
    return [f"The data: {sentence}" for sentence in sentences]


def _mismatches(problem: Problem) -> list[str]:
    """Sentences on documents of one seed that were not fitted to and scored on the same data."""
    sentences = []
    if seeds := _differing(problem, "inputs", "atomic_energies"):
        sentences.append(
            f"The isolated-atom energies differ between methods (seed {', '.join(seeds)}): fits are not "
            "comparable until the older cases are run again."
        )
    for part in ("dataset", "split"):
        if seeds := _differing(problem, part, "digest"):
            sentences.append(
                f"The {part} differs between methods (seed {', '.join(seeds)}): rows were not scored on the "
                "same frames, ranks mean little until the older cases are run again."
            )
    return sentences


def _differing(problem: Problem, *keys: str) -> list[str]:
    """Seeds whose documents hold different digests under these keys; one without any does not count."""
    digests: dict[Any, set[str]] = {}
    for document in problem.documents:
        if digest := dig(document, *keys):
            digests.setdefault(document["case"].get("seed"), set()).add(digest)
    return [str(seed) for seed, distinct in digests.items() if len(distinct) > 1]


def _leakage(problem: Problem) -> list[str]:
    """A sentence on test frames with duplicates among the training frames, if there are any."""
    if not problem.leaks:
        return []
    frames = ", ".join(
        f"{n} of {problem.tests.get(test)} frames of {test}" for test, n in problem.leaks.items()
    )
    return [
        f"The split is leaky: {frames} have a twin in the training set; numbers marked {LEAKY} flatter. "
        "'mlffbench data audit' shows the pairs, its --leak-free writes the split without them."
    ]


def series(names: Iterable[str]) -> list[str]:
    """The largest family of names that differ in one number only (300K, 600K ...), by that number."""
    families: dict[str, list[tuple[float, str]]] = {}
    for name in names:
        for number in re.finditer(r"\d+(?:\.\d+)?", name):
            family = name[: number.start()] + "#" + name[number.end() :]
            families.setdefault(family, []).append((float(number[0]), name))
    largest = max(families.values(), key=len, default=[])
    return [name for _, name in sorted(largest)] if len(largest) > 1 else []


def in_reading_order(names: Iterable[str], in_domain: str | None) -> list[str]:
    """The in-domain group, then a numbered series by its number, then the rest as they came."""
    names = list(names)
    first = [in_domain] if in_domain and in_domain in names else []
    return list(dict.fromkeys([*first, *series(names), *names]))
