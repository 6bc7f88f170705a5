"""The vibrational density of states that a trajectory shows."""

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
    """A density of states.

    Attributes
    ----------
    frequencies : (n,) array, THz
    density : (n,) array
        1/THz; the integral is 1.
    """

    frequencies: np.ndarray
    density: np.ndarray

    def distance(self, other: Spectrum) -> float:
        """Wasserstein's W₁, THz: how far the one must be moved on average to be the other."""
        return float(wasserstein_distance(self.frequencies, other.frequencies, self.density, other.density))


def spectrum(trajectory: Trajectory, masses: np.ndarray, start: float = 0.0) -> Spectrum:
    """Fourier transform of the mass-weighted velocity autocorrelation Σ m ⟨v(0)·v(t)⟩.

    By the theorem of Wiener and Khinchin that is the power spectrum of √m v, here with Hann's window. With
    intervals of dt frequencies above 1/(2 dt) fold back: 2.5 fs see 200 THz, 6670 cm⁻¹.

    Parameters
    ----------
    trajectory : Trajectory
        Seen at equal intervals; a last, shorter interval is left out.
    masses : (n_atoms,) array
    start : float
        What is earlier is left out, fs.

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
