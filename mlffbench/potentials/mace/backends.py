"""Compute backends of MACE's layers; used only where they reproduce mace-torch's energies and forces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import torch

from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.evaluation import energies_and_forces
from mlffbench.potentials.mace.library import mace
from mlffbench.potentials.mace.network import FusedMACE
from mlffbench.potentials.mace.training import Loss
from mlffbench.system.batch_size import release_memory
from mlffbench.system.checkpoint import resumed
from mlffbench.system.cuda_graph import WARM_UP, CapturedFunction
from mlffbench.system.timing import measure

__all__ = ["BACKENDS", "Accelerated", "accelerate", "named_weights", "restore_backend"]

BACKENDS = ("auto", "mace", "fused", "cuequivariance")  # mace-torch's own layers, ours, NVIDIA's
TOLERANCES = {torch.float32: 1e-4, torch.float64: 1e-9}  # of the largest energy and the largest force
STEPS = 5  # timed for each backend


@dataclass(frozen=True)
class Accelerated:
    """A module with the layers of a backend.

    Attributes
    ----------
    module : torch.nn.Module
    backend : str
        Of `BACKENDS`, not ``auto``.
    seconds : dict of str to float
        Of one training step with each backend that was timed.
    """

    module: torch.nn.Module
    backend: str
    seconds: dict[str, float]


def accelerate(module: torch.nn.Module, backend: str, example: Batch) -> Accelerated:
    """Convert a module to a backend.

    ``auto`` takes our layers on a CPU, and on a GPU the backend whose training step is the fastest there; in
    both cases only where energies and forces of the example are mace-torch's own within rounding.

    Parameters
    ----------
    module : mace-torch's module
    backend : one of `BACKENDS`
    example : Batch
        Labelled frames.

    Raises
    ------
    ValueError
        A backend named explicitly does not exist, or does not agree.
    NotImplementedError
        A backend named explicitly does not know all layers.
    ImportError
        cuequivariance was named explicitly and is not installed.
    """
    if backend not in BACKENDS:
        raise ValueError(f"no kernels {backend!r}; there are {list(BACKENDS)}")
    if backend == "mace":
        return Accelerated(module, backend, {})
    if backend == "cuequivariance" and find_spec("cuequivariance_torch") is None:
        raise ImportError("kernels='cuequivariance' needs it: pip install 'mlffbench[gpu]'")
    expected = energies_and_forces(module, example)
    if backend != "auto":
        converted = _convert(module, backend)
        if not _agree(expected, energies_and_forces(converted, example)):
            raise ValueError(f"the kernels {backend!r} do not give mace-torch's energies and forces here")
        return Accelerated(converted, backend, {})
    return _fastest(_agreeing(module, expected, example), example)


def restore_backend(module: torch.nn.Module, backend: str) -> tuple[torch.nn.Module, str]:
    """Convert a stored module to the backend it had, or to this machine's where it lacks that one."""
    available = {"mace", *_candidates(next(module.parameters()).device)}
    for name in (backend, "fused", "mace"):
        if name in available:
            try:
                return _convert(module, name), name
            except NotImplementedError:  # layers that ours do not know
                continue
    return module, "mace"


def named_weights(module: torch.nn.Module, backend: str) -> dict[str, torch.Tensor]:
    """The weights under mace-torch's own names, on the CPU."""
    if backend == "cuequivariance":
        module = mace().from_cuequivariance(module, device=str(next(module.parameters()).device))
    return {name: weight.detach().cpu().clone() for name, weight in module.named_parameters()}


def _candidates(device: torch.device) -> list[str]:
    """Backends besides mace-torch's that a device may take."""
    nvidia = device.type == "cuda" and find_spec("cuequivariance_torch") is not None
    return ["fused", *(["cuequivariance"] if nvidia else [])]


def _convert(module: torch.nn.Module, backend: str) -> torch.nn.Module:
    if backend == "cuequivariance":
        device = next(module.parameters()).device
        return mace().to_cuequivariance(module, device=device.type).to(device)
    return FusedMACE(module) if backend == "fused" else module


def _agreeing(
    module: torch.nn.Module, expected: tuple[torch.Tensor, ...], example: Batch
) -> dict[str, torch.nn.Module]:
    """Backends that give mace-torch's energies and forces, its own last."""
    agreeing = {}
    for name in _candidates(next(module.parameters()).device):
        try:
            converted = _convert(module, name)
            if _agree(expected, energies_and_forces(converted, example)):
                agreeing[name] = converted
        except NotImplementedError:  # ours do not know all layers, cuequivariance knows two correlations
            continue
    return agreeing | {"mace": module}


def _fastest(modules: dict[str, torch.nn.Module], example: Batch) -> Accelerated:
    """The first on a CPU, where ours are the fastest; else that of the shortest training step."""
    name, device = next(iter(modules)), example.positions.device
    if device.type != "cuda" or len(modules) == 1:
        return Accelerated(modules[name], name, {})
    # a fit that goes on after a kill has the backend it began with
    seconds = resumed("seconds of a step", partial(_seconds_of_each, modules, example, device))
    name = min(seconds, key=lambda k: seconds[k], default=name)
    return Accelerated(modules[name], name, seconds)


def _seconds_of_each(
    modules: dict[str, torch.nn.Module], example: Batch, device: torch.device
) -> dict[str, float]:
    seconds = {}
    for name, module in modules.items():
        try:
            seconds[name] = _seconds(module, example, device)
        except torch.OutOfMemoryError:  # mace-torch's own layers take many times the memory of ours
            continue
        finally:
            release_memory()
    return seconds


def _seconds(module: torch.nn.Module, example: Batch, device: torch.device) -> float:
    """Wall time of one forward and backward pass of a loss on forces, captured where that is possible."""
    weights = [p for p in module.parameters() if p.requires_grad]
    loss = Loss(1.0, 100.0, None)

    def step(batch: Batch) -> tuple[torch.Tensor, ...]:
        gradients = torch.autograd.grad(loss(module, batch), weights, allow_unused=True)
        return tuple(g for g in gradients if g is not None)

    captured = CapturedFunction(step, device, "a step of MACE")
    for _ in range(WARM_UP + 2):
        captured(example)
    with measure(str(device)) as measured:
        for _ in range(STEPS):
            captured(example)
    return measured.seconds / STEPS


def _agree(expected: tuple[torch.Tensor, ...], computed: tuple[torch.Tensor, ...]) -> bool:
    tolerance = TOLERANCES[expected[0].dtype]
    pairs = zip(expected, computed, strict=True)
    return all(bool(((a - b).abs() <= tolerance * a.abs().max().clamp(min=1.0)).all()) for a, b in pairs)
