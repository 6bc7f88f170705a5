"""Energies, forces and stresses of a MACE module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from mlffbench.data import VOIGT_FLAT, Labels
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.inputs import Inputs
from mlffbench.potentials.mace.network import FusedMACE
from mlffbench.system.batch_size import with_half_on_memory_error
from mlffbench.system.cuda_graph import CapturedFunction

__all__ = ["Evaluation", "energies_and_forces", "frozen_weights", "matmul_precision", "output"]

PRECISIONS = ("highest", "high", "medium")
ALL = frozenset({"energy", "forces", "stress"})


def output(
    module: torch.nn.Module, batch: Batch, stress: bool, training: bool = False, forces: bool = True
) -> dict[str, Any]:
    """Energies, forces in the order of the batch's atoms and, if wanted, stresses of a batch."""
    inputs = batch if isinstance(module, FusedMACE) else batch.mace_inputs()
    return module(inputs, training=training, compute_force=forces, compute_stress=stress)


def energies_and_forces(module: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """(n_frames,) eV and (n, 3) eV/Å, without gradients."""
    with frozen_weights(module):
        outputs = output(module, batch, stress=False)
    return outputs["energy"].detach(), outputs["forces"].detach()


class Evaluation:
    """Labels of batches by a module whose weights stay; repeated shapes are captured on a GPU."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        device = next(module.parameters()).device
        self.captured = CapturedFunction(self._tensors, device, "the evaluation of MACE")

    def __call__(self, inputs: Inputs, quantities: frozenset[str] = ALL) -> Labels:
        """Labels of all frames; a stress where a frame is periodic in three directions."""
        parts = [part for i in range(len(inputs.batches)) for part in self._parts(inputs, i, quantities)]
        joined = lambda name: [row for part in parts for row in getattr(part, name)]
        return Labels(
            np.concatenate([part.energy for part in parts]),
            tuple(joined("forces")) if parts[0].forces is not None else None,
            tuple(joined("stress")) if parts[0].stress is not None else None,
        )

    def _parts(self, inputs: Inputs, number: int, quantities: frozenset[str]) -> list[Labels]:
        """Labels of a batch, or of its halves if the device has too little memory for it."""
        return with_half_on_memory_error(
            lambda n: [self._labels(batch, quantities) for batch in inputs.parts(number, n)]
        )

    def _labels(self, batch: Batch, quantities: frozenset[str]) -> Labels:
        with_forces = bool(quantities & {"forces", "stress"})
        with_stress = "stress" in quantities and bool(batch.periodic.any())
        values = [_numpy(x) for x in self.captured((batch, with_forces, with_stress))]
        n_frames, forces, stress = len(batch.sizes), None, None
        if with_forces:
            forces = tuple(np.split(values[1][batch.order], batch.sizes.cumsum()[:-1]))
        if "stress" in quantities:
            rows = values[2].reshape(-1, 9)[:, VOIGT_FLAT] if with_stress else [None] * n_frames
            stress = tuple(s if p else None for s, p in zip(rows, batch.periodic, strict=False))
        return Labels(values[0][:n_frames], forces, stress)

    def _tensors(self, request: tuple[Batch, bool, bool]) -> tuple[torch.Tensor, ...]:
        batch, with_forces, with_stress = request
        with frozen_weights(self.module), torch.set_grad_enabled(with_forces):
            outputs = output(self.module, batch, with_stress, forces=with_forces)
        names = ["energy", *(["forces"] if with_forces else []), *(["stress"] if with_stress else [])]
        return tuple(outputs[name].detach() for name in names)


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
