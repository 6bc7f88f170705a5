"""Search by optuna: the tree-structured Parzen estimator, with median pruning of networks' epochs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlffbench.estimators.tuning.space import EDGE, Axis, Choices, Space
from mlffbench.estimators.tuning.trials import Trials

__all__ = ["import_optuna", "optuna_search"]

WARM_UP = 10  # epochs before a trial may be pruned
FIRST = 4  # complete trials before a trial may be pruned
RANDOM = 0.3  # of the trials, at most 10, are drawn at random before the density of good ones is estimated


def optuna_search(trials: Trials, space: Space, defaults: Mapping[str, Any], seed: int) -> None:
    """Run trials by TPE [1]_ until there are as many as wanted, or the time is over.

    A trial ends early if its least validation loss is worse than the median of the complete trials at that
    epoch [2]_, unless weights of the loss are searched, which make losses of another scale.

    Parameters
    ----------
    trials : Trials
        With the trial of the defaults, which the search knows of.
    space : mapping of str to Choices or Range
    defaults : mapping of str to Any
        Values of the parameters in that trial, as far as they are known.
    seed : int

    Raises
    ------
    ImportError
        optuna is not installed.

    References
    ----------
    .. [1] J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, NeurIPS 2011.
    .. [2] T. Akiba et al., KDD 2019, arXiv:1907.10902.
    """
    optuna = import_optuna()
    axes = {name: _distribution(axis) for name, axis in space.items()}
    prunes = not any(name.endswith("_weight") for name in space)
    with _quiet():
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(
                n_startup_trials=min(10, max(1, round(RANDOM * trials.most))), seed=seed
            ),
            pruner=optuna.pruners.MedianPruner(FIRST, WARM_UP) if prunes else optuna.pruners.NopPruner(),
        )
        _tell_defaults(study, trials, axes, {name: space[name].place(v) for name, v in defaults.items()})
        while not trials.ended:
            trial = study.ask(axes)

            def stop(epoch: int, loss: float, trial: Any = trial) -> bool:
                trial.report(loss, epoch)
                return trial.should_prune()

            row = trials.run({name: _value(space[name], place) for name, place in trial.params.items()}, stop)
            states = {"complete": "COMPLETE", "pruned": "PRUNED"}
            state = optuna.trial.TrialState[states.get(row["state"], "FAIL")]
            study.tell(trial, row.get("error"), state)


def import_optuna() -> Any:
    """Return the package.

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        message = "the searcher 'optuna' needs optuna: pip install 'mlffbench[search]'"
        raise ImportError(message, name="optuna") from error
    return optuna


def _distribution(axis: Axis) -> Any:
    """Quantiles of a range, positions in a list: optuna's own distributions."""
    from optuna import distributions

    if not isinstance(axis, Choices):
        return distributions.FloatDistribution(EDGE, 1 - EDGE)
    n = len(axis.values)
    return (
        distributions.IntDistribution(0, n - 1)
        if axis.ordered
        else distributions.CategoricalDistribution(list(range(n)))
    )


def _value(axis: Axis, place: Any) -> Any:
    return axis.values[place] if isinstance(axis, Choices) else axis.at(place)


def _tell_defaults(study: Any, trials: Trials, axes: Mapping[str, Any], places: Mapping[str, Any]) -> None:
    """Let the study know the trial of the defaults, in those parameters that have a place in the space."""
    from optuna.trial import create_trial

    (row,) = trials.rows
    known = {name: place for name, place in places.items() if place is not None}
    if row["state"] == "complete" and known:
        params = {name: min(max(place, EDGE), 1 - EDGE) if isinstance(place, float) else place
                  for name, place in known.items()}  # fmt: skip
        study.add_trial(
            create_trial(
                params=params,
                distributions={name: axes[name] for name in params},
                value=row["error"],
                intermediate_values=dict(trials.epochs),
            )
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep optuna from writing a line a trial, and its level as it was."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
