"""SOAP vectors and their analytic derivatives from dscribe, in place of the project's own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from ase import Atoms

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.power_spectrum import Basis

__all__ = ["DscribeBasis", "spectra"]


@dataclass(frozen=True)
class DscribeBasis(Basis):
    """The same basis without the fade at its end, and the wish that dscribe evaluates it."""


def spectra(
    graph: Graph, basis: DscribeBasis, derivatives: bool
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Every atom's SOAP vector (n, n_features), and the derivatives of each frame's (n, n, 3, n_features).

    Without ``attach=True`` dscribe would leave the centre behind when its atom moves; its analytic
    derivatives know no periodic cells.
    """
    from dscribe.descriptors import SOAP

    soap = SOAP(
        species=list(basis.numbers),
        r_cut=basis.cutoff,
        n_max=basis.n_max,
        l_max=basis.l_max,
        sigma=basis.sigma,
        rbf="gto",
        average="off",
        periodic=False,
    )
    frames = _frames(graph)
    real = lambda values: torch.as_tensor(values, dtype=torch.float64, device=graph.positions.device)
    if not derivatives:
        return torch.cat([real(soap.create(a)) for a in frames]), ()
    both = [soap.derivatives(a, method="analytical", attach=True, return_descriptor=True) for a in frames]
    return torch.cat([real(p) for _, p in both]), tuple(real(d) for d, _ in both)


def _frames(graph: Graph) -> list[Atoms]:
    sizes = torch.bincount(graph.frame, minlength=graph.n_frames).tolist()
    parts = zip(graph.numbers.cpu().split(sizes), graph.positions.detach().cpu().split(sizes), strict=True)
    return [Atoms(numbers.numpy(), positions.numpy()) for numbers, positions in parts]
