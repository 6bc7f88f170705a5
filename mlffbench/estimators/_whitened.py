"""Regularised least squares in a kernel's whitened coordinates: what the kernel models solve."""

from __future__ import annotations

import torch

__all__ = ["WhitenedLeastSquares", "stable_factor", "whiten"]


class WhitenedLeastSquares:
    """min_w ‖Λ^{-½}(y − K w)‖² + wᵀ K_mm w / δ², batch by batch, without ever forming Kᵀ K.

    With K_mm = L Lᵀ and B = Λ^{-½} K L^{-T}, the unknown v = Lᵀ w has the normal equations
    (1 + δ² BᵀB) v = δ² Bᵀ Λ^{-½} y, whose condition is that of the data, not the square of the kernel's.

    Parameters
    ----------
    factors : list of (m_s, m_s) tensors
        L of each diagonal block of K_mm.
    """

    def __init__(self, factors: list[torch.Tensor]) -> None:
        self.factors = factors
        size = sum(len(f) for f in factors)
        self.gram = factors[0].new_zeros(size, size)
        self.projection = factors[0].new_zeros(size)
        self.square = 0.0  # yᵀ Λ⁻¹ y

    def add(self, rows: torch.Tensor, targets: torch.Tensor, noise: torch.Tensor | float) -> None:
        """Rows (r, m) of K, their targets (r,) and the standard deviation of their noise."""
        scale = torch.as_tensor(noise, dtype=rows.dtype, device=rows.device).expand(len(rows))
        b, y = whiten(rows / scale[:, None], self.factors), targets / scale
        self.gram.addmm_(b.T, b)
        self.projection.addmv_(b.T, y)
        self.square += float(y @ y)

    def unwhiten(self, v: torch.Tensor) -> torch.Tensor:
        """w = L^{-T} v."""
        parts = v.split([len(f) for f in self.factors])
        solve = torch.linalg.solve_triangular
        solved = [solve(f.T, x[:, None], upper=True) for f, x in zip(self.factors, parts, strict=True)]
        return torch.cat(solved)[:, 0]

    def factor(self, variance: float) -> torch.Tensor:
        """The Cholesky factor of 1 + δ² BᵀB."""
        matrix = variance * self.gram
        matrix.diagonal().add_(1.0)
        return torch.linalg.cholesky(matrix)

    def solve(self, variance: float) -> tuple[torch.Tensor, torch.Tensor]:
        """The weights w, and the Cholesky factor they came from."""
        factor = self.factor(variance)
        v = variance * torch.cholesky_solve(self.projection[:, None], factor)[:, 0]
        return self.unwhiten(v), factor

    def log_evidence(self, variance: float) -> float:
        """log p(y | δ²) of the Gaussian process, up to terms without δ²."""
        factor = self.factor(variance)
        half = _solve(factor, self.projection[:, None])[:, 0]
        misfit = self.square - variance * float(half @ half)
        return -0.5 * misfit - float(factor.diagonal().log().sum())


def whiten(rows: torch.Tensor, factors: list[torch.Tensor]) -> torch.Tensor:
    """K L^{-T}."""
    parts = rows.split([len(f) for f in factors], dim=1)
    return torch.cat([_solve(f, k.T).T for f, k in zip(factors, parts, strict=True)], dim=1)


def _solve(factor: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """L^{-1} y."""
    return torch.linalg.solve_triangular(factor, right, upper=False)


def stable_factor(matrix: torch.Tensor, jitter: float = 1e-10) -> torch.Tensor:
    """The Cholesky factor of K + εI, ε a tiny part of the mean diagonal, larger only where that fails."""
    scale = float(matrix.diagonal().mean())
    for size in (jitter, 100 * jitter, 1e4 * jitter):
        shifted = matrix.clone()
        shifted.diagonal().add_(size * scale)
        factor, failed = torch.linalg.cholesky_ex(shifted)
        if not failed:
            return factor
    raise ValueError(
        "the kernel matrix is not positive definite even with a millionth of its diagonal added; "
        "are there many equal structures, or is sigma very large? Use fewer points or a larger zeta"
    )
