"""The groups of a dataset, as names and frames."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset

__all__ = ["ALL", "groups", "shown"]

ALL = "all frames"
NAMELESS = "(no group)"
MOST = 10  # colours that can be told apart


def groups(dataset: Dataset) -> dict[str, np.ndarray]:
    """Indices of the frames of every group, in order of appearance; one group where the data name none."""
    if "group" not in dataset.columns:
        return {ALL: np.arange(len(dataset))}
    names = np.array([_name(v) for v in np.asarray(dataset.columns["group"]).tolist()])
    return {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}


def _name(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return NAMELESS if text in ("", "nan") else text


def shown(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """At most ten groups for the figures: of more, the nine largest, and the others as one."""
    if len(found) <= MOST:
        return found
    largest = sorted(found, key=lambda g: -len(found[g]))[: MOST - 1]
    rest = [g for g in found if g not in largest]
    others = np.sort(np.concatenate([found[g] for g in rest]))
    return {g: found[g] for g in found if g in largest} | {f"{len(rest)} other groups": others}
