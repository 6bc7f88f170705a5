"""Frames and their neighbours, concatenated into tensors: the input of every local model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import VOIGT_FLAT, Labels, concatenate
from mlffbench.descriptors.frame_arrays import frame_arrays
from mlffbench.descriptors.pairs import pairs
from mlffbench.system.device import checked_device

__all__ = ["Graph", "build", "build_counted", "labels", "predict", "with_forces"]


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
        offset = torch.einsum("pi,pij->pj", self.shifts, self.cells[self.frame[self.source]])
        return self.positions[self.target] - self.positions[self.source] + offset

    def sum_atoms(self, values: torch.Tensor) -> torch.Tensor:
        """Sum a value per atom (n, ...) into one per frame (n_frames, ...)."""
        return values.new_zeros(self.n_frames, *values.shape[1:]).index_add(0, self.frame, values)

    def to(self, device: str | torch.device) -> Graph:
        """Copy the tensors to a device."""
        return Graph(**{k: v.to(device) for k, v in vars(self).items()})


def build(
    frames: Sequence[Atoms], cutoff: float, dtype: torch.dtype = torch.float64, device: str = "cpu"
) -> Graph:
    """Build one graph of all frames on a device; `cutoff` in Å."""
    wanted = checked_device(device)
    here = wanted if wanted.type == "cuda" else torch.device("cpu")  # others may lack double precision
    arrays = frame_arrays(frames, float(cutoff), here)
    source, target, shifts = pairs(frames, arrays, float(cutoff))
    graph = Graph(
        numbers=arrays.numbers,
        positions=arrays.positions.to(dtype),
        cells=arrays.cells.to(dtype),
        periodic=arrays.periodic,
        frame=arrays.frame(),
        source=source,
        target=target,
        shifts=shifts.to(dtype),
    )
    return graph if here == wanted else graph.to(wanted)


def build_counted(
    frames: Sequence[Atoms], cutoff: float, dtype: torch.dtype = torch.float64, device: str = "cpu"
) -> tuple[Graph, np.ndarray, np.ndarray]:
    """Build a graph as `build`, with the numbers of atoms and of pairs of each frame on the host.

    Returns
    -------
    graph : Graph
    atoms, pairs : (n_frames,) int arrays
    """
    graph = build(frames, cutoff, dtype, device)
    atoms = np.array([len(a) for a in frames])
    ends = torch.as_tensor(np.cumsum(atoms), device=graph.source.device)
    return graph, atoms, np.diff(torch.searchsorted(graph.source, ends).cpu().numpy(), prepend=0)


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
    strain = torch.zeros_like(graph.cells).requires_grad_()
    symmetric = torch.eye(3, dtype=strain.dtype, device=strain.device) + (strain + strain.mT) / 2
    moved = replace(
        graph,
        positions=torch.einsum("ni,nij->nj", positions, symmetric[graph.frame]),
        cells=graph.cells @ symmetric,
    )
    energy = energies(moved)
    gradient, virial = _gradients(energy, (positions, strain), create_graph)
    volume = torch.where(graph.periodic, torch.linalg.det(graph.cells).abs(), torch.inf)
    stress = virial / volume[:, None, None]
    return energy, -gradient, stress.flatten(1)[:, VOIGT_FLAT]


def _gradients(
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
