"""Stillinger–Weber potential of silicon: two- and three-body terms, good for sampling."""

from __future__ import annotations

from typing import Any

from ase import Atoms

__all__ = ["stillinger_weber"]

VACUUM = 10.0  # Å


def stillinger_weber() -> Any:
    """Return the potential of silicon by matscipy: a₀ = 5.431 Å, 4.3366 eV cohesive energy per atom.

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

    class StillingerWeber(Manybody):
        """The potential, with a cell around molecules, as matscipy requires."""

        def calculate(self, atoms: Atoms, properties: list[str], system_changes: list[str]) -> None:
            if atoms.cell.rank < 3:
                atoms = atoms.copy()
                atoms.center(vacuum=VACUUM)
            super().calculate(atoms, properties, system_changes)

    return StillingerWeber(**forms.StillingerWeber(forms.Stillinger_Weber_PRB_31_5262_Si))
