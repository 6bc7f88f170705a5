"""Search by a searcher of scikit-learn, whose fits and scores are trials."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from math import ceil, log, nan, prod
from typing import Any, Self

import numpy as np
from ase import Atoms
from sklearn.base import BaseEstimator

from mlffbench.data import Labels
from mlffbench.estimators.tuning.space import Space
from mlffbench.estimators.tuning.trials import Trials

__all__ = ["SHORT", "check_trials", "is_sklearn_searcher", "sklearn_search"]

SHORT = {
    "random": "sklearn.model_selection:RandomizedSearchCV",
    "grid": "sklearn.model_selection:GridSearchCV",
}
LEAST = 4  # trials of a search by successive halving
OURS = re.compile(r"sklearn\.model_selection:\w+SearchCV", re.ASCII)  # names no other code


def is_sklearn_searcher(name: str) -> bool:
    """True for a short name, or the name of one of scikit-learn's own searchers."""
    return name in SHORT or OURS.fullmatch(name) is not None


def check_trials(name: str, trials: int | None) -> None:
    """Refuse too few trials for successive halving.

    Raises
    ------
    ValueError
        They are not enough for the defaults, two candidates, and the better of these on all frames.
    """
    if "Halving" in name and trials is not None and trials < LEAST:
        short = name.partition(":")[2]
        raise ValueError(f"{short} needs trials={LEAST} or more, not {trials}; or take searcher 'random'")


def sklearn_search(name: str, trials: Trials, space: Space, seed: int) -> None:
    """Run the trials of a searcher of scikit-learn.

    A searcher of successive halving fits parts of the frames at first; its best parameters are fitted to all
    of them in the end.

    Raises
    ------
    ValueError
        There is no such searcher, or a grid has more points than there may be trials.
    """
    searcher = _searcher(name)
    known = inspect.signature(searcher).parameters
    given = {"n_iter": trials.most - len(trials.rows), **_halving(trials)}
    given |= {"random_state": seed, "refit": False, "return_train_score": False, "error_score": nan}
    given |= {"cv": [(trials.data.fitted, trials.data.held)]}
    if "param_grid" in known:
        given["param_grid"] = {key: axis.levels() for key, axis in space.items()}
        _check_size(given["param_grid"], trials)
    given["param_distributions"] = {key: axis.searched() for key, axis in space.items()}
    candidate = Candidate(trials)
    search = searcher(candidate, **{word: value for word, value in given.items() if word in known})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*non-finite", category=UserWarning)  # failed trials
        warnings.filterwarnings("ignore", message="The total space of parameters", category=UserWarning)
        search.fit(trials.data.frames, trials.data.labels)
    if "min_resources" in known and not trials.ended:
        trials.run(search.cv_results_["params"][search.best_index_])


def _searcher(name: str) -> Any:
    module, _, attribute = SHORT.get(name, name).partition(":")
    if "Halving" in attribute:
        import_module("sklearn.experimental.enable_halving_search_cv")
    try:
        return getattr(import_module(module), attribute)
    except AttributeError:
        raise ValueError(f"scikit-learn has no searcher {attribute!r}") from None


def _halving(trials: Trials) -> dict[str, Any]:
    """Settings of successive halving by three, whose last round has all frames.

    n candidates are n (1 + 1/3 + 1/9 ...) fits, and one more to all frames; a round judges by at least one.
    """
    room = trials.most - len(trials.rows) - 1
    n = max((n for n in range(2, room + 1) if _fits(n) <= room), default=2)
    frames, held = len(trials.data.frames), len(trials.data.held)
    return {"n_candidates": n, "min_resources": max(ceil(frames / held), frames // 3 ** int(log(n, 3)))}


def _fits(n: int) -> int:
    """Number of fits of successive halving by three of n candidates."""
    return sum(ceil(n / 3**k) for k in range(int(log(n, 3)) + 1))


def _check_size(grid: Mapping[str, Sequence[Any]], trials: Trials) -> None:
    n = prod(map(len, grid.values()))
    if n > trials.most - len(trials.rows):
        raise ValueError(
            f"the grid of {', '.join(grid)} has {n} points, and with the defaults there may be "
            f"trials={trials.most}; name fewer parameters in 'space', or raise 'trials'"
        )


class Candidate(BaseEstimator):
    """Parameters that a searcher of scikit-learn tries; the fit waits until it asks for the score."""

    def __init__(self, trials: Trials, params: Mapping[str, Any] | None = None) -> None:
        self.trials = trials
        self.params = params

    def __sklearn_clone__(self) -> Self:
        return type(self)(self.trials, self.params)

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the model that is tried."""
        self.params = {**(self.params or {}), **params}
        return self

    def fit(self, X: Sequence[Atoms], y: Labels) -> Self:
        """Remember the frames."""
        self.fitted_ = X, y
        return self

    def score(self, X: Sequence[Atoms], y: Labels) -> float:
        """Minus the error of the trial; nan for one that failed or came too late."""
        if self.trials.ended:
            return nan
        data = self.trials.data
        if len(self.fitted_[0]) != len(data.fitted):
            places = {id(atoms): i for i, atoms in enumerate(data.frames)}
            indices = lambda frames: np.array([places[id(atoms)] for atoms in frames])
            data = replace(data, fitted=indices(self.fitted_[0]), held=indices(X))
        return -self.trials.run(self.params or {}, data=data).get("error", nan)
