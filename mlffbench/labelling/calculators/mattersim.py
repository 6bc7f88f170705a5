"""MatterSim: a universal potential for any element, temperature and pressure, by the package mattersim."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

__all__ = ["mattersim"]


def mattersim(model: Literal["1M", "5M"] = "1M", file: str | None = None, device: str = "cpu") -> Any:
    """Return MatterSim v1.0.0, an M3GNet trained by its authors on PBE and PBE+U labels of their own.

    The weights come out of a wheel of the package on PyPI, 102 MB, once.

    Parameters
    ----------
    model : {"1M", "5M"}
        Parameters of the network.
    file : str, optional
        A checkpoint in place of it, say of your own fine-tuning. It is a pickle: it needs ``--trust FILE``.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³), in float32.

    Raises
    ------
    ModuleNotFoundError
        mattersim is not installed.
    OSError
        The weights cannot be downloaded.

    References
    ----------
    H. Yang et al., arXiv:2405.04967. Code: https://github.com/microsoft/mattersim
    """
    try:
        forcefield = import_module("mattersim.forcefield")
        import_module("loguru").logger.disable("mattersim")  # it tells every step on standard error
    except ModuleNotFoundError as error:
        remedy = "a suite makes its environment, or pip install mattersim"
        message = f"the calculator mattersim cannot be loaded ({error}); {remedy}"
        raise ModuleNotFoundError(message, name=error.name) from error
    if file is None:
        from mlffbench.potentials.weights import weights_of

        (file,) = map(str, weights_of(f"mattersim-{model}"))
    calculator = forcefield.MatterSimCalculator(load_path=str(file), device=device)
    calculator.dtype = "float32"
    return calculator


vars(mattersim).update(
    requires=("torch", "mattersim"),
    needs_trust={"file": "is a pickle, whose code runs when it is read"},
    origin={
        "functional": "PBE",
        "level": "PBE and PBE+U, VASP PAW, settings of the Materials Project",
        "data": "structures of all elements, sampled at 0 to 5000 K and up to 1000 GPa",
    },
    environment={
        "name": "mattersim",
        "requirements": [
            "torch>=2.6,<2.14", "torch_geometric>=2.5,<3", "torch_runstats", "torch_ema", "torchmetrics",
            "e3nn>=0.5,<0.7", "opt_einsum_fx", "loguru", "deprecated", "pymatgen", "pip",
        ],
        "without_dependencies": ["mattersim==1.2.3"],
    },
)  # fmt: skip
