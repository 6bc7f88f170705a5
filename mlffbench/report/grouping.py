"""Outcome documents grouped by problem (dataset and split) and method (label)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from mlffbench.report.budgets import budget_text
from mlffbench.report.doubts import doubts
from mlffbench.report.problems import Document, Method, Problem, dig, spec_text

__all__ = ["group_cases", "group_documents", "named_documents", "short_name"]


def group_documents(documents: Iterable[Document]) -> list[Problem]:
    """Group documents by problem and method, with the doubts that the rows can be compared.

    Documents that share a label but not the estimator, its parameters or its budget become rows of their
    own, named by what differs. Of several documents of one method and seed the newest counts.
    """
    return [replace(problem, doubts=doubts(problem)) for problem in group_cases(documents)]


def group_cases(documents: Iterable[Document]) -> list[Problem]:
    """Group documents as `group_documents`, without doubts: case, status, failure and date are enough."""
    return [_problem(name, members) for name, members in named_documents(documents).items()]


def named_documents(documents: Iterable[Document]) -> dict[str, list[tuple[str, Document]]]:
    """Each document with the label of its method, by the name of its problem."""
    groups: dict[tuple[str, str], list[Document]] = {}
    text = _remembering(spec_text)
    for document in documents:
        case = document["case"]
        groups.setdefault((text(case["dataset"]), text(case["split"])), []).append(document)
    datasets = [members[0]["case"]["dataset"] for members in groups.values()]
    short = {spec_text(dataset): short_name(dataset) for dataset in datasets}
    counts = Counter(short.values())
    unique = {full: brief if counts[brief] == 1 else full for full, brief in short.items()}
    return {
        f"{unique[data]} · {split}": list(zip(_labels(members), members, strict=True))
        for (data, split), members in groups.items()
    }


def short_name(dataset: Mapping[str, Any]) -> str:
    """The dataset's spec; of a user's own file only its folder and name."""
    path = dict(dataset.get("params") or {}).get("path")
    return "/".join(PurePath(path).parts[-2:]) if isinstance(path, str) else spec_text(dataset)


def _problem(name: str, documents: Iterable[tuple[str, Document]]) -> Problem:
    members_of: dict[str, list[Document]] = {}
    for label, document in documents:
        members_of.setdefault(label, []).append(document)
    return Problem(name, tuple(_method(label, members) for label, members in members_of.items()))


def _method(label: str, members: Sequence[Document]) -> Method:
    """The newest document of every seed; one that says ok and names a failure has failed."""
    newest = {d["case"].get("seed"): d for d in sorted(members, key=_time)}
    ordered = [newest[seed] for seed in sorted(newest, key=lambda s: (s is None, s))]
    done = tuple(d for d in ordered if d.get("status") == "ok" and not d.get("failure"))
    failed = tuple(d for d in ordered if not any(d is other for other in done))
    return Method(label, done, failed, len(members) - len(newest))


def _time(document: Document) -> float:
    """Seconds of the document's date, in any time zone; documents without one come first."""
    try:
        date = datetime.fromisoformat(str(dig(document, "provenance", "date")))
    except ValueError:
        return float("-inf")
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def _labels(documents: Sequence[Document]) -> list[str]:
    """Label of each document; what differs under one label is added to it."""
    rows = _rows(documents)
    alike: dict[str, dict[str, Document]] = {}
    for (label, spec), document in zip(rows, documents, strict=True):
        alike.setdefault(label, {})[spec] = document
    full: dict[tuple[str, str], str] = {}
    for label, members in alike.items():
        for spec, text in _distinct_labels(label, members).items():
            while text in full.values():  # a label that somebody wrote looks like another with its keywords
                text += " (another)"
            full[label, spec] = text
    return [full[row] for row in rows]


def _rows(documents: Iterable[Document]) -> list[tuple[str, str]]:
    """Label of each document, and its estimator with parameters and budget as a key."""
    estimator = _remembering(lambda spec: _text([spec["name"], spec.get("params") or {}]))
    budget = _remembering(lambda given: _text(given or {}))
    cases = [document["case"] for document in documents]
    return [(_label(case), f"{estimator(case['estimator'])} {budget(case.get('budget'))}") for case in cases]


def _remembering(text: Callable[[Any], str]) -> Callable[[Any], str]:
    """The function, called once for each object: documents of a table share equal parts of their cases."""
    known: dict[int, tuple[Any, str]] = {}

    def remembered(value: Any) -> str:
        entry = known.get(id(value))
        if entry is None:
            known[id(value)] = entry = value, text(value)  # which keeps the object, and so its id
        return entry[1]

    return remembered


def _distinct_labels(label: str, documents: Mapping[str, Document]) -> dict[str, str]:
    """Label of each estimator with its parameters and budget, of documents that share a label."""
    specs = {key: d["case"]["estimator"] for key, d in documents.items()}
    budgets = {key: budget_text(d["case"].get("budget")) or "none" for key, d in documents.items()}
    several = len({spec["name"] for spec in specs.values()}) > 1
    labels = {}
    for key, spec in specs.items():
        same = [s.get("params") or {} for s in specs.values() if s["name"] == spec["name"]]
        words = [str(spec["name"])] * several + _differences(spec.get("params") or {}, same)
        words += [f"budget: {budgets[key]}"] if len(set(budgets.values())) > 1 else []
        labels[key] = f"{label} ({', '.join(words)})" if words else label
    return labels


def _differences(own: Mapping[str, Any], all_: Sequence[Mapping[str, Any]]) -> list[str]:
    """``keyword=value`` of those keywords that are not the same in all."""
    texts = [{k: _text(v) for k, v in params.items()} for params in all_]
    keys = dict.fromkeys(k for params in texts for k in params)
    differing = [k for k in keys if len({params.get(k) for params in texts}) > 1]
    return [f"{k}={own[k]!r}" if k in own else f"{k} by default" for k in differing]


def _label(case: Mapping[str, Any]) -> str:
    return str(case.get("label") or case["estimator"]["name"])


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
