"""Groups of a dataset, by name with the indices of their frames."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, value_name

__all__ = ["ALL", "groups", "shown"]

ALL = "all frames"
NAMELESS = "(no group)"
MOST = 10  # distinct colours


def groups(dataset: Dataset) -> dict[str, np.ndarray]:
    """Indices of the frames of every group, in order of appearance; one group if the data name none."""
    if "group" not in dataset.columns:
        return {ALL: np.arange(len(dataset))}
    names = np.array([_name(v) for v in np.asarray(dataset.columns["group"])])
    return {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}


def _name(value: object) -> str:
    text = value_name(value)
    return NAMELESS if text in ("", "nan") else text


def shown(groups: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Merge all but the nine largest groups into one if there are more than ten, for the figures."""
    if len(groups) <= MOST:
        return groups
    largest = sorted(groups, key=lambda g: -len(groups[g]))[: MOST - 1]
    rest = [g for g in groups if g not in largest]
    others = np.sort(np.concatenate([groups[g] for g in rest]))
    return {g: groups[g] for g in groups if g in largest} | {f"{len(rest)} other groups": others}
