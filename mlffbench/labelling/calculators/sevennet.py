"""SevenNet: universal equivariant potentials, by the package sevenn, which holds their weights."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

__all__ = ["sevennet"]

MODELS = ("7net-0", "7net-l3i5")


def sevennet(
    model: Literal["7net-0", "7net-l3i5"] = "7net-0", file: str | None = None, device: str = "cpu"
) -> Any:
    """Return SevenNet, a NequIP trained by its authors on the relaxations of the Materials Project.

    Parameters
    ----------
    model : {"7net-0", "7net-l3i5"}
        SevenNet-0 of July 2024, or the larger one of December 2024.
    file : str, optional
        A checkpoint in place of it. It is a pickle: it needs ``--trust FILE``.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³), in float32.

    Raises
    ------
    ModuleNotFoundError
        sevenn is not installed.
    ValueError
        Its package has no such model.

    References
    ----------
    Y. Park et al., J. Chem. Theory Comput. 20, 4857 (2024). Code: https://github.com/MDIL-SNU/SevenNet
    """
    if model not in MODELS:  # it would be read as a file
        raise ValueError(
            f"no model {model!r} of SevenNet in its package; there are {list(MODELS)}; give a file"
        )
    try:
        module = import_module("sevenn.calculator")
    except ModuleNotFoundError as error:
        remedy = "a suite makes its environment, or pip install sevenn"
        message = f"the calculator sevennet cannot be loaded ({error}); {remedy}"
        raise ModuleNotFoundError(message, name=error.name) from error
    calculator = module.SevenNetCalculator(model if file is None else str(file), device=device)
    calculator.dtype = "float32"
    return calculator


vars(sevennet).update(
    requires=("torch", "sevenn"),
    needs_trust={"file": "is a pickle, whose code runs when it is read"},
    origin={
        "functional": "PBE",
        "level": "PBE and PBE+U, VASP PAW, settings of the Materials Project",
        "data": "MPtrj: relaxations of the Materials Project",
    },
    environment={"name": "sevennet", "requirements": ["sevenn>=0.11,<0.14", "torch>=2.6,<2.14"]},
)
