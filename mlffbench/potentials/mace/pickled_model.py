"""Models that mace-torch pickled, evaluated by its own calculator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from ase import Atoms

from mlffbench.potentials.mace.library import mace, session
from mlffbench.system.checksum import Checksum
from mlffbench.system.device import checked_device

__all__ = ["PickledModel", "read_model"]


@dataclass(frozen=True)
class PickledModel:
    """mace-torch's calculator of a model, and the precision that it computes in."""

    calculator: Any
    dtype: str

    def results(self, atoms: Atoms) -> dict[str, Any]:
        """Results of a structure under ASE's names; torch's settings stay as they were."""
        with session(getattr(torch, self.dtype)):
            self.calculator.calculate(atoms)
        return self.calculator.results


def read_model(
    file: str, head: str | None, dtype: str | None, device: str, sha256: str | None = None
) -> PickledModel:
    """Read a ``.model`` file; it is a pickle, and whatever code is in it runs.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It has another checksum, holds no model of mace-torch, or has not this head or precision.
    """
    if not Path(file).is_file():
        raise FileNotFoundError(f"no MACE model file {file!r}")
    if sha256 is not None and not Checksum(sha256).fits(Path(file)):
        raise ValueError(f"{file!r} is another file than before: its SHA-256 is not {sha256}")
    if dtype not in (None, "float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64'; got {dtype!r}")
    place = str(checked_device(device))
    with session(torch.get_default_dtype()):
        model = torch.load(file, map_location=place, weights_only=False)
        _check(model, file, head)
        own = str(next(model.parameters()).dtype).removeprefix("torch.")
        make = mace().calculator
        calculator = make(models=[model], device=place, default_dtype=dtype or own, head=head)
    return PickledModel(calculator, dtype or own)


def _check(model: Any, file: str, head: str | None) -> None:
    if not isinstance(model, torch.nn.Module) or not hasattr(model, "atomic_numbers"):
        raise ValueError(f"{file!r} holds a {type(model).__name__}, not a model of mace-torch")
    heads = list(getattr(model, "heads", None) or ["Default"])
    if head is not None and head not in heads:
        raise ValueError(f"{file!r} has no head {head!r}; there are {heads}")
