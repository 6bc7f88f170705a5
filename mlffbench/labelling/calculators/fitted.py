"""Any estimator of this package, fitted to any of its datasets: sample with what you have already learnt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

__all__ = ["fitted"]


def fitted(
    dataset: str | Mapping[str, Any],
    estimator: str | Mapping[str, Any],
    train: str | None = None,
    seed: int = 0,
) -> Any:
    """The calculator of an estimator, fitted once in every process.

    Parameters
    ----------
    dataset : str or mapping
        As in a suite: ``malonaldehyde``, ``{path: my.xyz}``, ``{rmd17: {molecule: ethanol}}``.
    estimator : str or mapping
        As in a suite: ``soap_gpr`` or ``{soap_gpr: {n_sparse: 500}}``.
    train : str, optional
        The group to train on; by default the one that the dataset's card names, else all frames.
    seed : int
        Of the fit, where it draws at random.

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³) where the estimator has one.

    Raises
    ------
    LookupError
        No such dataset, estimator or keyword.
    ValueError
        No such group, or data that the estimator refuses.

    Examples
    --------
    In a recipe: ``sample_with: {fitted: {dataset: malonaldehyde, estimator: soap_gpr}}``.
    """
    return _model(json.dumps([dataset, estimator]), train, seed).calculator()


@cache
def _model(what: str, train: str | None, seed: int) -> Any:
    """The fitted estimator; `what` is JSON so that it can be remembered by it."""
    import numpy as np

    from mlffbench import registry
    from mlffbench.data import Spec

    dataset, estimator = json.loads(what)
    source, method = Spec.parse(dataset), Spec.parse(estimator)
    data = registry.build("datasets", source.name, source.params)(**source.params)
    group = train if train is not None else data.card.get("train")
    picks = np.arange(len(data))
    if group is not None and "group" in data.columns:
        picks = np.flatnonzero(data.columns["group"] == group)
    if not len(picks):
        known = registry.suggest(str(group), {str(g) for g in data.columns["group"]})
        raise ValueError(f"{data.name} has no group {group!r}{known}")
    given = {"random_state": seed, "atomic_energies": data.atomic_energies}
    model = registry.make(method, ("estimators",), **given)
    return model.fit([data.frames[i] for i in picks], data.labels[picks])
