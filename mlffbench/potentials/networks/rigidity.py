"""Last-layer prediction rigidity: deviations of predictions from the features of a network's last layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

__all__ = ["Rigidity", "Rows", "check_held_out", "fit_rigidity", "sample_frames"]

ATOMS = 1000  # in the frames of the Hessian, and in those that calibrate: thousands of force components
DECADES = torch.arange(-12.0, 1.5, 0.5)  # of ς² over the largest eigenvalue of H
DIRECTIONS = 16  # that forces are differentiated along: each costs a backward pass
TINY = 1e-300


@dataclass(frozen=True)
class Rows:
    """Derivatives of predictions by the weights of the last layer, of known labels, with their errors.

    Attributes
    ----------
    energy : (m_E, n_features) float64 tensor
    forces : (m_F, n_features) float64 tensor, of force components
    sizes : (m_E,) float64 tensor, atoms of each frame
    energy_error, forces_error : (m_E,) and (m_F,) float64 tensors, predicted − true; eV, eV/Å
    """

    energy: torch.Tensor
    forces: torch.Tensor
    sizes: torch.Tensor
    energy_error: torch.Tensor
    forces_error: torch.Tensor

    @classmethod
    def known(
        cls,
        features: torch.Tensor,
        jacobian: torch.Tensor,
        sizes: torch.Tensor,
        energy_error: torch.Tensor,
        forces_error: torch.Tensor,
    ) -> Rows:
        """Rows of the labels whose error is a number.

        Parameters
        ----------
        features : (n_frames, n_features) tensor
        jacobian : (n, 3, n_features) tensor, ± derivatives of the features by the coordinates
        sizes, energy_error : (n_frames,) tensors
        forces_error : (n, 3) tensor
        """
        energies, components = (~x.isnan() for x in (energy_error, forces_error))
        chosen = features[energies], jacobian[components], sizes[energies]
        return cls(
            *(x.detach().double().cpu() for x in (*chosen, energy_error[energies], forces_error[components]))
        )

    @classmethod
    def joined(cls, parts: Iterable[Rows]) -> Rows:
        """The rows of several batches."""
        return cls(
            *(torch.cat(column) for column in zip(*(vars(part).values() for part in parts), strict=True))
        )


@dataclass(frozen=True)
class Rigidity:
    """σ² = α² gᵀ(H + ς²)⁻¹g of energies and of force components [1]_.

    g is the derivative of a prediction by the weights of the last layer, which is linear: for an energy the
    layer's input summed over atoms, for a force component the derivative of that sum by the coordinate. H is
    the Hessian of the loss by these weights over the training labels, Σ w g gᵀ with the loss's own weights w.
    α and ς are those of the largest likelihood of errors on frames held out of the training, for energies and
    forces each.

    Attributes
    ----------
    energy : (n_features, n_features) float64 tensor
        V with V Vᵀ = α²(H + ς²)⁻¹, so that σ = |Vᵀg|.
    forces : (n_features, k) float64 tensor
        The same, or V in k random directions of its columns, orthogonal to each other: σ² is then an
        estimate with the relative deviation √(2/k), as that of a committee of k + 1.

    References
    ----------
    .. [1] F. Bigi, S. Chong, M. Ceriotti and F. Grasselli, Mach. Learn.: Sci. Technol. 5, 045018 (2024),
       arXiv:2403.02251.
    """

    energy: torch.Tensor
    forces: torch.Tensor

    def to(self, device: torch.device | str) -> Rigidity:
        """Copy the tensors to a device."""
        return Rigidity(self.energy.to(device), self.forces.to(device))


def fit_rigidity(
    training: Iterable[Rows],
    held: Rows,
    energy_weight: float,
    forces_weight: float,
    directions: int | None = DIRECTIONS,
) -> Rigidity:
    """Fit H to the training rows, α and ς to the held-out ones.

    Parameters
    ----------
    training : iterable of Rows
    held : Rows
    energy_weight, forces_weight : float
        Of the mean squared errors in the loss, of energies per atom and of force components.
    directions : int or None
        The most that forces take; None: all.
    """
    values, vectors = torch.linalg.eigh(_hessian(training, energy_weight, forces_weight))
    values = values.clamp(min=0.0)
    energy = forces = _calibrated(held.energy @ vectors, held.energy_error, values, None)
    if len(held.forces_error):
        forces = _calibrated(held.forces @ vectors, held.forces_error, values, directions)
    return Rigidity(vectors @ energy, vectors @ forces)


def check_held_out(n: int) -> None:
    """Refuse to calibrate on no frames."""
    if n == 0:
        raise ValueError(
            "uncertainty='llpr' is calibrated on training frames that are held out, and there are none: "
            "give a validation_fraction above 0 and two frames or more"
        )


def _hessian(training: Iterable[Rows], energy_weight: float, forces_weight: float) -> torch.Tensor:
    """w_E ⟨f fᵀ/n²⟩ + w_F ⟨g gᵀ⟩, means over frames and over force components."""
    sums: list[torch.Tensor] = []
    counts = [0, 0]
    for rows in training:
        each = rows.energy / rows.sizes[:, None], rows.forces
        grams = [x.T @ x for x in each]
        sums = [a + b for a, b in zip(sums, grams, strict=True)] if sums else grams
        counts = [n + len(x) for n, x in zip(counts, each, strict=True)]
    energy, forces = (gram / max(n, 1) for gram, n in zip(sums, counts, strict=True))
    weighted = energy_weight * energy + forces_weight * forces
    return weighted if weighted.any() else energy + forces


def _calibrated(
    rows: torch.Tensor, errors: torch.Tensor, values: torch.Tensor, directions: int | None
) -> torch.Tensor:
    """α(H + ς²)^{-½} in the basis of H's eigenvectors, (n_features, k), from held-out rows in this basis.

    For a given ς, α² = ⟨error²/r⟩ with r = gᵀ(H + ς²)⁻¹g, and minus the log likelihood is
    ½⟨ln r⟩ + ½ ln α² and a constant; the least one decides.
    """
    squares, errors = rows.square(), errors.square()
    top = float(values.max()) or 1.0
    inverses = [1 / (values + top * 10**decade) for decade in DECADES.tolist()]
    best = min(inverses, key=lambda inverse: _minus_log_likelihood(squares @ inverse, errors))
    root = torch.diag(best.sqrt()) @ _some_directions(len(best), directions)
    return root * _alpha_squared((rows @ root).square().sum(dim=1), errors).sqrt()


def _alpha_squared(variances: torch.Tensor, squared_errors: torch.Tensor) -> torch.Tensor:
    return (squared_errors / variances.clamp(min=TINY)).mean().clamp(min=TINY)


def _minus_log_likelihood(variances: torch.Tensor, squared_errors: torch.Tensor) -> float:
    logarithm = variances.clamp(min=TINY).log().mean()
    return float(logarithm + _alpha_squared(variances, squared_errors).log())


def _some_directions(n: int, k: int | None) -> torch.Tensor:
    """k orthonormal vectors of length n, always the same ones; all n where k is as large."""
    if k is None or k >= n:
        return torch.eye(n, dtype=torch.float64)
    random = np.random.default_rng(0).standard_normal((n, k))
    return torch.as_tensor(np.linalg.qr(random)[0])


def sample_frames(picks: list[int], sizes: np.ndarray, seed: int) -> list[int]:
    """Random frames of these, in their order, with about 1000 atoms together, or all."""
    order = np.random.default_rng(seed).permutation(picks)
    enough = int(np.searchsorted(np.cumsum(sizes[order]), ATOMS)) + 1
    return np.sort(order[:enough]).tolist()
