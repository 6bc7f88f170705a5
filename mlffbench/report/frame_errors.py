"""Errors of methods by cluster of test frames, as their documents hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlffbench.harness.documents.parts import dig
from mlffbench.harness.error_sums import METRICS, ErrorSums
from mlffbench.report.problems import Document, Method
from mlffbench.report.statistics.samples import ErrorSample

__all__ = ["Name", "error_samples", "no_sample"]

Name = tuple[str, ...]  # test group, quantity, metric
SAMPLE = 50  # frames of a test group that is hardly a path or a scan


def error_samples(method: Method) -> dict[Name, ErrorSample]:
    """Errors of a method on test groups, in the units of the documents, of which all seeds have clusters.

    `no_sample` says why a test group has none.
    """
    entries = [_entries(document) for document in method.done]
    tests = [test for test in entries[0] if all(test in own for own in entries)] if entries else []
    samples: dict[Name, ErrorSample] = {}
    for test in tests:
        samples |= _of_test(method, test, [own[test] for own in entries])
    return samples


def _entries(document: Document) -> Mapping[str, Any]:
    return document.get("clusters") or {}


def _of_test(method: Method, test: str, entries: list[Mapping[str, Any]]) -> dict[Name, ErrorSample]:
    """Samples of every quantity that all seeds have sums of."""
    seeds = tuple(document["case"].get("seed") for document in method.done)
    keys = [f"{test} {entry.get('digest')}" for entry in entries]
    unit = str(entries[0].get("unit") or "test frames")
    known = [entry.get("sums") or {} for entry in entries]
    shared = [quantity for quantity in known[0] if all(quantity in own for own in known)]
    samples: dict[Name, ErrorSample] = {}
    for quantity in shared:
        try:
            sums = [ErrorSums.from_json(own[quantity]) for own in known]
            own = {m: ErrorSample.of_sums(sums, m, keys, unit, seeds) for m in METRICS}
        except ValueError:  # lists that are no sums, or not of the same clusters
            continue
        samples |= {(test, quantity, metric): sample for metric, sample in own.items()}
    return samples


def no_sample(method: Method, test: str) -> str:
    """Why the frames of a test group are no sample that can be resampled, or may be none; '' if they are one.

    Older documents have no clusters. Of these, groups whose energies stand in a document along a coordinate
    are paths; other small ones than the in-domain group, which is drawn like the training frames, may be.
    """
    reasons = (dig(document, "clusters", test, "reason") for document in method.done)
    paths = (dig(document, "profiles", test) for document in method.done)
    is_path = any(isinstance(path, Mapping) for path in paths)
    path = f"{test} is a path, no sample" if is_path else ""
    unknown = (_not_known(document, test) for document in method.done)
    return next((str(reason) for reason in (*reasons, path, *unknown) if reason), "")


def _not_known(document: Document, test: str) -> str:
    """Sentence on a test group that may be a path for all that a document without clusters says; else ''."""
    n = dig(document, "split", "tests", test)
    drawn = dig(document, "split", "in_domain") == test
    if drawn or dig(document, "clusters", test) is not None or not isinstance(n, int) or n >= SAMPLE:
        return ""
    return f"not known whether the {n} frames of {test} are a sample or a path"
