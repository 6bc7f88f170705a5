"""Frames and their neighbours, concatenated into tensors: the input of every local model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np
import torch
from ase import Atoms
from sklearn.utils import gen_batches

from mlffbench.data import VOIGT, Labels, concatenate
from mlffbench.descriptors.frame_arrays import frame_arrays
from mlffbench.descriptors.pairs import pairs
from mlffbench.system.device import checked_device

__all__ = [
    "Graph",
    "build",
    "build_counted",
    "frames_of",
    "gradients",
    "labels",
    "parts",
    "predict",
    "split",
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
    return graph, atoms, _pairs_of_frames(graph, atoms)


def _pairs_of_frames(graph: Graph, atoms: np.ndarray) -> np.ndarray:
    """Number of pairs of each frame, from the numbers of atoms."""
    ends = torch.as_tensor(np.cumsum(atoms), device=graph.source.device)
    return np.diff(torch.searchsorted(graph.source, ends).cpu().numpy(), prepend=0)


def split(graph: Graph, atoms: np.ndarray, pairs: np.ndarray, groups: Sequence[int]) -> list[Graph]:
    """Split a graph into graphs of consecutive frames, which costs less than to build each.

    Parameters
    ----------
    graph : Graph
    atoms, pairs : (n_frames,) int arrays
        Numbers of atoms and of pairs of each frame, as from `build_counted`.
    groups : sequence of int
        Number of frames of each part.
    """
    first = np.cumsum(groups, dtype=int) - np.asarray(groups)
    n_atoms, n_pairs = (np.add.reduceat(n, first).tolist() for n in (atoms, pairs))
    lengths = {"cells": list(groups), "periodic": list(groups)}
    lengths |= {name: n_atoms for name in ("numbers", "positions", "frame")}
    columns = {
        f.name: getattr(graph, f.name).split(lengths.get(f.name, n_pairs))
        for f in fields(Graph)  # not those of a subclass, which follow from these
    }
    start = np.cumsum([0, *n_atoms[:-1]]).tolist()
    for name, offsets in {"frame": first.tolist(), "source": start, "target": start}.items():
        columns[name] = [x - n for x, n in zip(columns[name], offsets, strict=True)]
    return [Graph(**{k: column[g] for k, column in columns.items()}) for g in range(len(groups))]


def parts(graph: Graph, n: int) -> list[Graph]:
    """Split a graph into n of about as many frames; one frame is never split, and n = 1 is the graph."""
    if n == 1 or graph.n_frames == 1:
        return [graph]
    atoms = torch.bincount(graph.frame, minlength=graph.n_frames).cpu().numpy()
    groups = [s.stop - s.start for s in gen_batches(graph.n_frames, -(-graph.n_frames // n))]
    return split(graph, atoms, _pairs_of_frames(graph, atoms), groups)


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
    stresses = None
    if stress is not None:
        rows = zip(stress.detach().cpu().numpy(), graph.periodic.tolist(), strict=True)
        stresses = tuple(s if periodic else None for s, periodic in rows)
    return Labels(energy.detach().cpu().numpy(), frames_of(graph, forces), stresses)


def frames_of(graph: Graph, values: torch.Tensor) -> tuple[np.ndarray, ...]:
    """Values of the atoms, (n, ...), as an array of each frame."""
    sizes = torch.bincount(graph.frame, minlength=graph.n_frames).tolist()
    return tuple(part.numpy() for part in values.detach().cpu().split(sizes))


def predict(energies: Callable[[Graph], torch.Tensor], graphs: Sequence[Graph]) -> Labels:
    """Energies, forces and stresses of all frames, a graph at a time; `energies` as in `with_forces`."""
    return concatenate([labels(g, *with_forces(energies, g)) for g in graphs])
