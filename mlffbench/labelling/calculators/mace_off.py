"""MACE-OFF23: a universal potential of organic molecules, by mace-torch."""

from __future__ import annotations

from typing import Any, Literal

__all__ = ["mace_off"]


def mace_off(
    model: Literal["small"] = "small",
    file: str | None = None,
    dtype: Literal["float32", "float64"] | None = None,
    device: str = "cpu",
) -> Any:
    """Return MACE-OFF23, trained by its authors on the molecules of SPICE: H, C, N, O, F, P, S, Cl, Br, I.

    The weights are licensed for academic use. They come out of the source distribution of janus-core on PyPI,
    105 MB, once.

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
    D. P. Kovács et al., J. Am. Chem. Soc. 147, 17598 (2025).
    """
    from mlffbench import registry

    if file is None:
        from mlffbench.potentials.weights import weights_of

        (file,) = map(str, weights_of(f"mace-off23-{model}"))
    return registry.load("calculators", "mace_torch")(file=str(file), dtype=dtype, device=device)


vars(mace_off).update(
    requires=("torch", "mace"),
    extra="mace",
    needs_trust={"file": "is a pickle, whose code runs when it is read"},
    origin={
        "functional": "ωB97M-D3",
        "level": "ωB97M-D3(BJ)/def2-TZVPPD, Psi4",
        "data": "SPICE 1: molecules and their dimers",
    },
)
