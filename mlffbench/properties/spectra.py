"""Vibrational density of states of a trajectory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import trapezoid
from scipy.signal import periodogram
from scipy.stats import wasserstein_distance

from mlffbench.properties.dynamics import Trajectory

__all__ = ["Spectrum", "spectrum"]

FEWEST = 16  # velocities


@dataclass(frozen=True)
class Spectrum:
    """A vibrational density of states.

    Attributes
    ----------
    frequencies : (n,) array, THz
    density : (n,) array
        Density of states, 1/THz; its integral is 1.
    """

    frequencies: np.ndarray
    density: np.ndarray

    def distance(self, other: Spectrum) -> float:
        """Wasserstein distance W₁, THz: mean shift that turns one spectrum into the other."""
        return float(wasserstein_distance(self.frequencies, other.frequencies, self.density, other.density))


def spectrum(trajectory: Trajectory, masses: np.ndarray, start: float = 0.0) -> Spectrum:
    """Fourier transform of the mass-weighted velocity autocorrelation Σ m ⟨v(0)·v(t)⟩.

    The Wiener–Khinchin theorem makes it the power spectrum of √m v, here with a Hann window. With intervals
    of dt, frequencies above 1/(2 dt) are aliased: 2.5 fs resolve 200 THz, 6670 cm⁻¹.

    Parameters
    ----------
    trajectory : Trajectory
        Trajectory sampled at equal intervals; a last, shorter interval is left out.
    masses : (n_atoms,) array
    start : float
        First time used, fs.

    Raises
    ------
    ValueError
        Fewer than 16 velocities are left.
    """
    step = np.diff(trajectory.times[:2]).sum()
    even = np.append(True, np.isclose(np.diff(trajectory.times), step))
    velocities = trajectory.velocities[even & (trajectory.times >= start)]
    if len(velocities) < FEWEST:
        raise ValueError(
            f"a spectrum needs at least {FEWEST} velocities after {start:g} fs; there are {len(velocities)}"
        )
    momenta = (velocities * np.sqrt(masses)[:, None]).reshape(len(velocities), -1)
    frequencies, power = periodogram(momenta, 1e3 / step, window="hann", detrend=False, axis=0)
    density = power.sum(axis=1)
    return Spectrum(frequencies, density / trapezoid(density, frequencies))
