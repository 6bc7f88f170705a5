"""Any estimator of this package, fitted to any of its datasets: sampling with a machine-learned potential."""

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
    """Return the calculator of an estimator, fitted once in every process.

    Parameters
    ----------
    dataset : str or mapping
        Dataset as in a suite: ``malonaldehyde``, ``{path: my.xyz}``, ``{rmd17: {molecule: ethanol}}``.
    estimator : str or mapping
        Estimator as in a suite: ``soap_gpr`` or ``{soap_gpr: {n_sparse: 500}}``.
    train : str, optional
        Group to train on; by default the one that the dataset's card names, else all frames.
    seed : int
        Seed of the fit (``random_state``).

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³) where the estimator has one.

    Raises
    ------
    LookupError
        The dataset, estimator or keyword does not exist.
    ValueError
        The group does not exist, or the estimator refuses the data.

    Examples
    --------
    In a recipe: ``sample_with: {fitted: {dataset: malonaldehyde, estimator: soap_gpr}}``.
    """
    return _fitted_estimator(json.dumps([dataset, estimator]), train, seed).calculator()


fitted.parts = {"dataset": ("datasets",), "estimator": ("estimators",)}  # type: ignore[attr-defined]


@cache
def _fitted_estimator(specs: str, train: str | None, seed: int) -> Any:
    """Fit an estimator to a dataset; both specs are JSON, so that the result can be cached."""
    import numpy as np

    from mlffbench import registry

    dataset, estimator = json.loads(specs)
    data = registry.make(dataset, ("datasets",))
    group = train if train is not None else data.card.get("train")
    indices = np.arange(len(data))
    if group is not None and "group" in data.columns:
        indices = np.flatnonzero(data.columns["group"] == group)
    if not len(indices):
        suggestion = registry.suggest(str(group), {str(g) for g in data.columns["group"]})
        raise ValueError(f"{data.name} has no group {group!r}{suggestion}")
    model = registry.make(estimator, ("estimators",), random_state=seed, atomic_energies=data.atomic_energies)
    return model.fit([data.frames[i] for i in indices], data.labels[indices])
