"""Thermal expansion of a crystal, from its phonons (quasi-harmonic, without noise) or from dynamics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator
from ase.md.nose_hoover_chain import IsotropicMTKNPT
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary

from mlffbench.properties._structures import repeats, scaled, takes_any_structure
from mlffbench.properties.equation_of_state import equation_of_state
from mlffbench.properties.phonons import IMAGINARY, Phonons, phonons
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress

__all__ = ["ThermalExpansion", "thermal_expansion", "thermal_expansion_by_dynamics"]

BLOCKS = 10  # of a trajectory, for the standard error of its mean
DERIVATIVE = 1.0  # K to either side
THZ = 2 * np.pi * 1e12 * units._hbar / units._e  # ħω of 1 THz, eV


@dataclass(frozen=True)
class ThermalExpansion:
    """Volumes and linear expansion coefficients at zero pressure.

    Attributes
    ----------
    temperatures : (n,) array, K
    volumes, volume_errors : (n,) arrays, Å³ per atom
        Volumes and their standard errors, which are zero without noise.
    coefficients, coefficient_errors : (n,) arrays, 1/K
        Linear expansion coefficient: ∂ ln V/∂T/3 at each temperature in the quasi-harmonic approximation, its
        mean from 0 K to each temperature in dynamics.
    minimum : float
        Volume of the energy minimum, Å³ per atom.
    """

    temperatures: np.ndarray
    volumes: np.ndarray
    volume_errors: np.ndarray
    coefficients: np.ndarray
    coefficient_errors: np.ndarray
    minimum: float


@takes_any_structure
def thermal_expansion(
    calculator: BaseCalculator,
    atoms: Atoms,
    temperatures: Sequence[float] = (300.0,),
    min_length: float = 10.0,
    span: float = 0.04,
    n_volumes: int = 5,
    mesh: int = 12,
    classical: bool = False,
    fmax: float = 1e-3,
) -> ThermalExpansion:
    """Quasi-harmonic approximation: V(T) minimises E(V) + F_vib(V, T) of harmonic vibrations at each V.

    F_vib = Σ ħω/2 + kT ln(1 − e^(−ħω/kT)) over a mesh (Togo et al., Phys. Rev. B 81, 174301 (2010)). It is
    deterministic, costs about as much as `n_volumes` phonon calculations, and holds well below melting. The
    cell keeps its shape.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Crystal.
    temperatures : sequence of float
        Temperatures, K.
    min_length : float
        Width of the supercell, Å, for the cell as it is given; every volume has the same supercell.
    span : float
        Volumes between (1 − span) and (1 + span) times that of the minimum.
    n_volumes : int
        Number of volumes, at least 5.
    mesh : int
        Mesh points along each reciprocal axis.
    classical : bool
        True takes kT ln(ħω/kT) for a mode, the free energy of classical nuclei.
    fmax : float
        Largest force left on the ions at each volume, eV/Å.

    Raises
    ------
    ValueError
        A vibration is imaginary at one of the volumes, or the volume at a temperature lies outside them.
    """
    ground = equation_of_state(calculator, atoms, fmax=fmax)
    length = min_length * float(ground.atoms.get_volume() / atoms.get_volume()) ** (1 / 3)
    volumes = ground.volume * np.linspace(1 - span, 1 + span, n_volumes)
    energies, spectra = _energies_and_phonons(calculator, ground.atoms, volumes, length, mesh, fmax)

    def volume_at(t: float) -> float:
        return _minimum(volumes, energies + [_free_energy(s, t, classical) for s in spectra], t)

    equilibrium = np.array([volume_at(t) for t in temperatures])
    steps = [(max(t - DERIVATIVE, 0.0), t + DERIVATIVE) for t in temperatures]
    coefficients = np.array([np.log(volume_at(b) / volume_at(a)) / (b - a) for a, b in steps]) / 3
    kelvin, zeros = np.array(temperatures, dtype=float), np.zeros(len(equilibrium))
    return ThermalExpansion(kelvin, equilibrium, zeros, coefficients, zeros, ground.volume)


def _energies_and_phonons(
    calculator: BaseCalculator, atoms: Atoms, volumes: np.ndarray, length: float, mesh: int, fmax: float
) -> tuple[np.ndarray, list[Phonons]]:
    """Energies, eV per atom, and phonons at some volumes per atom."""
    energies, spectra = [], []
    for k, volume in enumerate(volumes):
        progress.report("thermal expansion", k, len(volumes))
        factor = float(volume * len(atoms) / atoms.get_volume()) ** (1 / 3)
        rest = relaxed(calculator, scaled(atoms, factor), fmax=fmax)
        energies.append(float(rest.get_potential_energy()) / len(rest))
        spectra.append(_stable(phonons(calculator, rest, length * factor, mesh=mesh, n_path=2), volume))
    return np.array(energies), spectra


def _stable(spectrum: Phonons, volume: float) -> Phonons:
    """The spectrum itself; ValueError if a mode is imaginary."""
    if spectrum.imaginary > 0:
        raise ValueError(
            f"{spectrum.primitive.get_chemical_formula()} has imaginary modes at {volume:.4g} Å³ per atom "
            f"(down to {spectrum.frequencies.min():.2g} THz): no quasi-harmonic free energy; try a smaller "
            "span"
        )
    return spectrum


def _free_energy(spectrum: Phonons, temperature: float, classical: bool) -> float:
    """Helmholtz free energy of the vibrations, eV per atom, without the translations at Γ."""
    quanta = THZ * spectrum.frequencies
    moving = spectrum.frequencies > -IMAGINARY
    quanta = np.where(moving, quanta, 1.0)
    kt = units.kB * temperature
    if classical:
        per_mode = kt * np.log(quanta / kt) if kt > 0 else np.zeros_like(quanta)
    else:
        per_mode = quanta / 2
        if kt > 0:
            per_mode = per_mode + kt * np.log1p(-np.exp(-quanta / kt))
    per_point = np.where(moving, per_mode, 0.0).sum(axis=1) / len(spectrum.primitive)
    return float(np.average(per_point, weights=spectrum.weights))


def _minimum(volumes: np.ndarray, energies: np.ndarray, temperature: float) -> float:
    """Volume at the minimum of the third-order Birch–Murnaghan curve, a cubic in V^(−2/3)."""
    curve = np.polynomial.Polynomial.fit(volumes ** (-2 / 3), energies, 3)
    stationary = curve.deriv().roots()
    minima = stationary[(np.abs(stationary.imag) < 1e-12) & (curve.deriv(2)(stationary.real) > 0)].real
    inside = [v for v in minima ** (-3 / 2) if volumes[0] <= v <= volumes[-1]]
    if not inside:
        raise ValueError(
            f"the volume at {temperature:g} K is not between {volumes[0]:.4g} and {volumes[-1]:.4g} Å³ per "
            "atom; take a larger span or a lower temperature"
        )
    return float(inside[0])


def thermal_expansion_by_dynamics(
    calculator: BaseCalculator,
    atoms: Atoms,
    temperatures: Sequence[float] = (300.0,),
    steps: int = 10_000,
    timestep: float = 2.0,
    min_length: float = 10.0,
    equilibration: float = 0.25,
    seed: int = 0,
) -> ThermalExpansion:
    """Mean volumes of NPT dynamics (Martyna, Tobias and Klein, J. Chem. Phys. 101, 4177 (1994); ASE).

    Nuclei are classical; the cell keeps its shape. Standard errors are those of the means of ten blocks.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces and stresses.
    atoms : Atoms
        Crystal; its cell is relaxed first.
    temperatures : sequence of float
        Temperatures above zero, K; each has its own trajectory.
    steps, timestep : int, float
        Number of steps, and their length in fs. The thermostat's time constant is 50 steps, the barostat's
        500.
    min_length : float
        Width of the supercell, Å.
    equilibration : float
        Share of the steps that is not averaged.
    seed : int
        Seed of the first velocities.

    Raises
    ------
    ValueError
        The crystal does not relax, or its volume doubles or halves.
    """
    if not (min(temperatures) > 0 and timestep > 0 and 0 <= equilibration < 1 and steps >= 4 * BLOCKS):
        raise ValueError(
            f"temperatures and timestep must be positive, equilibration in [0, 1) and steps at least "
            f"{4 * BLOCKS}; got {list(temperatures)}, {timestep}, {equilibration} and {steps}"
        )
    rest = relaxed(calculator, atoms, cell="hydrostatic", fmax=1e-3)
    rest.calc = None
    wide, minimum = rest.repeat(repeats(rest, min_length)), float(rest.get_volume()) / len(rest)
    rows = []
    for temperature in temperatures:
        series = _volumes(calculator, wide, temperature, steps, timestep, seed)
        blocks = np.array_split(series[int(equilibration * steps) :], BLOCKS)
        means = np.array([b.mean() for b in blocks])
        rows.append((means.mean(), means.std(ddof=1) / np.sqrt(BLOCKS)))
    volumes, errors = np.array(rows).T
    kelvin = np.array(temperatures, dtype=float)
    coefficients = np.log(volumes / minimum) / (3 * kelvin)
    return ThermalExpansion(kelvin, volumes, errors, coefficients, errors / volumes / (3 * kelvin), minimum)


def _volumes(
    calculator: BaseCalculator, atoms: Atoms, temperature: float, steps: int, timestep: float, seed: int
) -> np.ndarray:
    """Volume at every step of an NPT trajectory, (steps,) Å³ per atom."""
    moving = atoms.copy()
    moving.calc = calculator
    MaxwellBoltzmannDistribution(moving, temperature_K=temperature, rng=np.random.RandomState(seed))
    Stationary(moving)
    fs = timestep * units.fs
    engine = IsotropicMTKNPT(moving, fs, temperature, 0.0, tdamp=50 * fs, pdamp=500 * fs)
    series = np.zeros(steps)
    for k in range(steps):
        engine.step()
        series[k] = moving.get_volume() / len(moving)
        if not 0.5 < series[k] * len(atoms) / atoms.get_volume() < 2:
            raise ValueError(f"at {temperature:g} K the crystal does not hold: {series[k]:.3g} Å³ per atom")
        if k % 100 == 0:
            progress.report(f"expansion at {temperature:g} K", k, steps)
    return series
