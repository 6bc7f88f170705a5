"""Origin of the numbers: dataset cards, machines, revisions and versions of packages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlffbench.report.problems import Document, Problem, dig
from mlffbench.report.wording import MISSING, flat

__all__ = ["packages", "problem_facts", "runs"]

RUN = ["case", "seed", "status", "date", "revision", "machine", "accelerator", "python"]


def problem_facts(problem: Problem) -> list[tuple[str, str]]:
    """Dataset, split and machines of a problem as (name, text); facts that no document holds are left out."""
    card = problem.first("dataset", "card") or {}
    sizes = [
        f"{name} {n}" + (" (in domain)" if name == problem.in_domain else "")
        for name, n in problem.tests.items()
    ]
    facts = {
        "dataset": card.get("title") or problem.first("case", "dataset", "name"),
        "frames": problem.first("dataset", "n_frames"),
        "elements": " ".join(problem.first("dataset", "elements") or []),
        "level": card.get("level"),
        "licence": card.get("licence"),
        "citation": card.get("citation"),
        "training frames": _distinct(problem.documents, "split", "n_train"),
        "training labels": problem.first("training", "labels"),
        "test groups": ", ".join(sizes),
        "dataset digest": _distinct(problem.documents, "dataset", "digest", length=10),
        "split digest": _distinct(problem.documents, "split", "digest", length=10),
        "seeds": _distinct(problem.documents, "case", "seed"),
        "machine": _distinct(problem.documents, "provenance", "machine"),
        "accelerator": _distinct(problem.documents, "provenance", "accelerator"),
    }
    return [(name, flat(value)) for name, value in facts.items() if value not in (None, "", {}, [])]


def _distinct(documents: Iterable[Document], *keys: str, length: int | None = None) -> str:
    """The distinct values under these keys, joined."""
    texts = [flat(v)[:length] for d in documents if (v := dig(d, *keys)) not in (None, "", {}, [])]
    return "; ".join(dict.fromkeys(texts))


def runs(documents: Iterable[Document]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the provenance table: one row a document."""
    return RUN, [_run(document) for document in documents]


def _run(document: Document) -> list[str]:
    origin: dict[str, Any] = document.get("provenance") or {}
    case = document["case"]
    name = str(document.get("id") or case.get("label"))
    date = str(origin.get("date") or MISSING)[:19].replace("T", " ")
    revision = str(origin.get("revision") or MISSING)[:10]
    machine = [origin.get(key) for key in ("machine", "accelerator", "python")]
    values = [case.get("seed"), document.get("status"), date, revision, *machine]
    return [name, *(flat(v) or MISSING for v in values)]


def packages(documents: Iterable[Document]) -> list[tuple[str, str]]:
    """Every package and all versions of it that were used."""
    versions: dict[str, dict[str, None]] = {}
    for document in documents:
        for name, version in (dig(document, "provenance", "packages") or {}).items():
            if version:
                versions.setdefault(str(name), {})[str(version)] = None
    return [(name, ", ".join(used)) for name, used in sorted(versions.items())]
