"""Compute backends of MACE's layers; used only where they reproduce mace-torch's energies and forces."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch

from mlffbench.potentials.mace.convolution import NeighbourConvolution, PaddedNeighbours, is_convertible
from mlffbench.potentials.mace.library import mace
from mlffbench.potentials.mace.symmetric_contraction import MonomialContraction

__all__ = ["BACKENDS", "accelerate", "fuse", "named_weights", "restore_backend", "unfuse"]

BACKENDS = ("auto", "mace", "fused", "cuequivariance")  # mace-torch's own layers, ours, NVIDIA's
TOLERANCES = {torch.float32: 1e-4, torch.float64: 1e-9}  # of the largest energy and the largest force
Compute = Callable[[torch.nn.Module], tuple[torch.Tensor, torch.Tensor]]  # -> energies, forces


def accelerate(module: torch.nn.Module, backend: str, compute: Compute) -> tuple[torch.nn.Module, str]:
    """Convert a module to a backend; return the module and the name of the backend it has now.

    ``auto`` takes cuequivariance on a GPU where it is installed, our layers on a CPU, and only where energies
    and forces of the example are mace-torch's own within rounding.

    Parameters
    ----------
    module : mace-torch's module, converted in place by ``fused``
    backend : one of `BACKENDS`
    compute : callable
        Module -> energies and forces of an example.

    Raises
    ------
    ValueError
        A backend named explicitly does not exist, or does not agree.
    ImportError
        cuequivariance was named explicitly and is not installed.
    """
    if backend not in BACKENDS:
        raise ValueError(f"no kernels {backend!r}; there are {list(BACKENDS)}")
    device = next(module.parameters()).device
    target = _preferred(device) if backend == "auto" else backend
    if target == "mace":
        return module, target
    if target == "cuequivariance" and find_spec("cuequivariance_torch") is None:
        raise ImportError("kernels='cuequivariance' needs it: pip install 'mlffbench[gpu]'")
    expected = compute(module)
    try:
        converted = _convert(module, target)
        if _agree(expected, compute(converted)):
            return converted, target
    except NotImplementedError:  # cuequivariance knows two correlations
        if backend != "auto":
            raise
    if backend != "auto":
        raise ValueError(f"the kernels {target!r} do not give mace-torch's energies and forces here")
    return unfuse(module), "mace"


def restore_backend(module: torch.nn.Module, backend: str) -> tuple[torch.nn.Module, str]:
    """Convert a stored module to the backend it had, or to this machine's where it lacks that one."""
    device = next(module.parameters()).device
    if backend != "mace" and backend != _preferred(device):
        backend = _preferred(device)
    return _convert(module, backend), backend


def named_weights(module: torch.nn.Module, backend: str) -> dict[str, torch.Tensor]:
    """The weights under mace-torch's own names, on the CPU."""
    if backend == "cuequivariance":
        module = mace().from_cuequivariance(module, device=str(next(module.parameters()).device))
    return {name: weight.detach().cpu().clone() for name, weight in module.named_parameters()}


def _convert(module: torch.nn.Module, backend: str) -> torch.nn.Module:
    if backend == "cuequivariance":
        device = next(module.parameters()).device
        return mace().to_cuequivariance(module, device=device.type).to(device)
    return fuse(module) if backend == "fused" else module


def fuse(module: Any) -> torch.nn.Module:
    """Replace mace-torch's contractions and convolutions in place by ours, where ours know the layer."""
    device, padding = next(module.parameters()).device, PaddedNeighbours()
    for interaction in module.interactions:
        if is_convertible(interaction.conv_tp) and not hasattr(interaction, "conv_fusion"):
            ours = NeighbourConvolution(interaction.conv_tp, mace().wigner_3j, padding)
            interaction.conv_tp = ours.to(device)
            interaction.conv_fusion = "mlffbench"
    for product in module.products:
        if type(product.symmetric_contractions).__name__ == "SymmetricContraction":
            product.symmetric_contractions = MonomialContraction(product.symmetric_contractions).to(device)
    return module


def unfuse(module: Any) -> torch.nn.Module:
    """Put mace-torch's own layers back in place of ours."""
    for interaction in module.interactions:
        if isinstance(interaction.conv_tp, NeighbourConvolution):
            interaction.conv_tp = interaction.conv_tp._original[0]
            del interaction.conv_fusion
    for product in module.products:
        if isinstance(product.symmetric_contractions, MonomialContraction):
            product.symmetric_contractions = product.symmetric_contractions._original[0]
    return module


def _preferred(device: torch.device) -> str:
    """The fastest backend that is installed for a device."""
    if device.type == "cpu":
        return "fused"
    return "cuequivariance" if find_spec("cuequivariance_torch") is not None else "mace"


def _agree(expected: tuple[torch.Tensor, ...], computed: tuple[torch.Tensor, ...]) -> bool:
    tolerance = TOLERANCES[expected[0].dtype]
    pairs = zip(expected, computed, strict=True)
    return all(bool(((a - b).abs() <= tolerance * a.abs().max().clamp(min=1.0)).all()) for a, b in pairs)
