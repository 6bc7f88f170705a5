"""Initial weights of a training: a warm start or a foundation model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.potentials.mace.library import mace
from mlffbench.potentials.mace.model import CLASSES, build
from mlffbench.potentials.weights import WEIGHTS, weights_of
from mlffbench.registry import suggest

__all__ = ["InitialModel", "read_foundation"]

DROPPED = (
    "num_elements",
    "atomic_energies",
    "heads",
    "cueq_config",
    "embedding_specs",
    "use_embedding_readout",
)  # arguments of mace-torch's models that `build` sets or does not need


@dataclass(frozen=True)
class InitialModel:
    """Hyperparameters, weights and elements of a model, and, where known, its isolated-atom energies, eV."""

    config: dict[str, Any]
    weights: dict[str, torch.Tensor]
    elements: list[str]
    atomic_energies: dict[str, float] | None = None


def read_foundation(path: str, head: str | None, elements: list[str]) -> InitialModel:
    """Read a model file and reduce it, by mace-torch's own tool, to some elements and one head.

    The file is a pickle: reading it runs whatever code is in it.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It holds no ScaleShiftMACE, lacks an element, or has several heads and none was chosen.
    """
    file = str(weights_of(path)[0]) if path in WEIGHTS else path
    if not Path(file).is_file():
        names = [name for name in WEIGHTS if name.startswith("mace-")]
        near = "" if Path(path).suffix else suggest(path, names)
        raise FileNotFoundError(f"no MACE model file {path!r}{near}")
    dtype = torch.get_default_dtype()
    foundation = torch.load(file, map_location="cpu", weights_only=False)
    _check(foundation, path, elements)
    foundation = _single_head(foundation.to(dtype), head)
    numbers = Atoms(elements).numbers.tolist()
    config = _plain_config(mace().extract_config(foundation)) | {"atomic_numbers": numbers}
    module = build(config, dtype, torch.device("cpu"))
    max_L = max(irrep.ir.l for irrep in mace().Irreps(config["hidden_irreps"]))
    table = mace().AtomicNumberTable(numbers)
    with torch.no_grad():
        mace().load_foundation(module, foundation, table, load_readout=True, max_L=max_L)
    weights = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    return InitialModel(config, weights, elements)


def _check(foundation: Any, path: str, elements: list[str]) -> None:
    """Raise a ValueError where the model is of another class, lacks an element or wants charges or spins."""
    name = type(foundation).__name__
    if name != "ScaleShiftMACE":
        raise ValueError(f"{path!r} holds a {name}; a foundation must be a ScaleShiftMACE")
    known = Atoms(numbers=foundation.atomic_numbers.cpu().numpy()).get_chemical_symbols()
    missing = [s for s in elements if s not in known]
    if missing:
        raise ValueError(f"the foundation {path!r} does not know {missing}")
    if getattr(foundation, "embedding_specs", None) is not None:
        raise ValueError(f"the foundation {path!r} wants charges or spins, which frames here do not have")


def _single_head(foundation: Any, head: str | None) -> Any:
    heads = list(getattr(foundation, "heads", None) or ["Default"])
    if head is not None and head not in heads:
        raise ValueError(f"the foundation has no head {head!r}; there are {heads}")
    if len(heads) == 1:
        return foundation
    if head is None:
        raise ValueError(f"the foundation has the heads {heads}; choose one by foundation_head")
    return mace().remove_head(foundation, head)


def _plain_config(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the model's constructor as strings and numbers."""
    gates = {gate: name for name, gate in mace().modules.gate_dict.items()}
    number = lambda x: float(np.squeeze(x))
    arguments = {k: v for k, v in config.items() if k not in DROPPED}
    return arguments | {
        **{k: config[k].__name__ for k in CLASSES},
        **{k: None if v is None else str(v) for k, v in arguments.items() if k.endswith("irreps")},
        "gate": gates[config["gate"]],
        "correlation": int(config["correlation"]),
        "radial_MLP": [int(n) for n in config["radial_MLP"]],
        "avg_num_neighbors": number(config["avg_num_neighbors"]),
        "atomic_inter_scale": number(config["atomic_inter_scale"]),
        "atomic_inter_shift": number(config["atomic_inter_shift"]),
    }
