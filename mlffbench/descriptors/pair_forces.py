"""Forces and stresses of energies that read positions only through the vectors between neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch

from mlffbench.descriptors.graph import Graph, gradients, strain_basis, volumes

__all__ = ["with_pair_forces"]


@dataclass(frozen=True)
class _GivenVectors(Graph):
    """A graph whose vectors are variables of their own."""

    given: torch.Tensor

    @property
    def vectors(self) -> torch.Tensor:
        return self.given


def with_pair_forces(
    energies: Callable[[Graph], torch.Tensor], graph: Graph, create_graph: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Energies of frames with forces and stresses from the derivatives by the vectors between neighbours.

    The same as `mlffbench.descriptors.graph.with_forces` in fewer operations:
    F_i = Σ_j (∂E/∂r_ij − ∂E/∂r_ji), σ = Σ_ij r_ij ⊗ ∂E/∂r_ij / V.

    Parameters
    ----------
    energies : callable
        Graph -> (n_frames,) tensor, eV; it uses `Graph.vectors`, no positions and no cells.
    create_graph : bool
        Keep the derivatives differentiable, as training on forces needs.

    Returns
    -------
    energy : (n_frames,) eV
    forces : (n, 3) eV/Å
    stress : (n_frames, 6) eV/Å³, Voigt; 0 where not periodic
    """
    vectors = graph.vectors.detach().requires_grad_()
    columns = {field.name: getattr(graph, field.name) for field in fields(Graph)}
    energy = energies(_GivenVectors(**columns, given=vectors))
    (gradient,) = gradients(energy, (vectors,), create_graph)
    forces = torch.zeros_like(graph.positions).index_add(0, graph.source, gradient)
    forces = forces.index_add(0, graph.target, gradient, alpha=-1)
    products = (vectors.detach()[:, :, None] * gradient[:, None, :]).flatten(1)
    frame = graph.frame.index_select(0, graph.source)
    virial = products.new_zeros(graph.n_frames, 9).index_add(0, frame, products)
    stress = virial @ strain_basis(virial.dtype, virial.device).T / volumes(graph)[:, None]
    return energy, forces, stress
