"""The fence around mace-torch: the only file that imports it."""

from __future__ import annotations

import logging
import os
import warnings
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels

__all__ = ["arguments", "build", "error_of", "graphs_of", "hyperparameters", "session"]

# what mace's graphs carry for other models
UNUSED = ("dipole", "dipole_weight", "charges", "charges_weight", "polarizability", "polarizability_weight",
          "virials", "virials_weight", "elec_temp", "total_charge", "total_spin", "density_coefficients",
          "rcell", "volume", "fermi_level", "external_field")  # fmt: skip


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
        import mace.tools
        from mace import data
        from mace.tools.scripts_utils import get_params_options
        from mace.tools.torch_geometric.dataloader import Collater

        import e3nn  # isort: skip
    return SimpleNamespace(
        modules=mace.modules,
        table=mace.tools.AtomicNumberTable,
        AtomicData=data.AtomicData,
        Configuration=data.Configuration,
        collate=Collater([None], list(UNUSED)),
        get_params_options=get_params_options,
        e3nn=e3nn,
        Irreps=e3nn.o3.Irreps,
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


def graphs_of(
    mace: SimpleNamespace,
    frames: Sequence[Atoms],
    elements: list[str],
    cutoff: float,
    labels: Labels | None = None,
) -> list[Any]:
    """mace's AtomicData of every frame; a label that is missing weighs 0."""
    table = mace.table(Atoms(elements).numbers.tolist())
    configurations = [_configuration(mace, a, _known(labels, i)) for i, a in enumerate(frames)]
    return [mace.AtomicData.from_config(c, z_table=table, cutoff=cutoff) for c in configurations]


def _known(labels: Labels | None, i: int) -> dict[str, Any]:
    """The labels of frame i that are not None."""
    if labels is None:
        return {}
    values = {"forces": labels.forces, "stress": labels.stress}
    known = {name: v[i] for name, v in values.items() if v is not None and v[i] is not None}
    return {"energy": labels.energy[i]} | known


def _configuration(mace: SimpleNamespace, atoms: Atoms, known: dict[str, Any]) -> Any:
    # centred: mace boxes a molecule by its distance from the origin, and float32 is finest there
    return mace.Configuration(
        atomic_numbers=atoms.numbers,
        positions=atoms.positions - atoms.positions.mean(axis=0),
        properties=known,
        property_weights={name: float(name in known) for name in ("energy", "forces", "stress")},
        cell=np.array(atoms.cell),
        pbc=tuple(bool(p) for p in atoms.pbc),
    )


def hyperparameters(
    mace: SimpleNamespace, graphs: list[Any], settings: SimpleNamespace, elements: list[str]
) -> dict[str, Any]:
    """The model's arguments as plain values; mean, scale and neighbours by mace's own functions."""
    batches = [mace.collate(graphs[i : i + 32]) for i in range(0, len(graphs), 32)]
    with_forces = [g for g in graphs if g.forces_weight > 0]
    labelled = [mace.collate(with_forces[i : i + 32]) for i in range(0, len(with_forces), 32)]
    zeros = np.zeros(len(elements))
    mean, scale = mace.modules.scaling_classes["std_scaling"](batches, zeros)
    if labelled:
        scale = mace.modules.scaling_classes["rms_forces_scaling"](labelled, zeros)[1]
    neighbors = mace.modules.compute_avg_num_neighbors(batches)
    return {
        "model": settings.model,
        "r_max": float(settings.cutoff),
        "num_bessel": settings.num_radial_basis,
        "max_ell": settings.max_ell,
        "num_interactions": settings.num_interactions,
        "correlation": settings.correlation,
        "num_channels": settings.num_channels,
        "max_L": settings.max_L,
        "atomic_numbers": Atoms(elements).numbers.tolist(),
        "avg_num_neighbors": _positive(neighbors),
        "atomic_inter_scale": _positive(scale),
        "atomic_inter_shift": float(np.squeeze(mean)) if settings.model == "ScaleShiftMACE" else 0.0,
    }


def _positive(value: Any) -> float:
    """The value, or 1 where the training set is too small to have one."""
    number = float(np.squeeze(value))
    return number if np.isfinite(number) and number > 0 else 1.0


def build(
    mace: SimpleNamespace, config: dict[str, Any], dtype: torch.dtype, device: torch.device
) -> torch.nn.Module:
    """mace-torch's ScaleShiftMACE as its command line builds ``--model`` MACE or ScaleShiftMACE."""
    rest = {k: v for k, v in config.items() if k not in ("model", "num_channels", "max_L")}
    blocks = mace.modules.interaction_classes
    residual = "RealAgnosticResidualInteractionBlock"
    first = residual if config["model"] == "ScaleShiftMACE" else "RealAgnosticInteractionBlock"
    orders = mace.Irreps.spherical_harmonics(config["max_L"])
    module = mace.modules.ScaleShiftMACE(
        num_polynomial_cutoff=5,
        interaction_cls=blocks[residual],
        interaction_cls_first=blocks[first],
        num_elements=len(config["atomic_numbers"]),
        hidden_irreps=(orders * config["num_channels"]).sort().irreps.simplify(),
        MLP_irreps=mace.Irreps("16x0e"),
        atomic_energies=np.zeros(len(config["atomic_numbers"])),
        gate=mace.modules.gate_dict["silu"],
        radial_MLP=[64, 64, 64],
        **rest,
    ).to(device)
    found = {(p.dtype, p.device.type) for p in module.parameters()}
    assert found == {(dtype, device.type)}, f"weights are {found}, not {dtype} on {device}"
    return module


def error_of(mace: SimpleNamespace, settings: SimpleNamespace, stress: bool) -> torch.nn.Module:
    weights = {"energy_weight": settings.energy_weight, "forces_weight": settings.forces_weight}
    if stress:
        return mace.modules.WeightedEnergyForcesStressLoss(**weights, stress_weight=settings.stress_weight)
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
