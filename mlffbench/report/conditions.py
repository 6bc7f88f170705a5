"""Versions, machines and settings that documents of a problem were not computed with alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlffbench.report.contrast import Of, at, contrast, methods_by_value
from mlffbench.report.problems import Document, Problem, dig
from mlffbench.report.wording import flat

__all__ = ["mixed_precision", "other_conditions", "other_versions"]


def other_versions(problem: Problem) -> Iterator[str]:
    """A sentence on schemas and versions, if they are not the same for all rows."""
    packages = dict.fromkeys(k for d in problem.documents for k in dig(d, "provenance", "packages") or {})
    facets = {
        "schema": lambda d: d.get("schema") or "unknown",
        "Python": lambda d: ".".join(str(dig(d, "provenance", "python") or "").split(".")[:2]),
        **{name: at("provenance", "packages", name) for name in packages},
    }
    if differing := _contrasts(problem, facets):
        yield f"Not all rows were computed with the same versions: {differing}."


def other_conditions(problem: Problem) -> Iterator[str]:
    """A sentence on devices, threads, machines and other work beside the fits, if these differ."""
    facets = {
        "device": at("model", "device"),
        "threads": _threads,
        "machine": at("provenance", "machine", "cpu"),
        "cores": at("provenance", "machine", "usable_cores"),
        "accelerator": at("provenance", "accelerator", "name"),
        "matrix products in": at("provenance", "numerics", "float32_matmul_precision"),
    }
    if differing := "; ".join(filter(None, [_contrasts(problem, facets), _load(problem)])):
        yield f"Times and memory were not measured under the same conditions: {differing}."


def mixed_precision(problem: Problem) -> Iterator[str]:
    """A sentence on each method that was not computed with one precision for all seeds."""
    for method in problem.methods:
        precisions = sorted({str(v) for d in method.done if (v := dig(d, "model", "dtype"))})
        if len(precisions) > 1:
            yield f"{method.label} was computed in {' and '.join(precisions)}: its mean is of two things."


def _contrasts(problem: Problem, facets: Mapping[str, Of]) -> str:
    """``numpy 1.26 for a, 2.4 for b; schema ...`` of those facets that differ."""
    by_value = {name: methods_by_value(problem, of) for name, of in facets.items()}
    return "; ".join(contrast(labels, name) for name, labels in by_value.items() if len(labels) > 1)


def _threads(document: Document) -> Any:
    """Threads of torch if it was imported, else those of OpenMP, as a text."""
    threads = dig(document, "provenance", "numerics", "torch_threads")
    return flat(threads or dig(document, "provenance", "machine", "omp_num_threads") or "")


def _load(problem: Problem) -> str:
    """Load averages, where they differ by more than the cores of the machine; else ''."""
    done = [d for method in problem.methods for d in method.done]
    loads = [v for d in done if isinstance(v := dig(d, "provenance", "load_average"), int | float)]
    cores = [v for d in done if isinstance(v := dig(d, "provenance", "machine", "usable_cores"), int)]
    if not loads or not cores or max(loads) - min(loads) <= max(cores):
        return ""
    return f"load {min(loads)} to {max(loads)} on {max(cores)} cores"
