"""Seeding and shuffling without touching the global random generators."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from numpy.random import mtrand

__all__ = ["checked_dtype", "fixed_seed", "shuffled_batches", "undisturbed"]


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
