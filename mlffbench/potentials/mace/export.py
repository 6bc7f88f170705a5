"""Files of a MACE model for other programs: mace-torch's own, and TorchScript for LAMMPS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import torch

from mlffbench.potentials.lammps_input import lammps_input, lammps_script
from mlffbench.potentials.mace.library import lammps_module, script
from mlffbench.potentials.mace.model import build

__all__ = ["calculator_script", "lammps_files", "mace_torch_module", "model_file"]

SETTINGS = ("atom_modify map yes", "newton on")  # that LAMMPS's pair_style mace asks for


def mace_torch_module(
    config: Mapping[str, Any],
    weights: dict[str, torch.Tensor],
    dtype: torch.dtype,
    atomic_energies: Sequence[float],
) -> torch.nn.Module:
    """mace-torch's ScaleShiftMACE of plain layers on the CPU, with the energies of isolated atoms.

    These stay in double precision, as they are large and the module casts them to its own.

    Parameters
    ----------
    config, weights
        As for `build`.
    dtype : torch.dtype
        Precision of the weights.
    atomic_energies : sequence of float
        In the order of the atomic numbers in `config`, eV.
    """
    module: Any = build(dict(config), dtype, torch.device("cpu"), weights)
    energies = torch.tensor(atomic_energies, dtype=torch.float64)
    module.atomic_energies_fn.atomic_energies = energies
    return module


def model_file(module: torch.nn.Module) -> bytes:
    """The pickle that mace-torch calls a ``.model``."""
    stream = BytesIO()
    torch.save(module, stream)
    return stream.getvalue()


def calculator_script(name: str, dtype: str) -> str:
    """Python lines that compute with the ``.model`` file of this name."""
    return (
        "from mace.calculators import MACECalculator\n"
        f"atoms.calc = MACECalculator(model_paths={name!r}, device='cpu', default_dtype={dtype!r})"
    )


def lammps_files(
    module: torch.nn.Module, elements: Sequence[str], name: str
) -> tuple[dict[str, str | bytes], str]:
    """Files of these names and contents, and LAMMPS input that uses them.

    The same TorchScript, in double precision, as that of mace-torch's ``mace_create_lammps_model``.
    """
    parameters = f"{name}.pt"
    commands = [
        "pair_style mace no_domain_decomposition",
        f"pair_coeff * * {parameters} {' '.join(elements)}",
    ]
    text = lammps_input(
        "MACE of mlffbench", elements, commands, package="ML-MACE, of github.com/ACEsuit/lammps"
    )
    usage = lammps_script(name, elements, text, SETTINGS)
    stream = BytesIO()
    torch.jit.save(script(lammps_module(module.double())), stream)
    return {name: text, parameters: stream.getvalue()}, usage
