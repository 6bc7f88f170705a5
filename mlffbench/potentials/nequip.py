"""Access to nequip; the only file that imports it."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from ase.data import atomic_numbers
from numpy.random import mtrand

from mlffbench.descriptors.graph import Graph

__all__ = ["atomic_energies", "builder", "network"]


@cache
def builder() -> Callable[..., torch.nn.Module]:
    """Import nequip, which takes seconds; random states and torch's default type stay as they were.

    nequip sets the state of the process once, before it builds a model: it seeds all generators.
    """
    states = random.getstate(), mtrand.get_state()
    with torch.random.fork_rng(devices=[]), _default_type(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nequip.model import NequIPGNNModel
        from nequip.utils.global_state import set_global_state

        set_global_state()
    random.setstate(states[0])
    mtrand.set_state(states[1])
    return NequIPGNNModel


@contextmanager
def _default_type() -> Iterator[None]:
    """Set torch's default type inside the block to float64, as nequip does for good."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def network(dtype: str, **config: Any) -> torch.nn.Module:
    """Build nequip's network with weights from torch's generator.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        Of the weights and layers.
    **config
        Arguments of ``nequip.model.NequIPGNNModel``.
    """
    build = builder()
    seed = int(torch.randint(2**31 - 1, ()))
    with _default_type():
        return build(seed=seed, model_dtype=dtype, do_derivatives=False, **config)


def atomic_energies(module: torch.nn.Module, batch: Graph, elements: Sequence[str]) -> torch.Tensor:
    """Energies of the atoms of a batch, (n,) eV, in float64.

    Parameters
    ----------
    elements : sequence of str
        The network's types, by their order.
    """
    numbers = torch.tensor([atomic_numbers[symbol] for symbol in elements], device=batch.numbers.device)
    order = torch.argsort(numbers)
    types = order[torch.searchsorted(numbers[order], batch.numbers)]
    data = {
        "pos": batch.positions,
        "edge_index": torch.stack([batch.source, batch.target]),
        "edge_vectors": batch.vectors,
        "atom_types": types,
        "batch": batch.frame,
        "num_atoms": torch.bincount(batch.frame, minlength=batch.n_frames),
    }
    with _default_type():
        return module(data)["atomic_energy"].reshape(-1)
