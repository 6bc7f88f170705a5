"""Seeding, validation split and shuffling without touching the global random generators."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.random import mtrand
from sklearn.utils import check_random_state

__all__ = ["checked_dtype", "fixed_seed", "holdout", "seed_of", "shuffled_batches", "undisturbed"]


def seed_of(random_state: Any) -> int:
    """An integer seed from scikit-learn's ``random_state``: None, a number or a generator."""
    return int(check_random_state(random_state).randint(2**31 - 1))


@contextmanager
def fixed_seed(seed: int) -> Iterator[None]:
    """Seed torch's CPU generator inside the block, and restore its state afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)  # torch.manual_seed would touch the GPUs' too
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Restore random states, torch's default type and the warnings' filters; nothing in the block warns.

    Some packages change them when they are imported.
    """
    states = random.getstate(), mtrand.get_state(), torch.get_default_dtype()
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(states[0])
        mtrand.set_state(states[1])
        torch.set_default_dtype(states[2])


def holdout(n: int, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices to train on and to validate on; at least one each, unless the fraction is 0 or n is 1."""
    if not 0 <= fraction < 1:
        raise ValueError(f"validation_fraction must be in [0, 1); got {fraction}")
    order = np.random.default_rng(seed).permutation(n)
    held = 0 if fraction == 0 or n == 1 else min(max(1, round(fraction * n)), n - 1)
    return np.sort(order[held:]), np.sort(order[:held])


def shuffled_batches(items: Sequence[Any], size: int, generator: torch.Generator) -> Iterator[list[Any]]:
    """Yield all items in random order, `size` at a time."""
    order = torch.randperm(len(items), generator=generator).tolist()
    for start in range(0, len(order), size):
        yield [items[i] for i in order[start : start + size]]


def checked_dtype(name: str) -> torch.dtype:
    """torch's type of the name ``float32`` or ``float64``."""
    if name not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64'; got {name!r}")
    return torch.float64 if name == "float64" else torch.float32
