"""Versions, machines and settings that documents of a problem were not computed with alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mlffbench.report.contrast import Of, at, contrast, methods_by_value, some
from mlffbench.report.problems import Document, Problem, dig
from mlffbench.report.wording import flat

__all__ = [
    "beside_others", "mixed_precision", "other_conditions", "other_loads", "other_versions", "timed_apart",
]  # fmt: skip

NEAR = 1.5  # ratio of two rates of one machine at two moments, at most
RATES = {  # of the calibration of the task speed
    "matrix_product_float32": "GFLOP/s",
    "matrix_product_float64": "GFLOP/s",
    "copy": "GB/s",
    "launches": "launches/s",
}


def other_versions(problem: Problem) -> Iterator[str]:
    """A sentence on versions, if they are not the same for all rows."""
    packages = dict.fromkeys(k for d in problem.documents for k in dig(d, "provenance", "packages") or {})
    facets = {
        "Python": lambda d: ".".join(str(dig(d, "provenance", "python") or "").split(".")[:2]),
        **{name: at("provenance", "packages", name) for name in packages},
    }
    if differing := _contrasts(problem, facets):
        yield f"Not all rows were computed with the same versions: {differing}."


def other_conditions(problem: Problem) -> Iterator[str]:
    """A sentence on devices, threads, machines and other work beside the fits, if these differ."""
    contrasts = (contrast(labels, name) for name, labels in _differing(problem).items())
    others = (*_rates(problem), _load(problem), _company(problem))
    if differing := "; ".join(filter(None, [*contrasts, *others])):
        yield f"Times and memory were not measured under the same conditions: {differing}."


@lru_cache(maxsize=16)  # every row of every table asks
def timed_apart(problem: Problem) -> frozenset[str]:
    """Labels of the methods whose times were not measured under the conditions of most others.

    Machine, device, threads, settings and versions of the task speed are equal, and the rates of the machine
    are within a factor of 1.5, no other case ran beside the fit, and the load was the usual one (see
    `other_loads`), or the method stands apart.
    """
    return _unlike(problem).union(other_loads(problem))


@lru_cache(maxsize=16)
def other_loads(problem: Problem) -> dict[str, str]:
    """Words on the load of each method that found the machine busier or freer, by its cores, than most did.

    The usual load is that within whose distance of the cores most others lie, of several the most central and
    then the least, among the methods that are alike in all other conditions.
    """
    loads = _load_averages(problem)
    alike = sorted(own for label, own in loads.items() if label not in _unlike(problem))
    if not alike:
        return {}
    near = {
        usual: [abs(load - usual) for load, cores in alike if abs(load - usual) <= cores]
        for usual, _ in alike
    }
    usual = max(near, key=lambda load: (len(near[load]), -sum(near[load])))
    return {
        label: f"load {load:.3g} on {cores} core{'s' * (cores > 1)}, {usual:.3g} for most"
        for label, (load, cores) in loads.items()
        if abs(load - usual) > cores
    }


@lru_cache(maxsize=16)
def _unlike(problem: Problem) -> frozenset[str]:
    """Labels of the methods on another machine than most, in other settings, or beside other cases."""
    apart: set[str] = set()
    for labels in _differing(problem).values():
        most = max(labels.values(), key=len)
        apart |= {label for own in labels.values() if own is not most for label in own}
    for rates in _rates_by_kind(problem).values():
        best = max(rates.values())
        apart |= {label for label, rate in rates.items() if best > NEAR * rate}
    return frozenset(apart.union(beside_others(problem)))


FACETS: dict[str, Of] = {
    "device": at("model", "device"),
    "threads": lambda document: _threads(document),
    "machine": at("provenance", "machine", "cpu"),
    "cores": at("provenance", "machine", "usable_cores"),
    "accelerator": at("provenance", "accelerator", "name"),
    "matrix products in": at("provenance", "numerics", "float32_matmul_precision"),
}


@lru_cache(maxsize=16)
def _differing(problem: Problem) -> dict[str, dict[str, list[str]]]:
    """Methods by the value of each facet of the fits, and of the fingerprints of speed, that differs."""
    keys = dict.fromkeys(key for d in problem.documents for key in _fingerprint(d))
    of_speed = {f"speed's {key.replace('_', ' ')}": _fingerprint_value(key) for key in keys}
    differing: dict[str, dict[str, list[str]]] = {}
    for name, of in {**FACETS, **of_speed}.items():
        labels = methods_by_value(problem, of)
        known = [{value.strip('"'): own for value, own in other.items()} for other in differing.values()]
        if len(labels) > 1 and {value.strip('"'): own for value, own in labels.items()} not in known:
            differing[name] = labels
    return differing


def _of_speed(document: Document) -> Mapping[str, Any]:
    """Conditions of the task speed; empty without it."""
    rows = document.get("conditions") or []
    return next((row for row in rows if str(row.get("task", "")).startswith("speed")), {})


def _fingerprint(document: Document) -> Mapping[str, Any]:
    return _of_speed(document).get("fingerprint") or {}


def _fingerprint_value(key: str) -> Of:
    return lambda document: flat(_fingerprint(document).get(key, ""))


def _rates_by_kind(problem: Problem) -> dict[str, dict[str, float]]:
    """Rates of the machine by kind, and by the method beside which they were measured.

    The least of its seeds, and those of torch alone: numpy reaches others on the same machine.
    """
    kinds: dict[str, dict[str, float]] = {}
    for method in problem.methods:
        for document in method.done:
            rates = dig(_of_speed(document), "facts", "calibration") or {}
            for kind in RATES if rates.get("library") == "torch" else ():
                if isinstance(rate := rates.get(kind), int | float) and rate > 0:
                    own = kinds.setdefault(kind, {})
                    own[method.label] = min(rate, own.get(method.label, rate))
    return kinds


def beside_others(problem: Problem) -> list[str]:
    """Labels of the methods of which some fit did not have its device for itself."""
    alone = at("timings", "fit", "alone")
    return [m.label for m in problem.methods if any(alone(document) is False for document in m.done)]


def _company(problem: Problem) -> str:
    """Methods that were fitted beside other cases, in words; '' without any."""
    labels = beside_others(problem)
    return f"other cases ran beside {some(labels)}" if labels else ""


def _rates(problem: Problem) -> Iterator[str]:
    """Rates of the machine that differ by more than a factor of 1.5."""
    for kind, rates in _rates_by_kind(problem).items():
        slowest, fastest = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
        if rates[fastest] > NEAR * rates[slowest]:
            low, high = (f"{rates[label]:.3g} {RATES[kind]} beside {label}" for label in (slowest, fastest))
            yield f"{kind.replace('_', ' ')} {low}, {high}"


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


def _load_averages(problem: Problem) -> dict[str, tuple[float, int]]:
    """Largest load average of each method, and the cores of its machine."""
    loads: dict[str, tuple[float, int]] = {}
    for method in problem.methods:
        for document in method.done:
            load = dig(document, "provenance", "load_average")
            cores = dig(document, "provenance", "machine", "usable_cores")
            if isinstance(load, int | float) and isinstance(cores, int):
                loads[method.label] = max(loads.get(method.label, (0.0, 1)), (float(load), cores))
    return loads


def _load(problem: Problem) -> str:
    """Load averages, where they differ by more than the cores of the machine; else ''."""
    done = [d for method in problem.methods for d in method.done]
    loads = [v for d in done if isinstance(v := dig(d, "provenance", "load_average"), int | float)]
    cores = [v for d in done if isinstance(v := dig(d, "provenance", "machine", "usable_cores"), int)]
    if not loads or not cores or max(loads) - min(loads) <= max(cores):
        return ""
    return f"load {min(loads)} to {max(loads)} on {max(cores)} core{'s' * (max(cores) > 1)}"
