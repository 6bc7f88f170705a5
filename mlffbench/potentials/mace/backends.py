"""Which code computes MACE's layers: mace-torch's own, ours or cuequivariance; equal, or not used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import torch

from mlffbench.potentials.mace.convolution import NeighbourConvolution, Padding, convertible
from mlffbench.potentials.mace.symmetric_contraction import MonomialContraction

__all__ = ["KERNELS", "accelerated", "adopt", "learned"]

KERNELS = ("auto", "mace", "fused", "cuequivariance")
TOLERANCES = {torch.float32: 1e-4, torch.float64: 1e-9}  # of the largest energy and the largest force
Computed = Callable[[torch.nn.Module], tuple[torch.Tensor, torch.Tensor]]  # -> energies, forces


def accelerated(
    mace: SimpleNamespace, module: torch.nn.Module, kernels: str, computed: Computed
) -> tuple[torch.nn.Module, str]:
    """The module that computes, and the name of its kernels.

    ``auto`` takes cuequivariance on a GPU where it is installed, ours on a CPU, and only where energies and
    forces of the example are mace-torch's own within rounding.

    Raises
    ------
    ValueError
        The kernels asked for by name do not exist, or do not agree.
    ImportError
        cuequivariance was asked for by name and is not installed.
    """
    if kernels not in KERNELS:
        raise ValueError(f"no kernels {kernels!r}; there are {list(KERNELS)}")
    device = next(module.parameters()).device
    chosen = _best(device) if kernels == "auto" else kernels
    if chosen == "mace":
        return module, chosen
    if chosen == "cuequivariance" and find_spec("cuequivariance_torch") is None:
        raise ImportError("kernels='cuequivariance' needs it: pip install 'mlffbench[gpu]'")
    expected = computed(module)
    try:
        fast = _converted(mace, module, chosen)
        if _agree(expected, computed(fast)):
            return fast, chosen
    except NotImplementedError:  # cuequivariance knows two correlations
        if kernels != "auto":
            raise
    if kernels != "auto":
        raise ValueError(f"the kernels {chosen!r} do not give mace-torch's energies and forces here")
    return unfuse(module), "mace"


def adopt(mace: SimpleNamespace, module: torch.nn.Module, kernels: str) -> tuple[torch.nn.Module, str]:
    """A module that was stored, with the kernels it had, where this machine has them."""
    device = next(module.parameters()).device
    if kernels != "mace" and kernels != _best(device):
        kernels = _best(device)
    return _converted(mace, module, kernels), kernels


def learned(mace: SimpleNamespace, module: torch.nn.Module, kernels: str) -> dict[str, torch.Tensor]:
    """The weights under mace-torch's own names."""
    if kernels == "cuequivariance":
        module = mace.from_cueq(module, device=str(next(module.parameters()).device))
    return {name: weight.detach().cpu().clone() for name, weight in module.named_parameters()}


def _converted(mace: SimpleNamespace, module: torch.nn.Module, kernels: str) -> torch.nn.Module:
    if kernels == "cuequivariance":
        device = next(module.parameters()).device
        return mace.to_cueq(module, device=device.type).to(device)
    return fuse(mace, module) if kernels == "fused" else module


def fuse(mace: SimpleNamespace, module: Any) -> torch.nn.Module:
    """Put our contractions and convolutions in the place of mace-torch's, where they know the layer."""
    device, padding = next(module.parameters()).device, Padding()
    for interaction in module.interactions:
        if convertible(interaction.conv_tp) and not hasattr(interaction, "conv_fusion"):
            ours = NeighbourConvolution(interaction.conv_tp, mace.wigner_3j, padding)
            interaction.conv_tp = ours.to(device)
            interaction.conv_fusion = "mlffbench"
    for product in module.products:
        if type(product.symmetric_contractions).__name__ == "SymmetricContraction":
            product.symmetric_contractions = MonomialContraction(product.symmetric_contractions).to(device)
    return module


def unfuse(module: Any) -> torch.nn.Module:
    """mace-torch's own layers again."""
    for interaction in module.interactions:
        if isinstance(interaction.conv_tp, NeighbourConvolution):
            interaction.conv_tp = interaction.conv_tp._original[0]
            del interaction.conv_fusion
    for product in module.products:
        if isinstance(product.symmetric_contractions, MonomialContraction):
            product.symmetric_contractions = product.symmetric_contractions._original[0]
    return module


def _best(device: torch.device) -> str:
    if device.type == "cpu":
        return "fused"
    return "cuequivariance" if find_spec("cuequivariance_torch") is not None else "mace"


def _agree(expected: tuple[torch.Tensor, ...], found: tuple[torch.Tensor, ...]) -> bool:
    tolerance = TOLERANCES[expected[0].dtype]
    pairs = zip(expected, found, strict=True)
    return all(bool(((a - b).abs() <= tolerance * a.abs().max().clamp(min=1.0)).all()) for a, b in pairs)
