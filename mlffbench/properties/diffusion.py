"""Self-diffusion coefficient from the mean squared displacement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlffbench.system import progress

__all__ = ["Diffusion", "diffusion"]

FIT = (0.1, 0.5)  # parts of the trajectory: after the first collisions, while enough origins are averaged
BALLISTIC, BOUNDED = 1.5, 0.5  # slope of ln MSD by ln t above or below which nothing diffuses
FEWEST = 20  # times


@dataclass(frozen=True)
class Diffusion:
    """Diffusion coefficient by Einstein's relation.

    Attributes
    ----------
    coefficient : float or None
        D, Å²/ps. None where the mean squared displacement does not grow as in diffusion (its logarithm has a
        slope by that of time outside 0.5 to 1.5): in a crystal, or in too short a trajectory.
    error : float or None
        Standard error of D from the spread over the atoms, taken as independent.
    times : (n,) array, fs
    displacement : (n,) array
        Mean squared displacement, Å².
    """

    coefficient: float | None
    error: float | None
    times: np.ndarray
    displacement: np.ndarray


def diffusion(times: np.ndarray, positions: np.ndarray, masses: np.ndarray | None = None) -> Diffusion:
    """D = 1/6 d⟨|x(t) − x(0)|²⟩/dt by least squares from a tenth to half of the trajectory.

    Every time is an origin. The drift of the centre of mass is removed.

    Parameters
    ----------
    times : (n,) array
        Times at equal intervals, fs.
    positions : (n, n_atoms, 3) array
        Positions, Å, not wrapped into the cell.
    masses : (n_atoms,) array, optional
        Masses for the centre of mass; equal by default.
    """
    centred = positions - np.average(positions, axis=1, weights=masses)[:, None]
    lags = np.arange(max(len(times) // 2, 1) + 1)
    if len(times) < FEWEST:
        return Diffusion(None, None, times[:1] - times[0], np.zeros(1))
    msd = np.array([_displacement(centred, int(lag), len(lags)) for lag in lags])  # of each atom
    elapsed = times[lags] - times[0]
    fitted = slice(max(int(FIT[0] * len(times)), 1), int(FIT[1] * len(times)) + 1)
    growth = msd[fitted].mean(axis=1)
    if not (growth > 0).all():
        return Diffusion(None, None, elapsed, msd.mean(axis=1))
    exponent = np.polyfit(np.log(elapsed[fitted]), np.log(growth), 1)[0]
    coefficients = np.polyfit(elapsed[fitted] / 1e3, msd[fitted], 1)[0] / 6
    diffusive = BOUNDED < exponent < BALLISTIC and len(coefficients) > 1
    error = float(np.std(coefficients, ddof=1) / np.sqrt(len(coefficients))) if diffusive else None
    return Diffusion(float(coefficients.mean()) if diffusive else None, error, elapsed, msd.mean(axis=1))


def _displacement(positions: np.ndarray, lag: int, total: int) -> np.ndarray:
    """⟨|x(t + lag) − x(t)|²⟩ of each atom, (n_atoms,) Å²."""
    progress.report("displacement", lag, total)
    moved = positions[lag:] - positions[: len(positions) - lag]
    return (moved**2).sum(axis=2).mean(axis=0)
