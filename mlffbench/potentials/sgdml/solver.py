"""Solvers of (K + λ) α = F: Cholesky, or conjugate gradients if the matrix does not fit into memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import lapack
from scipy.sparse.linalg import LinearOperator, cg

from mlffbench.potentials.sgdml.kernel import Kernel
from mlffbench.system import progress

__all__ = ["Solution", "cholesky_solve", "kernel_matrix", "solve", "solve_iteratively"]

MIN_LAM = 1e-14  # tried after 0
MAX_LAM = 1e-2  # rounding alone needs no larger one
ROUNDS = 10  # of drawing columns of an incomplete factor


@dataclass(frozen=True)
class Solution:
    """Coefficients α (3N n,), final λ, steps of conjugate gradients (0: Cholesky), |F − (K + λ)α|/|F|."""

    coefficients: torch.Tensor
    lam: float
    iterations: int
    residual: float


def kernel_matrix(kernel: Kernel) -> torch.Tensor:
    """Upper triangle of K; the lower one is undefined."""
    full = torch.empty(kernel.size, kernel.size, dtype=torch.float64, device=kernel.perms.device)
    for at, block in kernel.upper():
        full[at, at.start :] = block
        progress.report("kernel", at.stop, kernel.size)
    return full


def solve(kernel: Kernel, forces: torch.Tensor, lam: float) -> Solution:
    """Solve by Cholesky; λ grows tenfold while rounding keeps K + λ from being positive definite.

    Raises
    ------
    ValueError
        K + λ is not positive definite with `MAX_LAM`.
    """
    while lam <= MAX_LAM:
        coefficients = cholesky_solve(kernel_matrix(kernel), forces, lam)
        if coefficients is not None:
            return Solution(coefficients, lam, 0, _residual(kernel, coefficients, forces, lam))
        lam = max(10 * lam, MIN_LAM)
    raise ValueError(
        f"the kernel matrix is not positive definite with lam up to {MAX_LAM:g}; a sigma too large?"
    )


def cholesky_solve(upper: torch.Tensor, forces: torch.Tensor, lam: float) -> torch.Tensor | None:
    """α by Cholesky, in the matrix's own memory; None if it is not positive definite."""
    upper.diagonal().add_(lam)
    if upper.device.type != "cpu":
        factor, failed = torch.linalg.cholesky_ex(upper.mT)
        return None if failed else torch.cholesky_solve(forces[:, None], factor)[:, 0]
    # the upper triangle in C order is LAPACK's lower one; torch would copy the matrix
    factor, failed = lapack.dpotrf(upper.numpy().T, lower=1, overwrite_a=1, clean=0)
    return None if failed else torch.from_numpy(lapack.dpotrs(factor, forces.numpy(), lower=1)[0])


def solve_iteratively(
    kernel: Kernel,
    forces: torch.Tensor,
    lam: float,
    rank: int,
    tolerance: float,
    max_iterations: int,
    rng: np.random.RandomState,
) -> Solution:
    """Solve by preconditioned conjugate gradients: Chmiela et al., Sci. Adv. 9, eadf0873 (2023).

    The preconditioner is an incomplete Cholesky factor of `rank` columns of K.
    """
    steps = 0

    def count(_: np.ndarray) -> None:
        nonlocal steps
        steps += 1
        progress.report("conjugate gradients", steps, max_iterations)

    solution, _ = cg(
        _operator(lambda v: kernel.product(v) + lam * v, forces),
        forces.cpu().numpy(),
        rtol=tolerance,
        maxiter=max_iterations,
        M=_operator(_preconditioner(kernel, min(rank, kernel.size), lam, rng), forces),
        callback=count,
    )
    coefficients = torch.from_numpy(solution).to(forces.device)
    return Solution(coefficients, lam, steps, _residual(kernel, coefficients, forces, lam))


def _residual(kernel: Kernel, coefficients: torch.Tensor, forces: torch.Tensor, lam: float) -> float:
    """|F − (K + λ)α|/|F|, without the division if F = 0."""
    residual = forces - kernel.product(coefficients) - lam * coefficients
    return float(residual.norm() / forces.norm()) if forces.any() else float(residual.norm())


def _operator(apply: Callable[[torch.Tensor], torch.Tensor], like: torch.Tensor) -> LinearOperator:
    """Wrap a function of tensors for SciPy."""

    def product(vector: np.ndarray) -> np.ndarray:
        return apply(torch.from_numpy(np.ravel(vector)).to(like.device)).cpu().numpy()

    return LinearOperator((len(like), len(like)), matvec=product, dtype=float)


def _preconditioner(
    kernel: Kernel, rank: int, lam: float, rng: np.random.RandomState
) -> Callable[[torch.Tensor], torch.Tensor]:
    """v -> (FᵀF + μ)⁻¹ v by the Woodbury identity; μ is λ and a tenth of the mean variance that F leaves."""
    factor, remaining = incomplete_cholesky(kernel, rank, rng)
    shift = lam + 0.1 * float(remaining.mean())
    inner = factor @ factor.T
    inner.diagonal().add_(shift)
    inner = torch.linalg.cholesky(inner)
    return lambda v: (v - factor.T @ torch.cholesky_solve((factor @ v)[:, None], inner)[:, 0]) / shift


def incomplete_cholesky(
    kernel: Kernel, rank: int, rng: np.random.RandomState
) -> tuple[torch.Tensor, torch.Tensor]:
    """Factor F (rank, 3N n) with FᵀF ≈ K, and the diagonal of K − FᵀF.

    Columns are drawn in proportion to the remaining variance: randomly pivoted Cholesky, Chen et al.,
    Commun. Pure Appl. Math. 78, 995 (2025).
    """
    remaining = kernel.diagonal()
    factor = remaining.new_empty(rank, kernel.size)
    for done in range(0, rank, step := -(-rank // ROUNDS)):
        picks = _sample_components(remaining, min(step, rank - done), rng)
        fresh = _rows(kernel, picks) - factor[:done, picks].T @ factor[:done]
        core = fresh[:, picks]
        core.diagonal().add_(1e-12 * core.diagonal().max())
        factor[done : done + len(picks)] = torch.linalg.solve_triangular(
            torch.linalg.cholesky(core), fresh, upper=False
        )
        explained = factor[done : done + len(picks)].square().sum(dim=0)
        remaining = (remaining - explained).clamp_(min=0)
        remaining[picks] = 0
        progress.report("preconditioner", done + len(picks), rank)
    return factor, remaining


def _sample_components(remaining: torch.Tensor, n: int, rng: np.random.RandomState) -> np.ndarray:
    """Draw n different components in proportion to their remaining variance; ascending."""
    share = remaining.cpu().numpy() + 1e-12 * float(remaining.max())
    share[remaining.cpu().numpy() == 0] = 0.0
    return np.sort(rng.choice(len(share), n, replace=False, p=share / share.sum()))


def _rows(kernel: Kernel, picks: np.ndarray) -> torch.Tensor:
    """Rows of K by their numbers, ascending."""
    structure, component = np.divmod(picks, kernel.size // len(kernel.points))
    return torch.cat([kernel.rows(int(j), component[structure == j].tolist()) for j in np.unique(structure)])
