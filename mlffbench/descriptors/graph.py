"""Frames and their neighbours, concatenated into tensors: the input of every local model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import VOIGT, Labels, concatenate
from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.system.device import checked_device

__all__ = [
    "Graph",
    "build",
    "gradients",
    "labels",
    "predict",
    "strain_basis",
    "volumes",
    "with_forces",
]


@dataclass(frozen=True)
class Graph:
    """n atoms of n_frames frames and p directed pairs closer than a cutoff, both directions present.

    Attributes
    ----------
    numbers : (n,) int tensor, atomic numbers
    positions : (n, 3) tensor, Å
    cells : (n_frames, 3, 3) tensor, Å; zero for frames that are not periodic
    periodic : (n_frames,) bool tensor, true for three periodic directions: the stress is defined
    frame : (n,) int tensor, the frame of each atom
    source, target : (p,) int tensors; the pair's vector points from source to target
    shifts : (p, 3) tensor, cell vectors between the target and its image
    """

    numbers: torch.Tensor
    positions: torch.Tensor
    cells: torch.Tensor
    periodic: torch.Tensor
    frame: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor
    shifts: torch.Tensor

    @property
    def n_frames(self) -> int:
        return len(self.cells)

    @property
    def vectors(self) -> torch.Tensor:
        """Vectors from source to the image of target, (p, 3), Å."""
        cells = self.cells.index_select(0, self.frame.index_select(0, self.source))
        offset = torch.bmm(self.shifts[:, None], cells).squeeze(1)
        ends, starts = (self.positions.index_select(0, i) for i in (self.target, self.source))
        return ends - starts + offset

    def sum_atoms(self, values: torch.Tensor) -> torch.Tensor:
        """Sum a value per atom (n, ...) into one per frame (n_frames, ...)."""
        return values.new_zeros(self.n_frames, *values.shape[1:]).index_add(0, self.frame, values)

    def to(self, device: str | torch.device) -> Graph:
        """Copy the tensors to a device."""
        return Graph(**{k: v.to(device) for k, v in vars(self).items()})


def build(
    frames: Sequence[Atoms], cutoff: float, dtype: torch.dtype = torch.float64, device: str = "cpu"
) -> Graph:
    """Build one graph of all frames with matscipy's neighbour lists; `cutoff` in Å."""
    checked_device(device)
    pairs = [_pairs(a, cutoff) for a in frames]
    sizes = np.array([len(a) for a in frames])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    real = lambda arrays: torch.as_tensor(np.concatenate(arrays), dtype=dtype, device=device)
    integer = lambda arrays: torch.as_tensor(np.concatenate(arrays), dtype=torch.long, device=device)
    cells = np.array([np.where(a.pbc[:, None], np.asarray(a.cell), 0.0) for a in frames])
    return Graph(
        numbers=integer([a.numbers for a in frames]),
        positions=real([a.positions for a in frames]),
        cells=torch.as_tensor(cells, dtype=dtype, device=device),
        periodic=torch.as_tensor([bool(a.pbc.all()) for a in frames], device=device),
        frame=torch.repeat_interleave(torch.arange(len(frames)), torch.as_tensor(sizes)).to(device),
        source=integer([s + i for (i, _, _), s in zip(pairs, starts, strict=True)]),
        target=integer([s + j for (_, j, _), s in zip(pairs, starts, strict=True)]),
        shifts=real([s for _, _, s in pairs]),
    )


def _pairs(atoms: Atoms, cutoff: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source, target and cell shift of every directed pair."""
    i, j, shifts = neighbour_list("ijS", atoms, float(cutoff))
    return i, j, shifts.astype(float)


def with_forces(
    energies: Callable[[Graph], torch.Tensor], graph: Graph, create_graph: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Energies of frames with forces and stresses by automatic differentiation.

    Parameters
    ----------
    energies : callable
        Graph -> (n_frames,) tensor, eV.
    create_graph : bool
        Keep the derivatives differentiable, as training on forces needs.

    Returns
    -------
    energy : (n_frames,) eV
    forces : (n, 3) eV/Å, F = −∂E/∂r
    stress : (n_frames, 6) eV/Å³, Voigt; σ = (∂E/∂ε)/V under r → r(1+ε), h → h(1+ε); 0 where not periodic
    """
    positions = graph.positions.detach().requires_grad_()
    strain = graph.cells.new_zeros(graph.n_frames, 6).requires_grad_()
    change = (strain @ strain_basis(strain.dtype, strain.device)).view(-1, 3, 3)
    moved = replace(
        graph,
        positions=positions
        + torch.bmm(graph.positions.detach()[:, None], change.index_select(0, graph.frame)).squeeze(1),
        cells=torch.baddbmm(graph.cells, graph.cells, change),
    )
    energy = energies(moved)
    gradient, virial = gradients(energy, (positions, strain), create_graph)
    return energy, -gradient, virial / volumes(graph)[:, None]


@cache
def strain_basis(dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Symmetric strains of unit components in Voigt order, flattened, (6, 9); kept, since it is copied."""
    basis = np.zeros((6, 3, 3))
    for row, (i, j) in zip(basis, VOIGT, strict=True):
        row[i, j] += 0.5
        row[j, i] += 0.5
    return torch.as_tensor(basis.reshape(6, 9), dtype=dtype, device=device)


def volumes(graph: Graph) -> torch.Tensor:
    """Volume of each frame, (n_frames,) Å³; infinite where it is not periodic and the stress not defined."""
    a, b, c = graph.cells.detach().unbind(1)
    volume = (a * torch.linalg.cross(b, c)).sum(1).abs()
    return volume.masked_fill(~graph.periodic, torch.inf)


def gradients(
    energy: torch.Tensor, inputs: tuple[torch.Tensor, ...], create_graph: bool
) -> tuple[torch.Tensor, ...]:
    """∂ΣE/∂input; zeros for an input that E does not depend on."""
    if not energy.requires_grad:
        return tuple(torch.zeros_like(x) for x in inputs)
    gradients = torch.autograd.grad(energy.sum(), inputs, create_graph=create_graph, allow_unused=True)
    return tuple(torch.zeros_like(x) if g is None else g for g, x in zip(gradients, inputs, strict=True))


def labels(graph: Graph, energy: torch.Tensor, forces: torch.Tensor, stress: torch.Tensor | None) -> Labels:
    """Convert tensors of a batch to Labels."""
    sizes = torch.bincount(graph.frame, minlength=graph.n_frames).tolist()
    per_frame = [f.numpy() for f in forces.detach().cpu().split(sizes)]
    stresses = None
    if stress is not None:
        rows = zip(stress.detach().cpu().numpy(), graph.periodic.tolist(), strict=True)
        stresses = tuple(s if periodic else None for s, periodic in rows)
    return Labels(energy.detach().cpu().numpy(), tuple(per_frame), stresses)


def predict(energies: Callable[[Graph], torch.Tensor], graphs: Sequence[Graph]) -> Labels:
    """Energies, forces and stresses of all frames, a graph at a time; `energies` as in `with_forces`."""
    return concatenate([labels(g, *with_forces(energies, g)) for g in graphs])
