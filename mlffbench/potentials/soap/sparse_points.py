"""Selection of sparse points, and principal axes of SOAP vectors."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["cur", "farthest_points", "principal_axes"]

CHECKED = 64  # points selected between two looks at their distances
DROPPED = 1e-8  # of the sum of squares of all unit vectors may lie off the principal axes


def principal_axes(units: torch.Tensor, dropped: float = DROPPED) -> torch.Tensor:
    """Orthonormal axes (n_features, d) that span unit vectors (n, n_features) up to a small part.

    `dropped` is the share of the sum of squares that may lie off the axes.
    """
    if len(units) < units.shape[1]:
        _, values, vectors = torch.linalg.svd(units, full_matrices=False)
        squares, axes = values.flip(0) ** 2, vectors.flip(0).T
    else:
        squares, axes = torch.linalg.eigh(units.T @ units)
    return axes[:, squares.clamp(min=0).cumsum(0) > dropped * squares.sum()].contiguous()


def farthest_points(points: torch.Tensor, n: int, tolerance: float = 1e-7) -> torch.Tensor:
    """Indices of up to n unit vectors, each the farthest from those before; the first is the least typical.

    Selection stops when every remaining point is nearer than `tolerance` to a selected one.
    """
    score = 1 - points @ torch.nn.functional.normalize(points.mean(dim=0), dim=0)
    n = min(n, len(points))
    selected = torch.zeros(n, dtype=torch.long, device=points.device)
    cosine = points.new_zeros(n)  # to the nearest point selected before
    selected[:1] = score.argmax()
    nearest = torch.full_like(score, -torch.inf)
    near = lambda: 1 - cosine <= tolerance**2
    for k in range(1, n):
        torch.maximum(nearest, points @ points.index_select(0, selected[k - 1 : k])[0], out=nearest)
        torch.min(nearest, dim=0, out=(cosine[k], selected[k]))
        if k % CHECKED == 0 and bool(near().any()):  # waits for a GPU
            break
    end = torch.nonzero(near()).flatten()
    return selected[: int(end[0])] if len(end) else selected


def cur(points: torch.Tensor, n: int, rng: np.random.Generator) -> torch.Tensor:
    """Indices of up to n vectors, drawn without replacement by leverage score (CUR decomposition).

    The leverage of a row is its squared length in the space of the n leading left singular vectors: Mahoney
    and Drineas, Proc. Natl. Acad. Sci. USA 106, 697 (2009); Bartók and Csányi, Int. J. Quantum Chem. 115,
    1051 (2015).
    """
    u, values, _ = torch.linalg.svd(points, full_matrices=False)
    independent = int((values > 1e-12 * values[0]).sum())
    leverage = (u[:, : min(n, independent)] ** 2).sum(dim=1).cpu().numpy() + 1e-15
    size = min(n, len(points))
    indices = rng.choice(len(points), size, replace=False, p=leverage / leverage.sum())
    return torch.as_tensor(indices, device=points.device)
