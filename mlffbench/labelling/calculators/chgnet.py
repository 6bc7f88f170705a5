"""CHGNet: a universal potential with magnetic moments, by the package chgnet, which holds its weights."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any, Literal

__all__ = ["chgnet"]

MODELS = ("0.3.0", "0.2.0")


def chgnet(model: Literal["0.3.0", "0.2.0"] = "0.3.0", device: str = "cpu") -> Any:
    """Return CHGNet, trained by its authors on the relaxations of the Materials Project.

    Parameters
    ----------
    model : {"0.3.0", "0.2.0"}
        Version of the weights.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³), in float32.

    Raises
    ------
    ModuleNotFoundError
        chgnet is not installed.
    ValueError
        Its package has no such model.

    References
    ----------
    B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023). Code: https://github.com/CederGroupHub/chgnet
    """
    if model not in MODELS:
        raise ValueError(f"no model {model!r} of CHGNet in its package; there are {list(MODELS)}")
    try:
        networks, dynamics = import_module("chgnet.model"), import_module("chgnet.model.dynamics")
    except ModuleNotFoundError as error:
        remedy = "a suite makes its environment, or pip install chgnet"
        message = f"the calculator chgnet cannot be loaded ({error}); {remedy}"
        raise ModuleNotFoundError(message, name=error.name) from error
    with redirect_stdout(sys.stderr):  # it tells its device
        network = networks.CHGNet.load(model_name=model, use_device=device, verbose=False)
        calculator = dynamics.CHGNetCalculator(model=network, use_device=device, on_isolated_atoms="ignore")
    calculator.dtype = "float32"
    return calculator


vars(chgnet).update(
    requires=("torch", "chgnet"),
    origin={
        "functional": "PBE",
        "level": "PBE and PBE+U, VASP PAW, settings of the Materials Project",
        "data": "MPtrj: relaxations of the Materials Project",
    },
    environment={"name": "chgnet", "requirements": ["chgnet>=0.4,<0.5", "torch>=2.6,<2.14"]},
)
