"""MACE models of plain values: hyperparameters from the training frames, modules from hyperparameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.library import mace
from mlffbench.potentials.mace.presets import Settings

__all__ = ["CLASSES", "build", "hyperparameters"]

CLASSES = ("interaction_cls", "interaction_cls_first", "readout_cls")  # arguments that are classes


def hyperparameters(
    graphs: Graphs, picks: list[int], settings: Settings, numbers: list[int]
) -> dict[str, Any]:
    """The model's arguments as plain values; mean, scale and neighbours by mace's own functions.

    mace-torch 0.3.16 divides by one average number of neighbours, not by one for each species.

    Parameters
    ----------
    graphs : Graphs
    picks : list of int
        The training frames among them.
    settings : Settings
    numbers : list of int
        The elements' atomic numbers.
    """
    modules, zeros = mace().modules, np.zeros(len(numbers))
    of = lambda frames: [_pairs_within(assemble(graphs, frames).mace_inputs(), graphs.cutoff)]
    mean, scale = modules.scaling_classes["std_scaling"](of(picks), zeros)
    if labelled := [i for i in picks if graphs.per_frame["forces_weight"][i]]:
        scale = modules.scaling_classes["rms_forces_scaling"](of(labelled), zeros)[1]
    residual = "RealAgnosticResidualInteractionBlock"
    shifted = settings.model == "ScaleShiftMACE"
    orders = mace().Irreps.spherical_harmonics(settings.max_L)
    return {
        "r_max": float(settings.cutoff),
        "num_bessel": settings.num_radial_basis,
        "num_polynomial_cutoff": 5,
        "max_ell": settings.max_ell,
        "interaction_cls": residual,
        "interaction_cls_first": residual if shifted else "RealAgnosticInteractionBlock",
        "num_interactions": settings.num_interactions,
        "hidden_irreps": str((orders * settings.num_channels).sort().irreps.simplify()),
        "MLP_irreps": "16x0e",
        "gate": "silu",
        "radial_MLP": [64, 64, 64],
        "correlation": settings.correlation,
        # else the basis of the couplings would depend on whether cuequivariance is installed
        "use_reduced_cg": False,
        "atomic_numbers": numbers,
        "avg_num_neighbors": _positive(modules.compute_avg_num_neighbors(of(picks))),
        "atomic_inter_scale": _positive(scale),
        "atomic_inter_shift": float(np.squeeze(mean)) if shifted else 0.0,
    }


def _pairs_within(inputs: Batch, cutoff: float) -> Batch:
    """Inputs without the pair that pads a batch, which would count as a neighbour."""
    sender, receiver = inputs["edge_index"]
    vectors = inputs["positions"][receiver] - inputs["positions"][sender] + inputs["shifts"]
    return Batch(inputs, edge_index=inputs["edge_index"][:, vectors.norm(dim=1) < cutoff])


def _positive(value: Any) -> float:
    """The value as a number, or 1 where the training set is too small to give a positive one."""
    number = float(np.squeeze(value))
    return number if np.isfinite(number) and number > 0 else 1.0


def _block(blocks: Any, name: str) -> type[torch.nn.Module]:
    """The layer of a name among mace-torch's own; a model file holds such names."""
    block: Any = getattr(blocks, name, None)
    is_layer = isinstance(block, type) and issubclass(block, torch.nn.Module)
    if not is_layer or block.__module__ != blocks.__name__:
        raise ValueError(f"mace-torch has no layer {name!r}")
    return block


def build(
    config: dict[str, Any],
    dtype: torch.dtype,
    device: torch.device,
    weights: dict[str, torch.Tensor] | None = None,
) -> torch.nn.Module:
    """Build mace-torch's ScaleShiftMACE from `hyperparameters` and named weights, by default new ones.

    Its isolated atoms have no energy: the estimator's base class adds theirs.
    """
    library = mace()
    classes = {k: _block(library.blocks, config[k]) for k in CLASSES if k in config}
    irreps = {k: library.Irreps(v) for k, v in config.items() if k.endswith("irreps") and v is not None}
    n, gate = len(config["atomic_numbers"]), library.modules.gate_dict[config["gate"]]
    arguments = config | classes | irreps | {"gate": gate}
    module = library.modules.ScaleShiftMACE(num_elements=n, atomic_energies=np.zeros(n), **arguments)
    if weights is not None:
        mismatch = module.load_state_dict(weights, strict=False)
        lacking = [name for name, _ in module.named_parameters() if name in mismatch.missing_keys]
        assert not lacking + mismatch.unexpected_keys, f"weights of another model: {mismatch}"
    module.to(device)
    types = {(p.dtype, p.device.type) for p in module.parameters()}
    assert types == {(dtype, device.type)}, f"weights are {types}, not {dtype} on {device}"
    return module
