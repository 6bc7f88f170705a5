"""Orb: universal potentials that predict forces directly, by the package orb-models."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

__all__ = ["orb"]


def orb(model: Literal["orb-d3-xs-v2"] = "orb-d3-xs-v2", file: str | None = None, device: str = "cpu") -> Any:
    """Return Orb, whose forces are a network's output of their own, not the gradient of its energy.

    The weights come out of the source distribution of janus-core on PyPI, 105 MB, once.

    Parameters
    ----------
    model : {"orb-d3-xs-v2"}
        The smallest network of its second version, with the D3 dispersion correction in its labels.
    file : str, optional
        Weights of the same network in place of them. They are a pickle: they need ``--trust FILE``.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³), in float32.

    Raises
    ------
    ModuleNotFoundError
        orb-models is not installed.
    OSError
        The weights cannot be downloaded.

    References
    ----------
    M. Neumann et al., arXiv:2410.22570. Code: https://github.com/orbital-materials/orb-models
    """
    try:
        pretrained = import_module("orb_models.forcefield.pretrained")
        module = import_module("orb_models.forcefield.calculator")
    except ModuleNotFoundError as error:
        remedy = "a suite makes its environment, or pip install orb-models"
        message = f"the calculator orb cannot be loaded ({error}); {remedy}"
        raise ModuleNotFoundError(message, name=error.name) from error
    if file is None:
        from mlffbench.potentials.weights import weights_of

        (file,) = map(str, weights_of(model))
    network = pretrained.orb_d3_xs_v2(weights_path=str(file), device=device, compile=False)
    calculator = module.ORBCalculator(network, device=device)
    calculator.dtype = "float32"
    return calculator


vars(orb).update(
    requires=("torch", "orb_models"),
    needs_trust={"file": "is a pickle, whose code runs when it is read"},
    origin={
        "functional": "PBE-D3",
        "level": "PBE and PBE+U with D3, VASP PAW, settings of the Materials Project",
        "data": "MPtrj and Alexandria: relaxations",
    },
    environment={"name": "orb", "requirements": ["orb-models>=0.5,<0.6", "torch>=2.6,<2.14", "pip"]},
)
