"""Density-functional theory of molecules in Gaussian basis sets, by PySCF."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

from ase import Atoms
from ase.calculators.calculator import Calculator, InputError, SCFError, all_changes
from ase.units import Bohr, Hartree

__all__ = ["PySCF"]


class PySCF(Calculator):
    """Kohn–Sham energies (eV) and forces (eV/Å) of molecules, restricted where no electron is unpaired.

    Every structure starts from the same guess, so that a label does not depend on the one before it. A
    calculation that does not converge raises `ase.calculators.calculator.SCFError`.

    Parameters
    ----------
    xc : str
        Exchange-correlation functional by PySCF's name: ``pbe``, ``b3lyp``, ``wb97x-v`` ...
    basis : str
        Basis set by PySCF's name.
    charge : int
        Charge of the molecule, e.
    spin : int, optional
        Number of unpaired electrons, 2S; by default the sum of the initial magnetic moments, 0 where there
        are none.
    density_fit : bool or str
        Density fitting; a string names the auxiliary basis, ``def2-universal-jfit``.
    grid_level : int
        Fineness of the integration grid, 0 to 9.
    coarse_grid_level : int, optional
        Grid of a loose calculation that gives the guess for the final one; None omits it.
    grid_response : bool
        Differentiate the grid's weights as well, so that forces are the derivatives of the energies.
    conv_tol, conv_tol_grad : float
        Thresholds of the energy, Ha, and of the orbital gradient; None leaves the latter to PySCF.
    max_cycle : int
        Largest number of self-consistency cycles.
    init_guess : str
        Initial density: ``minao``, ``atom``, ``huckel``, ``1e`` ...
    level_shift : float
        Shift of the virtual orbitals, Ha: helps small gaps to converge, does not change the converged energy.
    newton : bool
        Repeat a calculation that does not converge with second-order steps.
    dispersion : str, optional
        Damping of Grimme's D3 correction, ``d3bj`` or ``d3zero``, by the package dftd3.
    max_memory : int
        Memory limit, MB.
    threads : int, optional
        Number of threads; by default PySCF's own choice.

    Raises
    ------
    ModuleNotFoundError
        PySCF, or dftd3 where a dispersion is named, is not installed.

    References
    ----------
    Q. Sun et al., J. Chem. Phys. 153, 024109 (2020).
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces"]

    def __init__(
        self,
        xc: str = "pbe",
        basis: str = "def2-svp",
        charge: int = 0,
        spin: int | None = None,
        density_fit: bool | str = False,
        grid_level: int = 3,
        coarse_grid_level: int | None = 0,
        grid_response: bool = True,
        conv_tol: float = 1e-10,
        conv_tol_grad: float | None = 1e-6,
        max_cycle: int = 200,
        init_guess: str = "minao",
        level_shift: float = 0.0,
        newton: bool = True,
        dispersion: str | None = None,
        max_memory: int = 4000,
        threads: int | None = None,
    ) -> None:
        super().__init__()
        self.xc, self.basis, self.charge, self.spin = xc, basis, charge, spin
        self.density_fit, self.grid_response = density_fit, grid_response
        self.grid_level, self.coarse_grid_level = grid_level, coarse_grid_level
        self.conv_tol, self.conv_tol_grad, self.max_cycle = conv_tol, conv_tol_grad, max_cycle
        self.init_guess, self.level_shift, self.newton = init_guess, level_shift, newton
        self.dispersion, self.max_memory, self.threads = dispersion, max_memory, threads
        self.field: Any = None  # the converged mean field of self.atoms
        for package in ("pyscf", "dftd3") if dispersion else ("pyscf",):
            _check_installed(package)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        if system_changes or self.field is None:
            self.field = None  # if the next line fails, the field of another structure must not stay here
            self.field = self._converged()
        energy = self.field.e_tot * Hartree + self._dispersion("energy")
        self.results.update(energy=energy, free_energy=energy)
        if "forces" in (properties or ()):
            gradient = self.field.nuc_grad_method()
            gradient.grid_response = self.grid_response
            self.results["forces"] = -gradient.kernel() * Hartree / Bohr + self._dispersion("forces")

    def _dispersion(self, name: str) -> Any:
        """Energy (eV) or forces (eV/Å) of Grimme's D3 correction; 0 without one."""
        if self.dispersion is None:
            return 0.0
        d3 = import_module("dftd3.ase").DFTD3(method=self.xc, damping=self.dispersion)
        return d3.get_property(name, self.atoms)

    def _converged(self) -> Any:
        """Return the converged mean field, or raise SCFError."""
        field, guess = self._mean_field(), None
        if self.coarse_grid_level is not None:
            field.grids.level, field.conv_tol = self.coarse_grid_level, 1e-6
            field.kernel()
            guess = field.make_rdm1()
            field.grids.reset()
        field.grids.level, field.conv_tol = self.grid_level, self.conv_tol
        field.conv_tol_grad, field.max_cycle = self.conv_tol_grad, self.max_cycle
        field.kernel(dm0=guess)
        if not field.converged and self.newton:
            second_order = field.newton()
            second_order.kernel(dm0=field.make_rdm1())
            field.kernel(dm0=second_order.make_rdm1())  # the plain solver decides on convergence
        if not field.converged:
            raise SCFError(
                f"PySCF {self.xc}/{self.basis} of {self.atoms.get_chemical_formula()} did not converge in "
                f"{self.max_cycle} cycles; try level_shift: 0.2, another init_guess or more max_cycle"
            )
        return field

    def _mean_field(self) -> Any:
        """Set up RKS or UKS with its basis and options, without running it."""
        if self.atoms.pbc.any():
            raise InputError("the calculator pyscf is for molecules; this structure is periodic")
        dft, gto, lib = (import_module(f"pyscf.{name}") for name in ("dft", "gto", "lib"))
        if self.threads is not None:
            lib.num_threads(self.threads)
        moments = abs(self.atoms.get_initial_magnetic_moments().sum())
        spin = round(moments) if self.spin is None else self.spin
        molecule = gto.M(
            atom=list(zip(self.atoms.get_chemical_symbols(), self.atoms.positions, strict=True)),
            unit="Ang",
            basis=self.basis,
            charge=self.charge,
            spin=spin,
            max_memory=self.max_memory,
            verbose=0,
        )
        field = (dft.UKS if spin else dft.RKS)(molecule, xc=self.xc)
        scratch, field.chkfile = vars(field).pop("_chkfile", None), None
        if scratch is not None:
            scratch.close()  # never used for a restart; an open file would cause a ResourceWarning
        if self.density_fit:
            field = field.density_fit(auxbasis=None if self.density_fit is True else self.density_fit)
        field.init_guess, field.level_shift = self.init_guess, self.level_shift
        return field


def _check_installed(package: str) -> None:
    """Import a package, or raise ModuleNotFoundError with the command that installs it."""
    try:
        import_module(package)
    except ModuleNotFoundError as error:
        message = f'the calculator pyscf cannot be loaded ({error}); pip install "mlffbench[label]"'
        raise ModuleNotFoundError(message, name=error.name) from error
