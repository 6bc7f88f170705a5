"""Silicon after Stillinger and Weber: two- and three-body terms, good for sampling."""

from __future__ import annotations

from typing import Any

__all__ = ["stillinger_weber"]


def stillinger_weber() -> Any:
    """The potential of silicon, by matscipy: a₀ = 5.431 Å, 4.3366 eV cohesive energy per atom.

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³).

    Raises
    ------
    ModuleNotFoundError
        matscipy is not installed.

    References
    ----------
    F. H. Stillinger and T. A. Weber, Phys. Rev. B 31, 5262 (1985).
    """
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import stillinger_weber as forms

    return Manybody(**forms.StillingerWeber(forms.Stillinger_Weber_PRB_31_5262_Si))
