"""MACE-OFF23: a universal potential of organic molecules, by mace-torch."""

from __future__ import annotations

from typing import Any, Literal

__all__ = ["mace_off"]


def mace_off(
    file: str,
    dtype: Literal["float32", "float64"] | None = None,
    device: str = "cpu",
) -> Any:
    """Return MACE-OFF23, trained by its authors on the molecules of SPICE: H, C, N, O, F, P, S, Cl, Br, I.

    No package holds its weights: they are in the authors' repository https://github.com/ACEsuit/mace-off,
    under a licence for academic use.

    Parameters
    ----------
    file : str
        ``MACE-OFF23_small.model``, or a larger one. It is a pickle: it needs ``--trust FILE``.
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
    FileNotFoundError
        There is no such file.

    References
    ----------
    D. P. Kovács et al., J. Am. Chem. Soc. 147, 17598 (2025).
    """
    from mlffbench import registry

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
