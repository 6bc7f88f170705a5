"""Metadata of a case's dataset, split and model, for its document."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from mlffbench.data import Dataset, Labels, Split
from mlffbench.datasets.checks.common.kept_warnings import kept_warnings
from mlffbench.datasets.leakage import audit
from mlffbench.forcefield import ForceField
from mlffbench.system import progress

__all__ = ["AUDITED", "dataset_metadata", "energy_profile", "leakage", "model_metadata", "split_metadata"]

AUDITED = 20_000  # frames: about a minute


def energy_profile(test: str, dataset: Dataset, indices: np.ndarray, predicted: Labels) -> dict[str, Any]:
    """True and predicted energies along a test group that has a reaction coordinate."""
    coordinate = dataset.columns.get("coordinate")
    if coordinate is None or not np.isfinite(np.asarray(coordinate, dtype=float)[indices]).all():
        return {}
    return {
        test: {
            "label": dataset.card.get("coordinates", {}).get(test, "coordinate"),
            "coordinate": np.asarray(coordinate, dtype=float)[indices].tolist(),
            "energy_true": dataset.labels.energy[indices].tolist(),
            "energy_predicted": predicted.energy.tolist(),
        }
    }


def leakage(dataset: Dataset, split: Split) -> dict[str, Any]:
    """Numbers of test frames with duplicates in the training set; large datasets are not audited."""
    if len(dataset) > AUDITED:
        return {"verdict": f"not audited: more than {AUDITED} frames; see 'mlffbench data audit'"}
    progress.report("audit", 0, 1)
    report = audit(dataset, split)
    duplicates = Counter(pair.group for pair in report.pairs if pair.twin)
    return {
        "verdict": report.verdict,
        "n_twins": report.n_twins,
        "n_near": report.n_near,
        "tests": dict(duplicates),
    }


def dataset_metadata(dataset: Dataset) -> dict[str, Any]:
    card = {k: v for k, v in dataset.card.items() if isinstance(v, str)}
    metadata = {"name": dataset.name, "digest": dataset.digest, "n_frames": len(dataset)}
    warnings = kept_warnings(dataset)
    more = {"warnings": warnings} if warnings else {}
    return {**metadata, "elements": dataset.elements, "card": card, **more}


def split_metadata(split: Split) -> dict[str, Any]:
    return {
        "digest": split.digest,
        "n_train": len(split.train),
        "tests": {name: len(indices) for name, indices in split.tests.items()},
        "in_domain": split.in_domain,
        "notes": dict(split.notes),
    }


def model_metadata(model: ForceField) -> dict[str, Any]:
    """Parameters as given and as resolved by the fit, their number, its end; family, device and precision."""
    history = getattr(model, "history_", None) or [{}]
    metadata: dict[str, Any] = {
        "params": model.get_params(deep=False),
        "family": model.family,
        "resolved": model.resolved_params(),
        "n_parameters": getattr(model, "n_parameters_", None),
        "epochs": history[-1].get("epoch"),
        "stopped_by": getattr(model, "stopped_by_", None),
        "captured": getattr(model, "captured_", None),
        "batch_parts": history[-1].get("parts"),
        "kernels": getattr(model, "kernels_", None),
        "kernel_seconds": getattr(model, "kernel_seconds_", None) or None,
    }
    if tuning := getattr(model, "tuning_", None):
        metadata["tuning"] = tuning
    for name, default in (("device", "cpu"), ("dtype", "float64")):
        value = getattr(model, f"{name}_", getattr(model, name, None))
        metadata[name] = default if value is None else str(value)
    if model.fitted_here:
        return metadata
    known = {name: getattr(model, f"{name}_", None) for name in ("origin", "conservation")}
    return {**metadata, "fitted_here": False, **{name: value for name, value in known.items() if value}}
