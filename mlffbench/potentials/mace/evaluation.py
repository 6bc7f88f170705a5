"""Energies, forces and stresses of a MACE module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from mlffbench.data import VOIGT_FLAT, Labels
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.network import FusedMACE

__all__ = [
    "energies_and_forces",
    "frozen_weights",
    "matmul_precision",
    "mean_loss",
    "output",
    "predictions",
]

PRECISIONS = ("highest", "high", "medium")


def output(module: torch.nn.Module, batch: Batch, stress: bool, training: bool = False) -> dict[str, Any]:
    """mace-torch's own dictionary of a batch's energies, forces and, if wanted, stresses."""
    inputs = batch if isinstance(module, FusedMACE) else batch.mace_inputs()
    return module(inputs, training=training, compute_force=True, compute_stress=stress)


def energies_and_forces(module: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """(n_frames,) eV and (n, 3) eV/Å, without gradients."""
    with frozen_weights(module):
        outputs = output(module, batch, stress=False)
    return outputs["energy"].detach(), outputs["forces"].detach()


def mean_loss(loss: Any, module: torch.nn.Module, batches: list[Batch]) -> float:
    """Mean of a loss over all frames of the batches."""
    with frozen_weights(module):
        values = [loss(b, training=False).item() * b.num_graphs for b in batches]
    return sum(values) / sum(b.num_graphs for b in batches)


def predictions(module: torch.nn.Module, batches: Iterable[Batch]) -> Labels:
    """Labels of all frames; a stress where a frame is periodic in three directions."""
    energy: list[np.ndarray] = []
    forces: list[np.ndarray] = []
    stress: list[np.ndarray | None] = []
    with frozen_weights(module):
        for batch in batches:
            periodic = batch.periodic.tolist()
            outputs = output(module, batch, any(periodic))
            energy.append(_numpy(outputs["energy"]))
            forces += np.split(_numpy(outputs["forces"]), batch.ptr[1:-1].cpu().numpy())
            rows = _voigt(_numpy(outputs["stress"])) if any(periodic) else [None] * len(periodic)
            stress += [s if p else None for s, p in zip(rows, periodic, strict=True)]
    return Labels(np.concatenate(energy), tuple(forces), tuple(stress))


@contextmanager
def frozen_weights(module: torch.nn.Module) -> Iterator[None]:
    """Compute no derivatives by the weights inside the block."""
    trainable = [p for p in module.parameters() if p.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)


@contextmanager
def matmul_precision(name: str) -> Iterator[None]:
    """Set the precision of torch's float32 matrix products inside the block."""
    if name not in PRECISIONS:
        raise ValueError(f"matmul_precision must be one of {list(PRECISIONS)}; got {name!r}")
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(name)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def _voigt(stress: np.ndarray) -> np.ndarray:
    """(n, 3, 3) -> (n, 6): xx yy zz yz xz xy."""
    return stress.reshape(-1, 9)[:, VOIGT_FLAT]
