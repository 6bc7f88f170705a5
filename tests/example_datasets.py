"""Registered datasets, loaded once each, for tests that look at the same ones."""

from __future__ import annotations

import importlib

import numpy as np

from mlffbench import registry
from mlffbench.data import Dataset

PUBLIC = ("acac", "ethanol_botnet", "threebpa", "rmd17", "mlearn")
ANALYTIC = ("lennard_jones", "stillinger_weber_si", "emt_copper")
MIRRORED = [  # what the mirror holds, as parameters
    ("acac", {}),
    ("ethanol_botnet", {}),
    ("threebpa", {"groups": ("train_300K", "train_mixedT")}),
    *(("rmd17", {"molecule": "ethanol", "fold": fold}) for fold in range(1, 6)),
    ("rmd17", {"molecule": "aspirin", "fold": 1}),
    ("rmd17", {"molecule": "malonaldehyde", "fold": 1}),
    ("mlearn", {"element": "Si"}),
    ("mlearn", {"element": "Ge"}),
]
LOADED: dict[str, Dataset] = {}


def load(name: str, **params) -> Dataset:
    """Each once."""
    key = f"{name} {params}"
    if key not in LOADED:
        LOADED[key] = registry.load("datasets", name)(**params)
    return LOADED[key]


def sources(name: str, **params):
    return importlib.import_module(f"mlffbench.datasets.{name}").sources(**params)


def rows(dataset: Dataset, group: str) -> np.ndarray:
    return np.flatnonzero(dataset.columns["group"] == group)
