"""Trajectory of molecular dynamics: what was sampled, and why it ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import units

__all__ = ["Trajectory"]


@dataclass(frozen=True)
class Trajectory:
    """Positions, velocities and energies sampled every `interval` steps.

    Attributes
    ----------
    times : (n,) array, fs
    positions : (n, n_atoms, 3) array, Å; not wrapped into the cell
    velocities : (n, n_atoms, 3) array, Å/fs
    potential, kinetic : (n,) arrays, eV
    failure : str or None
        "broken bond", "lost atom", "collapse", "explosion", or "not finite"; None if the trajectory stayed
        stable.
    seconds : float
        Wall time; of trajectories that move together the part in proportion to the atoms.
    error : Exception or None
        Error of the calculator that ended the trajectory while its structure was physical.
    """

    times: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    potential: np.ndarray
    kinetic: np.ndarray
    failure: str | None
    seconds: float
    error: Exception | None = None

    @property
    def lifetime(self) -> float:
        """Time until the failure or the end, fs."""
        return float(self.times[-1]) if len(self.times) else 0.0

    @property
    def drift(self) -> float:
        """Slope of the total energy by least squares, meV per atom and ps: for NVE only."""
        return 1e6 * float(np.polyfit(self.times, self._total, 1)[0]) if len(self.times) > 1 else 0.0

    @property
    def fluctuation(self) -> float:
        """Standard deviation of the total energy about its linear drift, meV per atom: for NVE only."""
        line = np.polyval(np.polyfit(self.times, self._total, 1), self.times)
        return 1e3 * float(np.std(self._total - line))

    @property
    def temperature(self) -> float:
        """Mean temperature of the second half, K: kinetic energy over 3 k_B / 2 per atom, as ASE has it."""
        half = self.kinetic[len(self.kinetic) // 2 :]
        return float(np.mean(half)) / (1.5 * units.kB * self.positions.shape[1]) if len(half) else 0.0

    @property
    def _total(self) -> np.ndarray:
        """Total energy, eV per atom."""
        return (self.potential + self.kinetic) / self.positions.shape[1]
