"""Budget of a case: most that its fit may use, the same for all methods that are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import Spec, Split
from mlffbench.estimators.tuning.limits import TRIALS, TUNED

__all__ = ["beyond", "fit_limit", "training_part", "within"]

PARAMETERS = {"fit_seconds": "max_seconds", "epochs": "max_epochs"}  # of methods that train in steps

Params = dict[str, Any]


def training_part(split: Split, labels: int | None, seed: int) -> Split:
    """Draw `labels` of the training structures, the same for every method of a seed.

    A larger budget holds the structures of a smaller one. The `notes` name the digest of the whole split,
    ``part_of``.
    """
    if labels is None or labels >= len(split.train):
        return split
    chosen = np.random.default_rng(seed).permutation(len(split.train))[:labels]
    return replace(split, train=split.train[np.sort(chosen)], notes={**split.notes, "part_of": split.digest})


def within(spec: Spec, budget: Mapping[str, Any] | None) -> Spec:
    """Estimator with the budget's limits among its keywords, and among those of the models inside it.

    A keyword of its own that is a number stays: `beyond` refuses what exceeds the budget.
    """
    limits = _limits(budget or {})
    return replace(spec, params=_within("estimators", spec.name, spec.params, limits)) if limits else spec


def beyond(spec: Spec, budget: Mapping[str, Any] | None) -> Iterator[registry.Fault]:
    """Paths in a spec, and sentences on keywords of its own that exceed the budget."""
    words = {PARAMETERS[word]: word for word in PARAMETERS}
    for path, name, own, most in _own("estimators", spec.name, spec.params, _limits(budget or {})):
        if own > most:
            yield (
                path,
                (
                    f"{path[-1]} {own:g} of {name} is beyond the budget, {words[path[-1]]}: {most:g}; "
                    "lower it, or give this row a budget of its own"
                ),
            )


def fit_limit(spec: Spec, budget: Mapping[str, Any] | None) -> float | None:
    """Seconds after which a fit is stopped that does not stop by itself; None without such a limit.

    A tuned method has the time of its search besides: where this has no limit, that of a fit for each trial.
    """
    budget = budget or {}
    most = budget.get("fit_seconds")
    if most is None or any(True for _ in _takers("estimators", spec.name, spec.params)):
        return None
    return float(most + (_search_seconds(spec.params, budget) if spec.name == TUNED else 0))


def _search_seconds(params: Mapping[str, Any], budget: Mapping[str, Any]) -> float:
    """Seconds that a search may take under a budget of `fit_seconds`."""
    seconds = params.get("seconds") or budget.get("tuning_seconds")
    trials = params.get("trials") or budget.get("tuning_trials") or TRIALS
    return float(seconds or budget["fit_seconds"] * trials)


def _limits(budget: Mapping[str, Any]) -> Params:
    return {parameter: budget[word] for word, parameter in PARAMETERS.items() if budget.get(word) is not None}


def _within(kind: str, name: str, params: Mapping[str, Any], limits: Params) -> Params:
    known = registry.parameters(registry.load(kind, name))
    own = {word: value for word, value in params.items() if word not in limits or value is not None}
    limited = {**{word: most for word, most in limits.items() if word in known}, **own}
    for part, (inner_kind, inner, inner_params), share in _inside(kind, name, params, limits):
        if (changed := _within(inner_kind, inner, inner_params, share)) != inner_params:
            limited[part] = {inner_kind.removesuffix("s"): {inner: changed}}
    return limited


def _own(
    kind: str, name: str, params: Mapping[str, Any], limits: Params
) -> Iterator[tuple[tuple[Any, ...], str, Any, Any]]:
    """Paths, names, own values and limits of the keywords that a budget limits."""
    for word, most in limits.items():
        if isinstance(own := params.get(word), int | float):
            yield (name, word), name, own, most
    for part, (inner_kind, inner, inner_params), share in _inside(kind, name, params, limits):
        wrapped = (name, part, *registry.wrapper(params[part], inner_kind, inner))
        for path, owner, own, most in _own(inner_kind, inner, inner_params, share):
            yield (*wrapped, *path), owner, own, most


def _takers(kind: str, name: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Names of the models that stop by the clock."""
    if PARAMETERS["fit_seconds"] in registry.parameters(registry.load(kind, name)):
        yield name
    for _, inner, _ in _inside(kind, name, params, {}):
        yield from _takers(*inner)


def _inside(
    kind: str, name: str, params: Mapping[str, Any], limits: Params
) -> Iterator[tuple[str, tuple[str, str, Params], Params]]:
    """Parts of a model that are models, their specs, and the limits of one fit of each."""
    target = registry.load(kind, name)
    for part, kinds in registry.parts(target).items():
        if isinstance(params.get(part), str | Mapping):
            fits = target.fits_of(part, params) if limits and hasattr(target, "fits_of") else 1
            share = {w: most / fits if w == PARAMETERS["fit_seconds"] else most for w, most in limits.items()}
            yield part, registry.resolve(params[part], kinds), share
