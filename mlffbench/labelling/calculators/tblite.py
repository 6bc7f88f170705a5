"""Extended tight binding, GFN1-xTB and GFN2-xTB, by tblite."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

__all__ = ["tblite"]


def tblite(
    method: str = "GFN2-xTB",
    charge: int = 0,
    multiplicity: int | None = None,
    accuracy: float = 1.0,
    electronic_temperature: float = 300.0,
    max_iterations: int = 250,
    solvation: Sequence[str] | None = None,
) -> Any:
    """Return Grimme's extended tight binding for molecules and periodic cells.

    Parameters
    ----------
    method : {"GFN2-xTB", "GFN1-xTB", "IPEA1-xTB"}
    charge : int
        Total charge of the structure, e.
    multiplicity : int, optional
        2S + 1; by default from the sum of the initial magnetic moments, 1 where there are none.
    accuracy : float
        Factor on the thresholds of self-consistency: smaller is tighter.
    electronic_temperature : float
        Electronic temperature, K; the energy contains the electronic entropy, so that forces are its
        derivatives.
    max_iterations : int
        Largest number of self-consistency iterations; without convergence an error is raised.
    solvation : sequence of str, optional
        Solvation model and solvent: ``[alpb, water]``.

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), in periodic cells stress (eV/Å³).

    Raises
    ------
    ModuleNotFoundError
        tblite is not installed.

    References
    ----------
    C. Bannwarth, S. Ehlert, S. Grimme, J. Chem. Theory Comput. 15, 1652 (2019).
    """
    try:
        backend = import_module("tblite.ase")
    except ModuleNotFoundError as error:
        message = f'the calculator tblite cannot be loaded ({error}); pip install "mlffbench[label]"'
        raise ModuleNotFoundError(message, name=error.name) from error
    return backend.TBLite(
        method=method,
        charge=charge,
        multiplicity=multiplicity,
        accuracy=accuracy,
        electronic_temperature=electronic_temperature,
        max_iterations=max_iterations,
        solvation=None if solvation is None else tuple(solvation),
        verbosity=0,
    )
