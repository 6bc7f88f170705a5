"""Effective-medium theory for Al, Cu, Ag, Au, Ni, Pd, Pt: a fast toy potential of metals."""

from __future__ import annotations

from typing import Any

__all__ = ["emt"]


def emt() -> Any:
    """Return ASE's effective-medium theory.

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³).

    References
    ----------
    K. W. Jacobsen, P. Stoltze, J. K. Nørskov, Surf. Sci. 366, 394 (1996).
    """
    from ase.calculators.emt import EMT

    return EMT()
