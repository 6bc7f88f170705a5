"""Level of theory of what tasks compare with, against that of the labels: as stated, or measured."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from mlffbench.data import Dataset, Reference, Spec, Split
from mlffbench.estimators.base.composite import Calculated
from mlffbench.harness.case import Case
from mlffbench.system.failures import catch_failure

__all__ = ["reference_level"]

LOOKED_AT = 20  # training frames, of which the smallest is computed
RELATIVE, ABSOLUTE = 0.01, 0.002  # of the labels' forces, and eV/Å: settings of one level differ by less


def reference_level(case: Case, dataset: Dataset, split: Split) -> dict[str, Any]:
    """Compare the level of theory of the reference, with which tasks compare, with that of the labels.

    The dataset states both. A calculator (``truth``) also computes the forces of one training frame: the
    deviation from the labels is their root mean square difference, and the levels differ if it exceeds
    2 meV/Å and 1 % of the labels' root mean square.

    Returns
    -------
    dict
        ``level``, that of the reference, and ``labels``, that of the labels, as texts; ``differs``, None if
        nobody can tell; with a calculator ``deviation`` and ``labels_rms``, eV/Å. Empty without tasks or
        without a reference.
    """
    reference, labels = dataset.reference, str(dataset.card.get("level") or "unknown")
    if not case.tasks or reference is None:
        return {}
    stated = {
        "level": _level(reference, labels),
        "labels": labels,
        "differs": _states_another(reference, labels),
    }
    if reference.truth is None:
        return stated
    measured, _ = catch_failure(partial(_deviation, reference.truth, dataset, split))
    if measured is None:  # the tasks say why it cannot be computed
        return stated if stated["differs"] else {**stated, "differs": None}
    limit = max(ABSOLUTE, RELATIVE * measured["labels_rms"])
    return {**stated, **measured, "differs": stated["differs"] or measured["deviation"] > limit}


def _level(reference: Reference, labels: str) -> str:
    """Level of theory in words: as stated, or the calculator's name, or that of the labels."""
    if reference.level is None and reference.truth is not None:
        return str(Spec.parse(reference.truth))
    return reference.level or labels


def _states_another(reference: Reference, labels: str) -> bool:
    return reference.level is not None and reference.level.casefold() != labels.casefold()


def _deviation(truth: Mapping[str, Any], dataset: Dataset, split: Split) -> dict[str, float] | None:
    """Differences of the calculator's forces from the labels of one frame, None without labelled forces."""
    forces = dataset.labels.forces
    looked_at = split.train[:LOOKED_AT].tolist()
    labelled = [i for i in looked_at if forces is not None and forces[i] is not None]
    if forces is None or not labelled:
        return None
    frame = min(labelled, key=lambda i: len(dataset.frames[i]))
    true = Calculated(truth).evaluate([dataset.frames[frame]]).forces
    if true is None or true[0] is None:
        return None
    rms = lambda values: float(np.sqrt(np.mean(np.square(values))))
    return {"deviation": rms(true[0] - forces[frame]), "labels_rms": rms(forces[frame])}
