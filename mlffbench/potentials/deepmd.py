"""Access to deepmd-kit; the only file that imports it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace

import torch
from ase.data import atomic_numbers

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.networks.seeding import undisturbed

__all__ = ["DeepPotential", "library", "slots"]

ROOM = 1.25  # slots for neighbours, of the largest number in the training set


@cache
def library() -> SimpleNamespace:
    """Import deepmd-kit, which takes seconds; random states and torch's default type stay as they were.

    Its compiled operators are left out: they serve compressed models alone, and one version of torch.
    """
    with undisturbed():
        import deepmd.env

        deepmd.env.SHARED_LIB_DIR = Path(__file__).parent / "none"
        from deepmd.pt.model.descriptor.env_mat import prod_env_mat
        from deepmd.pt.model.descriptor.se_a import DescrptSeA
        from deepmd.pt.model.task.ener import EnergyFittingNet
    return SimpleNamespace(descriptor=DescrptSeA, fitting=EnergyFittingNet, environment_matrix=prod_env_mat)


class DeepPotential(torch.nn.Module):
    """Descriptor se_e2_a and fitting network of deepmd-kit on the pairs of a graph.

    Parameters
    ----------
    elements : sequence of str
        The types, by their atomic numbers.
    cutoff, smoothing : float
        Pairs count less and less from `smoothing` on, and nothing at the cutoff, Å.
    slots : sequence of int
        Room for the neighbours of each type: deepmd's ``sel``; see `make_room`.
    embedding, fitting : sequence of int
        Neurons of the layers.
    axis : int
        Columns of the embedding that the others are multiplied by.
    divisor : int
        Of the sums over neighbours: the number of slots at the fit.
    dtype : {"float32", "float64"}
    """

    numbers: torch.Tensor

    def __init__(
        self,
        elements: Sequence[str],
        cutoff: float,
        smoothing: float,
        slots: Sequence[int],
        embedding: Sequence[int],
        axis: int,
        fitting: Sequence[int],
        divisor: int,
        dtype: str,
    ) -> None:
        super().__init__()
        self.register_buffer("numbers", numbers_of(elements))
        seeds = torch.randint(2**31 - 1, (2,)).tolist()
        packages = library()
        # without a mean, empty slots add nothing: the energy does not depend on their number
        self.descriptor = packages.descriptor(
            cutoff, smoothing, list(slots), neuron=list(embedding), axis_neuron=axis, set_davg_zero=True,
            precision=dtype, seed=seeds[0],
        )  # fmt: skip
        self.fitting = packages.fitting(
            len(elements), self.descriptor.get_dim_out(), neuron=list(fitting), precision=dtype,
            mixed_types=False, seed=seeds[1],
        )  # fmt: skip
        self.slots, self.divisor, self.dtype = list(slots), divisor, getattr(torch, dtype)

    def standardise(self, graph: Graph) -> None:
        """Set the scales of the environment matrix to its root mean squares in a graph, type by type."""
        sea, types = self.descriptor.sea, self.types(graph)
        coordinates, _, slots = self._inputs(graph, types)
        matrix, *_ = library().environment_matrix(
            coordinates, slots, types[None], torch.zeros_like(sea.mean), torch.ones_like(sea.stddev),
            sea.rcut, sea.rcut_smth,
        )  # fmt: skip
        squares = matrix.reshape(len(types), -1, 4).square()
        for k in types.unique().tolist():
            own = squares[types == k]
            radial, angular = own[..., 0].mean().sqrt(), own[..., 1:].mean().sqrt()
            scales = torch.stack([radial, angular, angular, angular]).clamp(min=0.01)
            sea.stddev[k] = scales.to(sea.stddev)

    def types(self, graph: Graph) -> torch.Tensor:
        """Number of each atom's element."""
        return types_of(graph, self.numbers)

    def forward(self, graph: Graph) -> torch.Tensor:
        """Energies of the atoms, (n,)."""
        types = self.types(graph)
        rows, *_ = self.descriptor(*self._inputs(graph, types))
        rows = rows * (sum(self.slots) / self.divisor) ** 2  # its sums are divided by the slots, twice
        return self.fitting(rows, types[None])["energy"].reshape(-1)

    def make_room(self, graph: Graph) -> bool:
        """Have more slots from now on if the graph has more neighbours; True if so. No energy changes."""
        most = most_neighbours(graph, self.types(graph), len(self.slots))
        wider = [max(own, there) for own, there in zip(self.slots, most, strict=True)]
        if wider == self.slots:
            return False
        self.slots, sea = wider, self.descriptor.sea
        sea.sel = sea.split_sel = wider
        sea.sec, sea.nnei, sea.ndescrpt = [0, *accumulate(wider)], sum(wider), 4 * sum(wider)
        sea.mean, sea.stddev = (x[:, :1].repeat(1, sea.nnei, 1) for x in (sea.mean, sea.stddev))
        return True

    def _inputs(self, graph: Graph, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Atoms and one image for each pair, as one frame: coordinates, types, images in the slots."""
        slots = self.slots
        n, source, target = len(types), graph.source, types.index_select(0, graph.target)
        group, sizes = neighbours_by_type(graph, types, len(slots))
        order = torch.argsort(group, stable=True)
        ranked = torch.arange(len(group), device=group.device) - (sizes.cumsum(0) - sizes)[group[order]]
        limits = torch.tensor(slots, device=group.device)
        first = torch.tensor([0, *accumulate(slots)][:-1], device=group.device)
        kind = target[order]
        slot = torch.where(ranked < limits[kind], first[kind] + ranked, sum(slots))  # the last one: none
        table = torch.full((n, sum(slots) + 1), -1, dtype=group.dtype, device=group.device)
        table = table.index_put((source[order], slot), n + order)
        images = graph.positions.index_select(0, source) + graph.vectors
        coordinates = torch.cat([graph.positions, images]).to(self.dtype)
        return coordinates.reshape(1, -1), torch.cat([types, target])[None], table[None, :, :-1]


def numbers_of(elements: Sequence[str]) -> torch.Tensor:
    """Atomic numbers of elements."""
    return torch.tensor([atomic_numbers[symbol] for symbol in elements])


def types_of(graph: Graph, numbers: torch.Tensor) -> torch.Tensor:
    """Place of each atom's element among ascending atomic numbers."""
    return torch.searchsorted(numbers.to(graph.numbers), graph.numbers)


def neighbours_by_type(graph: Graph, types: torch.Tensor, n_types: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Group of each pair, by its source and the type of its target, and the number of pairs in each group."""
    group = graph.source * n_types + types.index_select(0, graph.target)
    sizes = torch.zeros(len(types) * n_types, dtype=group.dtype, device=group.device)
    return group, sizes.index_add(0, group, torch.ones_like(group))  # bincount would wait for the device


def most_neighbours(graph: Graph, types: torch.Tensor, n_types: int) -> list[int]:
    """Largest number of neighbours of each type that an atom of a graph has."""
    _, sizes = neighbours_by_type(graph, types, n_types)
    return [int(n) for n in sizes.reshape(-1, n_types).max(dim=0).values.tolist()]


def slots(graph: Graph, elements: Sequence[str]) -> list[int]:
    """Room for a quarter more neighbours of each element than any atom of a graph has."""
    types = types_of(graph, numbers_of(elements))
    return [math.ceil(ROOM * n) + 1 for n in most_neighbours(graph, types, len(elements))]
