"""The fence around mace-torch: the only file that imports it."""

from __future__ import annotations

import logging
import os
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from mlffbench.potentials.mace.batches import Graphs

__all__ = ["arguments", "build", "error_of", "hyperparameters", "session"]

CLASSES = ("interaction_cls", "interaction_cls_first", "readout_cls")


@contextmanager
def session(dtype: torch.dtype) -> Iterator[SimpleNamespace]:
    """mace-torch under torch's default `dtype`; every global that it or we set is put back."""
    with warnings.catch_warnings(), _silent_logging():
        warnings.simplefilter("ignore")
        mace = _import_mace()
        default, optimization = torch.get_default_dtype(), mace.e3nn.get_optimization_defaults()
        try:
            # compiling e3nn's code takes longer than it saves in a run of minutes
            mace.e3nn.set_optimization_defaults(jit_script_fx=False)
            torch.set_default_dtype(dtype)
            yield mace
        finally:
            torch.set_default_dtype(default)
            mace.e3nn.set_optimization_defaults(**optimization)


def _import_mace() -> SimpleNamespace:
    """What is used of mace-torch; it goes before e3nn, whose constants else fail to load."""
    with _same_environment("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"), redirect_stdout(StringIO()):
        import mace.modules
        import mace.modules.blocks
        from mace.cli.convert_cueq_e3nn import run as from_cueq
        from mace.cli.convert_e3nn_cueq import run as to_cueq
        from mace.tools import AtomicNumberTable
        from mace.tools.finetuning_utils import load_foundations_elements
        from mace.tools.scripts_utils import extract_config_mace_model, get_params_options, remove_pt_head

        import e3nn  # isort: skip
    return SimpleNamespace(
        modules=mace.modules,
        blocks=mace.modules.blocks,
        table=AtomicNumberTable,
        get_params_options=get_params_options,
        extract_config=extract_config_mace_model,
        single_head=remove_pt_head,
        load_foundation=load_foundations_elements,
        to_cueq=to_cueq,
        from_cueq=from_cueq,
        e3nn=e3nn,
        Irreps=e3nn.o3.Irreps,
        wigner_3j=e3nn.o3.wigner_3j,
    )


@contextmanager
def _same_environment(key: str) -> Iterator[None]:
    """One environment variable after the block as before it."""
    before = os.environ.get(key)
    try:
        yield
    finally:
        os.environ.pop(key, None)
        if before is not None:
            os.environ[key] = before


@contextmanager
def _silent_logging() -> Iterator[None]:
    """mace logs through the root logger, which would then be configured for the whole process."""
    root, handler, level = logging.getLogger(), logging.NullHandler(), logging.root.manager.disable
    root.addHandler(handler)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(level)
        root.removeHandler(handler)


def hyperparameters(
    mace: SimpleNamespace, graphs: Graphs, picks: list[int], settings: SimpleNamespace, numbers: list[int]
) -> dict[str, Any]:
    """The model's arguments as plain values; mean, scale and neighbours by mace's own functions.

    mace-torch 0.3.16 divides by one average number of neighbours, not by one for each species.
    """
    zeros, scaling = np.zeros(len(numbers)), mace.modules.scaling_classes
    batches = [graphs.batch(picks)]
    mean, scale = scaling["std_scaling"](batches, zeros)
    labelled = [i for i in picks if graphs.per_frame["forces_weight"][i] > 0]
    if labelled:
        scale = scaling["rms_forces_scaling"]([graphs.batch(labelled)], zeros)[1]
    residual = "RealAgnosticResidualInteractionBlock"
    shifted = settings.model == "ScaleShiftMACE"
    orders = mace.Irreps.spherical_harmonics(settings.max_L)
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
        "avg_num_neighbors": _positive(mace.modules.compute_avg_num_neighbors(batches)),
        "atomic_inter_scale": _positive(scale),
        "atomic_inter_shift": float(np.squeeze(mean)) if shifted else 0.0,
    }


def _positive(value: Any) -> float:
    """The value, or 1 where the training set is too small to have one."""
    number = float(np.squeeze(value))
    return number if np.isfinite(number) and number > 0 else 1.0


def build(
    mace: SimpleNamespace,
    config: dict[str, Any],
    dtype: torch.dtype,
    device: torch.device,
    weights: dict[str, torch.Tensor] | None = None,
) -> torch.nn.Module:
    """mace-torch's ScaleShiftMACE of plain values and named weights; isolated atoms have no energy in it."""
    classes = {k: getattr(mace.blocks, config[k]) for k in CLASSES if k in config}
    irreps = {k: mace.Irreps(v) for k, v in config.items() if k.endswith("irreps") and v is not None}
    n = len(config["atomic_numbers"])
    given = config | classes | irreps | {"gate": mace.modules.gate_dict[config["gate"]]}
    module = mace.modules.ScaleShiftMACE(num_elements=n, atomic_energies=np.zeros(n), **given)
    if weights is not None:
        unknown = module.load_state_dict(weights, strict=False)
        lacking = [name for name, _ in module.named_parameters() if name in unknown.missing_keys]
        assert not lacking + unknown.unexpected_keys, f"weights of another model: {unknown}"
    module.to(device)
    found = {(p.dtype, p.device.type) for p in module.parameters()}
    assert found == {(dtype, device.type)}, f"weights are {found}, not {dtype} on {device}"
    return module


def error_of(mace: SimpleNamespace, energy: float, forces: float, stress: float | None) -> torch.nn.Module:
    """mace's own loss with these weights; None: without stress."""
    weights = {"energy_weight": energy, "forces_weight": forces}
    if stress is not None:
        return mace.modules.WeightedEnergyForcesStressLoss(**weights, stress_weight=stress)
    return mace.modules.WeightedEnergyForcesLoss(**weights)


def arguments(settings: SimpleNamespace) -> Namespace:
    """What mace's command line would hand to its grouping of parameters."""
    return Namespace(
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        amsgrad=True,
        beta=0.9,
        lr_params_factors="{}",
        freeze=None,
    )
