"""Quantities of crystals of the task properties: lattices, stiffness, phonons, defects, surfaces, phases."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES"]

TASK = "properties"
OURS = "bounds: ours, relative to the reference"
ZUO = "Y. Zuo et al., J. Phys. Chem. A 124, 731 (2020), compares them so; bounds: ours, relative"
PHONONS = "A. Loew et al., npj Comput. Mater. 11, 178 (2025), compares them so; bounds: ours"

QUANTITIES = (
    Quantity(TASK, "lattice_constant", "error", "lattice constant", "a", "Å",
             "Error of the lattice constant of the relaxed crystal.",
             passed=0.005, failed=0.02, relative=True, broken=5.0, source=ZUO),
    Quantity(TASK, "volume", "error", "volume", "V₀", "Å³/atom",
             "Error of the equilibrium volume per atom, from an equation of state.",
             passed=0.015, failed=0.06, relative=True, broken=50.0, source=OURS),
    Quantity(TASK, "bulk_modulus", "error", "bulk modulus", "B₀", "GPa",
             "Error of the bulk modulus, from an equation of state.",
             passed=0.1, failed=0.3, relative=True, broken=1000.0, source=ZUO),
    Quantity(TASK, "C[1-6][1-6]", "error", "elastic constant", "C_ij", "GPa",
             "Error of an elastic constant with relaxed ions, Voigt's notation.",
             passed=0.1, failed=0.3, relative=True, broken=2000.0, source=ZUO),
    Quantity(TASK, "max_frequency", "error", "highest phonon frequency", "ω_max", "THz",
             "Error of the highest phonon frequency.", passed=0.05, failed=0.15, relative=True, broken=100.0,
             source=PHONONS),
    Quantity(TASK, "root_mean_square_frequency", "error", "root mean square phonon frequency", "√⟨ω²⟩", "THz",
             "Error of the root mean square phonon frequency; imaginary modes count negative.",
             passed=0.05, failed=0.15, relative=True, broken=100.0, source=PHONONS),
    Quantity(TASK, "imaginary_modes", "error", "imaginary modes", "n_i/n", "",
             "Share of imaginary phonon modes that the reference does not have: the crystal is unstable.",
             passed=0.0, failed=0.01, source=PHONONS),
    Quantity(TASK, "frequencies", "rmse", "phonon frequencies", "RMSE(ω)", "THz",
             "Root mean square error of all phonon frequencies of the mesh.",
             passed=0.3, failed=1.0, broken=100.0, source=PHONONS),
    Quantity(TASK, "vacancy_formation_energy", "error", "vacancy formation energy", "E_vac", "eV",
             "Error of the formation energy of a vacancy with relaxed ions.",
             passed=0.1, failed=0.3, relative=True, broken=100.0, source=ZUO),
    Quantity(TASK, "unrelaxed_vacancy_formation_energy", "error", "unrelaxed vacancy formation energy",
             "E_vac⁰", "eV", "Error of the formation energy of a vacancy with the ions kept in place.",
             passed=0.1, failed=0.3, relative=True, broken=100.0, source=OURS),
    Quantity(TASK, "surface_energy_*", "error", "surface energy", "γ_hkl", "J/m²",
             "Error of the energy of a relaxed surface with these Miller indices.",
             passed=0.1, failed=0.3, relative=True, broken=50.0, source=ZUO),
    Quantity(TASK, "*_minus_*", "error", "energy difference of phases", "ΔE/N", "eV/atom",
             "Error of the energy of one relaxed phase above another.",
             passed=0.005, failed=0.05, broken=100.0, source="bounds: ours"),
    Quantity(TASK, "phase_order", "inverted_pairs", "inverted pairs of phases", "n/n_pairs", "",
             "Share of the pairs of phases whose energies are in the wrong order.",
             passed=0.0, failed=0.25, source="bounds: ours", counted="all", is_share=True),
    Quantity(TASK, "thermal_expansion", "error", "thermal expansion", "α_V", "1e-6/K",
             "Error of the volumetric coefficient of thermal expansion, quasi-harmonic, at the first "
             "temperature.", passed=0.2, failed=0.5, relative=True, source=OURS),
)  # fmt: skip
