"""Ensemble averages: observables averaged over trajectories or reference frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from mlffbench.properties.distributions import Distribution, distributions, pooled
from mlffbench.properties.spectra import Spectrum
from mlffbench.tasks.dynamics.trajectories import Record

__all__ = ["EnsembleAverages"]


@dataclass(frozen=True)
class EnsembleAverages:
    """Observables averaged over trajectories or reference frames; None where these do not show one.

    Attributes
    ----------
    distributions : mapping of str to Distribution
        Of distances, angles and torsions, by kind and elements.
    spectrum : Spectrum, optional
        Vibrational density of states.
    diffusion : float, optional
        Coefficient, Å²/ps.
    """

    distributions: Mapping[str, Distribution]
    spectrum: Spectrum | None = None
    diffusion: float | None = None

    @classmethod
    def of_records(cls, records: Sequence[Record]) -> EnsembleAverages:
        """Average over trajectories, with equal weights of frames and of spectra."""
        parts = [
            {
                f"{kind} {elements}": Distribution(kind, elements, np.array(x), np.array(y), frames)
                for kind, elements, x, y, frames in record["distributions"]
            }
            for record in records
        ]
        spectra = [r["spectrum"] for r in records if r["spectrum"] is not None]
        rates = [r["diffusion"] for r in records if r["diffusion"] is not None]
        return cls(pooled(parts), _mean_spectrum(spectra), float(np.mean(rates)) if rates else None)

    @classmethod
    def of_frames(cls, frames: Sequence[Atoms], bonded: Sequence[Atoms]) -> EnsembleAverages:
        """Average over reference frames, which show distributions alone."""
        return cls(distributions(frames, like=bonded) if frames else {})


def _mean_spectrum(spectra: Sequence[Sequence[Sequence[float]]]) -> Spectrum | None:
    """Return the mean of the spectra on the finest of their grids, normalised."""
    if not spectra:
        return None
    grid = np.array(max((f for f, _ in spectra), key=len))
    mean = np.mean([np.interp(grid, f, d, right=0.0) for f, d in spectra], axis=0)
    return Spectrum(grid, mean / np.trapezoid(mean, grid))
