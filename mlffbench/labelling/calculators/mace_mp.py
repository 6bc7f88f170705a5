"""MACE-MP-0: a universal potential of materials, by mace-torch."""

from __future__ import annotations

from typing import Any, Literal

__all__ = ["mace_mp"]


def mace_mp(
    model: Literal["small"] = "small",
    file: str | None = None,
    dtype: Literal["float32", "float64"] | None = None,
    device: str = "cpu",
) -> Any:
    """Return MACE-MP-0, trained by its authors on the relaxations of the Materials Project.

    The weights come out of the source distribution of janus-core on PyPI, 105 MB, once.

    Parameters
    ----------
    model : {"small"}
        Size of the network; of ``medium`` and ``large`` give the `file`.
    file : str, optional
        A ``.model`` file of another one. It is a pickle: it needs ``--trust FILE``.
    dtype : {"float32", "float64"}, optional
        Precision; by default that of the file.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³).

    Raises
    ------
    ModuleNotFoundError
        mace-torch is not installed.
    OSError
        The weights cannot be downloaded.

    References
    ----------
    I. Batatia et al., arXiv:2401.00096. Code: https://github.com/ACEsuit/mace
    """
    from mlffbench import registry

    if file is None:
        from mlffbench.potentials.weights import weights_of

        (file,) = map(str, weights_of(f"mace-mp-0-{model}"))
    return registry.load("calculators", "mace_torch")(file=str(file), dtype=dtype, device=device)


vars(mace_mp).update(
    requires=("torch", "mace"),
    extra="mace",
    needs_trust={"file": "is a pickle, whose code runs when it is read"},
    origin={
        "functional": "PBE",
        "level": "PBE and PBE+U, VASP PAW, settings of the Materials Project",
        "data": "MPtrj: relaxations of the Materials Project",
    },
)
