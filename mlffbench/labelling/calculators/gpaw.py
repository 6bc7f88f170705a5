"""Plane-wave density-functional theory of crystals and surfaces, by GPAW."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar

from ase import Atoms
from ase.calculators.calculator import Calculator, SCFError, all_changes

__all__ = ["GPAW"]


class GPAW(Calculator):
    """Projector-augmented waves in a plane-wave basis, on a Γ-centred grid of k points.

    The energy (eV) is the free energy E − TS, not extrapolated to no smearing, so that forces (eV/Å) and
    stress (eV/Å³) are its derivatives; the stress is corrected for the basis that changes with the cell
    (``dedecut``), so that it is the derivative at a fixed cutoff. Every structure starts afresh: a label does
    not depend on the one before it. Initial magnetic moments make the calculation spin-polarised. A
    calculation that does not converge raises `ase.calculators.calculator.SCFError`.

    Parameters
    ----------
    ecut : float
        Cutoff of the plane waves, eV.
    xc : str
        Exchange-correlation functional.
    kpts : three ints or float
        k points along the reciprocal vectors, or their density in points per Å⁻¹.
    smearing : float
        Width of the Fermi–Dirac distribution, eV.
    convergence : mapping, optional
        GPAW's thresholds; by default ``{energy: 1e-5, density: 1e-5}``, eV and electrons per electron.
    charge : float
        Charge of the cell, e.
    nbands : int or str, optional
        Number of bands, GPAW's default if None.
    eigensolver : str, optional
        Eigensolver, GPAW's default if None.
    mixer : three numbers, optional
        Fraction of the new density, number of old densities, weight of long waves: ``[0.5, 5, 1.0]`` is quick
        for small cells; by default GPAW's cautious choice.
    maxiter : int
        Largest number of self-consistency cycles.
    hund : bool
        True for an isolated atom: spin-polarised with the magnetic moment of Hund's rule.
    txt : str, optional
        File of GPAW's log; none by default.

    Raises
    ------
    ModuleNotFoundError
        GPAW is not installed.

    References
    ----------
    J. J. Mortensen et al., J. Chem. Phys. 160, 092503 (2024).
    """

    needs_trust: ClassVar[dict[str, str]] = {"txt": "is a file that will be overwritten"}
    written: ClassVar[tuple[str, ...]] = ("txt",)
    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress"]

    def __init__(
        self,
        ecut: float = 300.0,
        xc: str = "PBE",
        kpts: Sequence[int] | float = (3, 3, 3),
        smearing: float = 0.1,
        convergence: Mapping[str, Any] | None = None,
        charge: float = 0.0,
        nbands: int | str | None = None,
        eigensolver: str | None = None,
        mixer: Sequence[float] | None = None,
        maxiter: int = 333,
        hund: bool = False,
        txt: str | None = None,
    ) -> None:
        super().__init__()
        grid = {"density": kpts} if isinstance(kpts, float) else {"size": kpts}
        optional = {"nbands": nbands, "eigensolver": eigensolver}
        self.ecut, self.smearing, self.mixer, self.hund = ecut, smearing, mixer, hund
        self.keywords = {
            "xc": xc,
            "kpts": {**grid, "gamma": True},
            "convergence": dict(convergence or {"energy": 1e-5, "density": 1e-5}),
            "charge": charge,
            "maxiter": maxiter,
            "txt": txt,
            **{name: value for name, value in optional.items() if value is not None},
        }
        self.backend = _backend()
        self.inner: Any = None  # the authors' calculator, converged for self.atoms

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        if system_changes or self.inner is None:
            self.inner = None  # if the next line fails, results of another structure must not stay here
            self.inner = self._converged()
        energy = self.inner.get_potential_energy(self.atoms, force_consistent=True)
        self.results.update(energy=energy, free_energy=energy)
        if "forces" in (properties or ()):
            self.results["forces"] = self.inner.get_forces(self.atoms)
        if "stress" in (properties or ()):
            self.results["stress"] = self.inner.get_stress(self.atoms)

    def _converged(self) -> Any:
        """Return a new GPAW calculator after its self-consistency cycle, or raise SCFError."""
        fresh = self.backend.GPAW(
            mode=self.backend.PW(self.ecut, dedecut="estimate"),
            occupations=self.backend.FermiDirac(self.smearing, fixmagmom=self.hund),
            hund=self.hund,
            **({} if self.mixer is None else {"mixer": self.backend.Mixer(*self.mixer)}),
            **self.keywords,
        )
        try:
            fresh.get_potential_energy(self.atoms)
        except self.backend.ConvergenceError as error:
            formula = self.atoms.get_chemical_formula()
            raise SCFError(
                f"GPAW did not converge on {formula} in {self.keywords['maxiter']} cycles; "
                "raise smearing or maxiter"
            ) from error
        return fresh


def _backend() -> Any:
    """Import gpaw, or raise ModuleNotFoundError with the command that installs it."""
    try:
        return import_module("gpaw")
    except ModuleNotFoundError as error:
        message = f"the calculator gpaw cannot be loaded ({error}); pip install gpaw, or apt install gpaw"
        raise ModuleNotFoundError(message, name=error.name) from error
