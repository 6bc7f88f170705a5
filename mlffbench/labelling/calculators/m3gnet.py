"""M3GNet: the first universal potential, by the package matgl."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Literal

__all__ = ["m3gnet"]


def m3gnet(
    model: Literal["MP-2021.2.8-DIRECT"] = "MP-2021.2.8-DIRECT",
    folder: str | None = None,
    device: str = "cpu",
) -> Any:
    """Return M3GNet, trained by its authors on the relaxations of the Materials Project.

    The weights come out of the source distribution of janus-core on PyPI, 105 MB, once.

    Parameters
    ----------
    model : {"MP-2021.2.8-DIRECT"}
        Trained on the release of 2021, sampled by the DIRECT scheme.
    folder : str, optional
        Folder of another model of matgl in place of it. It holds pickles: it needs ``--trust FOLDER``.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³), in float32.

    Raises
    ------
    ModuleNotFoundError
        matgl is not installed.
    OSError
        The weights cannot be downloaded.

    References
    ----------
    C. Chen and S. P. Ong, Nat. Comput. Sci. 2, 718 (2022); J. Qi et al., npj Comput. Mater. 10, 43 (2024).
    Code: https://github.com/materialsvirtuallab/matgl
    """
    try:
        matgl, module = import_module("matgl"), import_module("matgl.ext.ase")
    except ModuleNotFoundError as error:
        remedy = "a suite makes its environment, or pip install matgl"
        message = f"the calculator m3gnet cannot be loaded ({error}); {remedy}"
        raise ModuleNotFoundError(message, name=error.name) from error
    if folder is None:
        from mlffbench.potentials.weights import weights_of

        folder = str(Path(weights_of(f"m3gnet-{model}")[0]).parent)
    potential = matgl.load_model(folder)
    calculator = module.PESCalculator(potential.to(device), stress_unit="eV/A3")
    calculator.dtype = "float32"
    return calculator


vars(m3gnet).update(
    requires=("torch", "matgl"),
    needs_trust={"folder": "holds pickles, whose code runs when they are read"},
    origin={
        "functional": "PBE",
        "level": "PBE and PBE+U, VASP PAW, settings of the Materials Project",
        "data": "MPF.2021.2.8: relaxations of the Materials Project",
    },
    environment={"name": "m3gnet", "requirements": ["matgl>=4,<5", "torch>=2.6,<2.14", "pip"]},
)
