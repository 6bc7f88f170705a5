"""Regularised least squares in a kernel's whitened coordinates, the normal equations of kernel models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

__all__ = ["WhitenedLeastSquares", "log_evidence", "stable_factor", "symmetric", "whiten"]

PENDING = 1500  # rows that wait for each other: products of larger blocks are quicker
WIDTH = 1024  # columns of a block of the gram matrix


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
        self._lower = factors[0].new_zeros(size, size)  # BᵀB below the diagonal, and on it
        self._projection = factors[0].new_zeros(size)
        self._pending: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.square = 0.0  # yᵀ Λ⁻¹ y
        self.count = 0
        self.log_noise = 0.0  # ½ log |Λ|

    def add(self, rows: torch.Tensor, targets: torch.Tensor, noise: torch.Tensor | float) -> None:
        """Add rows (r, m) of K, their targets (r,) and the standard deviation of their noise."""
        scale = torch.as_tensor(noise, dtype=rows.dtype, device=rows.device).expand(len(rows))
        b, y = whiten(rows / scale[:, None], self.factors), targets / scale
        self.square += float(y @ y)
        self.count += len(y)
        self.log_noise += float(scale.log().sum())
        self._pending.append((b, y))
        if sum(len(y) for _, y in self._pending) >= PENDING:
            self._flush()

    def _flush(self) -> None:
        """Add the pending rows to the normal equations."""
        if self._pending:
            b, y = (torch.cat(parts) for parts in zip(*self._pending, strict=True))
            self._pending = []
            self._projection.addmv_(b.T, y)
            for start in range(0, b.shape[1], WIDTH):
                stop = min(start + WIDTH, b.shape[1])
                self._lower[start:stop, :stop].addmm_(b[:, start:stop].T, b[:, :stop])

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that a model file stores."""
        corner = torch.tril_indices(*self.gram.shape, device=self._lower.device)
        scalars = {k: getattr(self, k) for k in ("square", "count", "log_noise")}
        lower = self._lower[corner[0], corner[1]]
        return {"factors": self.factors, "lower": lower, "projection": self._projection, **scalars}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> WhitenedLeastSquares:
        """Rebuild the problem from its state."""
        problem = cls(state["factors"])
        corner = torch.tril_indices(*problem._lower.shape, device=problem._lower.device)
        problem._lower[corner[0], corner[1]] = state["lower"]
        problem._projection = state["projection"].clone()
        for name in ("square", "count", "log_noise"):
            setattr(problem, name, state[name])
        return problem

    @property
    def gram(self) -> torch.Tensor:
        """BᵀB; valid on and below the diagonal only."""
        self._flush()
        return self._lower

    @property
    def projection(self) -> torch.Tensor:
        """BᵀΛ^{-½}y."""
        self._flush()
        return self._projection

    def leading(self, n: int) -> WhitenedLeastSquares:
        """Restrict the problem to each block's first n columns; as L is triangular, those of B stay."""
        small = WhitenedLeastSquares([f[:n, :n] for f in self.factors])
        starts = [0, *torch.tensor([len(f) for f in self.factors]).cumsum(0).tolist()]
        picks = [torch.arange(a, a + len(f)) for a, f in zip(starts, small.factors, strict=False)]
        columns = torch.cat(picks).to(self._lower.device)
        small._lower = self.gram[columns[:, None], columns]
        small._projection = self.projection[columns]
        small.square, small.count, small.log_noise = self.square, self.count, self.log_noise
        return small

    def unwhiten(self, v: torch.Tensor) -> torch.Tensor:
        """w = L^{-T} v."""
        parts = v.split([len(f) for f in self.factors])
        solve = torch.linalg.solve_triangular
        solved = [solve(f.T, x[:, None], upper=True) for f, x in zip(self.factors, parts, strict=True)]
        return torch.cat(solved)[:, 0]

    def factor(self, variance: float) -> torch.Tensor:
        """Cholesky factor of 1 + δ² BᵀB."""
        matrix = variance * self.gram
        matrix.diagonal().add_(1.0)
        return torch.linalg.cholesky(matrix)

    def solve(self, variance: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the weights w, and the Cholesky factor of 1 + δ² BᵀB."""
        factor = self.factor(variance)
        v = variance * torch.cholesky_solve(self.projection[:, None], factor)[:, 0]
        return self.unwhiten(v), factor

    def log_evidence(self, variance: float) -> float:
        """log p(y | δ²) of the Gaussian process whose covariance is δ² K K_mm⁻¹ Kᵀ + Λ."""
        one = self.gram.new_ones(())
        return float(log_evidence([self], [one], variance * one))


def log_evidence(
    problems: Sequence[WhitenedLeastSquares], noise: Sequence[torch.Tensor], variance: torch.Tensor
) -> torch.Tensor:
    """Joint log p(y) of several kinds of rows, each with its noise times `noise`; differentiable.

    −½ (yᵀΛ⁻¹y − δ² pᵀ(1 + δ²G)⁻¹p) − ½ log|1 + δ²G| − ½ log|Λ| − ½ n log 2π, G = BᵀB, p = BᵀΛ^{-½}y.
    """
    parts = list(zip(problems, noise, strict=True))
    gram: torch.Tensor = sum((variance / s**2) * symmetric(p.gram) for p, s in parts)  # type: ignore[assignment]
    projection: torch.Tensor = sum(p.projection / s**2 for p, s in parts)  # type: ignore[assignment]
    factor = torch.linalg.cholesky(gram + torch.eye(len(gram), dtype=gram.dtype, device=gram.device))
    half = _solve(factor, projection[:, None])
    square = sum(p.square / s**2 for p, s in parts) - variance * (half * half).sum()
    widths = sum(p.log_noise + p.count * s.log() for p, s in parts)
    n = sum(p.count for p in problems)
    return -0.5 * square - factor.diagonal().log().sum() - widths - 0.5 * n * math.log(2 * math.pi)


def whiten(rows: torch.Tensor, factors: list[torch.Tensor]) -> torch.Tensor:
    """K L^{-T}."""
    parts = rows.split([len(f) for f in factors], dim=1)
    return torch.cat([_solve(f, k.T).T for f, k in zip(factors, parts, strict=True)], dim=1)


def symmetric(lower: torch.Tensor) -> torch.Tensor:
    """Symmetric matrix from its lower triangle."""
    return lower.tril() + lower.tril(-1).T


def _solve(factor: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """L^{-1} y."""
    return torch.linalg.solve_triangular(factor, right, upper=False)


def stable_factor(matrix: torch.Tensor, jitter: float = 1e-10) -> torch.Tensor:
    """Cholesky factor of K + εI, ε a tiny part of the mean diagonal that grows where the factorisation fails.

    Raises
    ------
    ValueError
        K + εI is not positive definite with the largest ε.
    """
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
