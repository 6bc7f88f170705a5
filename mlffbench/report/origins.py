"""Potentials that come from elsewhere: their training data, level of theory and conservation of energy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlffbench.harness.documents.parts import number
from mlffbench.report.contrast import at, some
from mlffbench.report.problems import Method, Problem, dig

__all__ = ["not_conservative", "notes_of_origin", "other_levels", "trained_elsewhere"]

LEAST, SHARE = 0.02, 0.02  # eV/Å, and share of the force: float32 leaves a tenth of that


def notes_of_origin(method: Method) -> list[str]:
    """Words beside the name of a potential that existed already: ``not fitted here`` and more."""
    if method.fitted_here:
        return []
    functional = ["another functional"] if _is_other(method) else []
    return ["not fitted here", *functional, *(["not conservative"] if _curl(method) else [])]


def trained_elsewhere(problem: Problem) -> Iterator[str]:
    """A sentence on methods that come with parameters from other data, which nobody can audit here."""
    params = at("case", "estimator", "params")
    labels = [
        m.label
        for m in problem.methods
        if not m.fitted_here or any(_has_foundation(params(d)) for d in m.done)
    ]
    if labels:
        yield (
            f"{some(labels)}: trained elsewhere, on unknown data, which may contain the test structures; "
            "the audit of leakage does not see them."
        )


def _has_foundation(params: Any) -> bool:
    """True for parameters that name a foundation model, or of which a model inside them does."""
    if isinstance(params, list | tuple):
        return any(map(_has_foundation, params))
    if not isinstance(params, Mapping):
        return False
    return bool(params.get("foundation")) or any(map(_has_foundation, params.values()))


def other_levels(problem: Problem) -> Iterator[str]:
    """Sentences on the levels of theory of potentials from elsewhere, beside that of the labels."""
    labels: dict[tuple[str, str, bool], list[str]] = {}
    for method in problem.methods:
        if not method.fitted_here and (level := _level(method)):
            labels.setdefault((level, _labels_level(method), _is_other(method)), []).append(method.label)
    for (level, own, other), methods in labels.items():
        consequence = (
            "another functional, so that the errors of forces hold the difference of the two"
            if other
            else "errors of energies hold the difference, unless atomic energies are refitted"
        )
        yield (
            f"{some(methods)}: trained on labels of {level}; the labels here are {own or 'unknown'}: "
            f"{consequence}."
        )


def not_conservative(problem: Problem) -> Iterator[str]:
    """Sentences on forces that are not the gradient of the energy, as measured on one structure."""
    for method in problem.methods:
        if (measured := _curl(method)) is not None:
            error, share = measured
            yield (
                f"{method.label}: its forces are not minus the gradient of its energy; along lines through a "
                f"training structure they differ by {error:.2g} eV/Å, {share:.0%} of the force, so that "
                "dynamics does not conserve energy."
            )


def _level(method: Method) -> str:
    return _text(method, "model", "origin", "level")


def _labels_level(method: Method) -> str:
    return _text(method, "dataset", "card", "level")


def _text(method: Method, *keys: str) -> str:
    """Text of the first document that has one."""
    values = (dig(document, *keys) for document in method.done)
    return next((value for value in values if isinstance(value, str)), "")


def _is_other(method: Method) -> bool:
    """True if functional of the potential and of the labels are known and differ."""
    own, labels = _text(method, "model", "origin", "functional"), _labels_level(method)
    first = re.split(r"[/,;: (]", labels, maxsplit=1)[0]
    known = first not in ("", "unknown", "analytic")
    return bool(own) and known and first.casefold() != own.casefold()


def _curl(method: Method) -> tuple[float, float] | None:
    """Largest measured difference of forces and gradients, eV/Å and as a share; None where there is none."""
    for document in method.done:
        error = number(dig(document, "model", "conservation", "error"))
        share = number(dig(document, "model", "conservation", "relative_error"))
        if error > LEAST and share > SHARE:
            return error, share
    return None
