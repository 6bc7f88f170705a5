"""SOAP vectors and their analytic derivatives, computed by dscribe."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from ase import Atoms

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.power_spectrum import Basis

__all__ = ["DscribeBasis", "spectra"]


@dataclass(frozen=True)
class DscribeBasis(Basis):
    """Basis without the fade at its end, evaluated by dscribe."""


def spectra(
    graph: Graph, basis: DscribeBasis, derivatives: bool
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Every atom's SOAP vector (n, n_features), and each frame's derivatives (n, n, 3, n_features).

    Without ``attach=True`` dscribe would leave the centre behind when its atom moves; its analytic
    derivatives are for molecules only.
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
    pairs = [soap.derivatives(a, method="analytical", attach=True, return_descriptor=True) for a in frames]
    return torch.cat([real(p) for _, p in pairs]), tuple(real(d) for d, _ in pairs)


def _frames(graph: Graph) -> list[Atoms]:
    """The frames of a graph as ASE molecules."""
    sizes = torch.bincount(graph.frame, minlength=graph.n_frames).tolist()
    parts = zip(graph.numbers.cpu().split(sizes), graph.positions.detach().cpu().split(sizes), strict=True)
    return [Atoms(numbers.numpy(), positions.numpy()) for numbers, positions in parts]
