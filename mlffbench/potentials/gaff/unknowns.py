"""Unknowns k, r0, V, ε, R, q of the fit, their bounds and priors, and the reduced problem they solve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.linalg import null_space

__all__ = ["PRIORS", "Problem", "Unknowns", "neutral_modes"]

# name: lower bound, upper bound, centre and width of a weak prior, which decides what the data leave open
PRIORS: dict[str, tuple[float, float, float, float]] = {
    "bond_k": (0.0, 200.0, 15.0, 10.0),          # eV/Å²
    "bond_shift": (-0.5, 0.5, 0.0, 0.05),        # Å from the mean in training
    "angle_k": (0.0, 50.0, 2.5, 2.0),            # eV/rad²
    "angle_shift": (-1.0, 1.0, 0.0, 0.1),        # rad
    "torsion": (-10.0, 10.0, 0.0, 0.2),          # eV
    "improper": (0.0, 20.0, 0.2, 0.5),           # eV
    "vdw_root": (0.0, 2.5, 0.07, 0.1),           # √eV
    "vdw_radius": (0.2, 4.0, 1.7, 0.3),          # Å, half the distance of the minimum
    "charge": (-3.0, 3.0, 0.0, 0.3),             # e
    "offset": (-50.0, 50.0, 0.0, 1.0),           # eV
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """min over z of |R (w(z), −1)|² + alpha Σ ((z − centre)/width)².

    Attributes
    ----------
    triangle : (r, p + 1), the R factor of the weighted rows (design | target), from `streaming_qr`
    counts : number of bond, angle, torsion, improper, Lennard-Jones, charge and offset types
    n_torsion : coefficients per torsion
    vdw_pairs, charge_pairs : (n, 2) the types of the pairs that have columns
    modes : (n_charges, n_modes) orthonormal, q = modes u: charges with which training molecules are neutral
    """

    triangle: np.ndarray
    counts: Mapping[str, int]
    n_torsion: int
    vdw_pairs: torch.Tensor
    charge_pairs: torch.Tensor
    modes: torch.Tensor


@dataclass(frozen=True)
class Unknowns:
    """Blocks of the vector z of unknowns, in order, with their sizes."""

    sizes: Mapping[str, int]

    @classmethod
    def of(cls, problem: Problem) -> Unknowns:
        """The unknowns of a problem."""
        n = problem.counts
        sizes = {"bond_k": n["bonds"], "bond_shift": n["bonds"], "angle_k": n["angles"]}
        sizes |= {"angle_shift": n["angles"], "torsion": n["torsions"] * problem.n_torsion}
        sizes |= {"improper": n["impropers"], "vdw_root": n["vdw"], "vdw_radius": n["vdw"]}
        return cls(sizes | {"charge": problem.modes.shape[1], "offset": n["offsets"]})

    def split(self, z: Any) -> dict[str, Any]:
        """The blocks of z by name."""
        cuts = np.cumsum(list(self.sizes.values()))
        starts = cuts - list(self.sizes.values())
        return {name: z[a:b] for name, a, b in zip(self.sizes, starts.tolist(), cuts.tolist(), strict=True)}

    def column(self, number: int) -> np.ndarray:
        """A column of `PRIORS` for every entry of z."""
        return np.concatenate([np.full(n, PRIORS[name][number]) for name, n in self.sizes.items()])


def neutral_modes(counts: np.ndarray) -> torch.Tensor:
    """Orthonormal charges without net charge, (n_types, n_modes); counts are (n_molecules, n_types)."""
    return torch.as_tensor(null_space(counts.astype(float)), dtype=torch.float64)
