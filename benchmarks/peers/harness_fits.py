"""Stand-ins of fits of a known length: one waits, one computes; and a trivial fit without a harness."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np

from mlffbench import registry
from mlffbench.data import Dataset, Labels, Spec
from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.harness.case_data import load_dataset
from mlffbench.metrics import rmse

__all__ = ["Computes", "Waits", "computed", "plain_fit"]

TRIVIAL = Spec("lennard_jones", {"n_train": 6, "n_test": 3})


class Waits(AtomicReference):
    """Fit that takes so many seconds, and no core."""

    def __init__(self, seconds: float = 5.0, atomic_energies: Any = None) -> None:
        super().__init__(atomic_energies)
        self.seconds = seconds

    def _fit(self, frames: Any, labels: Labels) -> None:
        time.sleep(self.seconds)
        super()._fit(frames, labels)


class Computes(AtomicReference):
    """Fit that takes so many products of matrices, on one core."""

    def __init__(self, products: int = 1, atomic_energies: Any = None) -> None:
        super().__init__(atomic_energies)
        self.products = products

    def _fit(self, frames: Any, labels: Labels) -> None:
        computed(self.products)
        super()._fit(frames, labels)


def computed(products: int) -> float:
    """Multiply matrices; return the seconds that it took."""
    begun, a = time.perf_counter(), np.eye(200)
    for _ in range(products):
        a = a @ a
    return time.perf_counter() - begun


@cache
def _data() -> tuple[Dataset, Any]:
    dataset = load_dataset(TRIVIAL)
    return dataset, registry.load("splits", "official")(dataset, seed=0)


def plain_fit(seed: int) -> tuple[float, list[float]]:
    """Fit and predict a trivial case with the data at hand; return the seconds, and errors of its forces."""
    dataset, split = _data()
    begun = time.perf_counter()
    model = AtomicReference(atomic_energies=dataset.atomic_energies)
    model.fit([dataset.frames[i] for i in split.train], dataset.labels[split.train])
    errors = []
    for indices in split.tests.values():
        predicted = model.predict([dataset.frames[i] for i in indices])
        errors.append(float(rmse(dataset.labels[indices].energy, predicted.energy)))
    return time.perf_counter() - begun, errors
