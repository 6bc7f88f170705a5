"""What a training starts from: an earlier fit, or a mace-torch model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.potentials.mace.library import CLASSES, build

__all__ = ["Start", "from_file"]

DROPPED = (
    "num_elements",
    "atomic_energies",
    "heads",
    "cueq_config",
    "embedding_specs",
    "use_embedding_readout",
)


@dataclass(frozen=True)
class Start:
    """A model's hyperparameters and weights, its elements and, where it has them, their energies, eV."""

    config: dict[str, Any]
    weights: dict[str, torch.Tensor]
    elements: list[str]
    atomic_energies: dict[str, float] | None = None


def from_file(mace: SimpleNamespace, path: str, head: str | None, elements: list[str]) -> Start:
    """A file reduced by mace-torch's own tool to some elements and one head.

    The file is a pickle: reading it runs whatever code is in it.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It holds no ScaleShiftMACE, lacks an element, or has several heads and none was chosen.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no MACE model file {path!r}")
    dtype = torch.get_default_dtype()
    whole = torch.load(path, map_location="cpu", weights_only=False)
    _check(whole, path, elements)
    whole = _one_head(mace, whole.to(dtype), head)
    numbers = Atoms(elements).numbers.tolist()
    config = _plain(mace, mace.extract_config(whole)) | {"atomic_numbers": numbers}
    module = build(mace, config, dtype, torch.device("cpu"))
    orders = max(irrep.ir.l for irrep in mace.Irreps(config["hidden_irreps"]))
    with torch.no_grad():
        mace.load_foundation(module, whole, mace.table(numbers), load_readout=True, max_L=orders)
    weights = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    return Start(config, weights, elements)


def _check(whole: Any, path: str, elements: list[str]) -> None:
    if type(whole).__name__ != "ScaleShiftMACE":
        raise ValueError(f"{path!r} holds a {type(whole).__name__}; a foundation must be a ScaleShiftMACE")
    known = Atoms(numbers=whole.atomic_numbers.cpu().numpy()).get_chemical_symbols()
    missing = [s for s in elements if s not in known]
    if missing:
        raise ValueError(f"the foundation {path!r} does not know {missing}")
    if getattr(whole, "embedding_specs", None) is not None:
        raise ValueError(f"the foundation {path!r} wants charges or spins, which frames here do not have")


def _one_head(mace: SimpleNamespace, whole: Any, head: str | None) -> Any:
    heads = list(getattr(whole, "heads", None) or ["Default"])
    if head is not None and head not in heads:
        raise ValueError(f"the foundation has no head {head!r}; there are {heads}")
    if len(heads) == 1:
        return whole
    if head is None:
        raise ValueError(f"the foundation has the heads {heads}; choose one by foundation_head")
    return mace.single_head(whole, head)


def _plain(mace: SimpleNamespace, config: dict[str, Any]) -> dict[str, Any]:
    """What the model's constructor takes, in strings and numbers."""
    gates = {gate: name for name, gate in mace.modules.gate_dict.items()}
    number = lambda x: float(np.squeeze(x))
    kept = {k: v for k, v in config.items() if k not in DROPPED}
    return kept | {
        **{k: config[k].__name__ for k in CLASSES},
        **{k: None if v is None else str(v) for k, v in kept.items() if k.endswith("irreps")},
        "gate": gates[config["gate"]],
        "correlation": int(config["correlation"]),
        "radial_MLP": [int(n) for n in config["radial_MLP"]],
        "avg_num_neighbors": number(config["avg_num_neighbors"]),
        "atomic_inter_scale": number(config["atomic_inter_scale"]),
        "atomic_inter_shift": number(config["atomic_inter_shift"]),
    }
