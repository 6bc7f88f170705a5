"""MACE's convolution as matrix products over an atom's neighbours, with derivatives that store no message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from mlffbench.potentials.mace.neighbours import Neighbours
from mlffbench.potentials.mace.wanted_gradients import wanted_gradients

__all__ = ["NeighbourConvolution", "is_convertible"]

CHUNK = {"cpu": 2**21, "cuda": 2**30}  # bytes of one product of features and radial weights: a cache, memory


class NeighbourConvolution(torch.nn.Module):
    """M_i,p = Σ_m1m2 C^p_m1m2 Σ_j (R_p,ji h_j,m1) Y_ji,m2: the sum over j first, then the coupling C.

    mace-torch couples every pair and scatters. An atom has a dozen neighbours, so summing first leaves a
    dozen times fewer numbers to couple; the sum over slots of a padded list is a matrix product. The message
    is linear in h, R and Y each, so its derivatives are messages too, made again from h, R and Y.

    Parameters
    ----------
    original : e3nn.o3.TensorProduct
        With paths of kind ``uvu``, one harmonic of each order, and weights from outside.
    wigner_3j : callable
        e3nn's.
    """

    def __init__(self, original: Any, wigner_3j: Any) -> None:
        super().__init__()
        first, second, outputs = original.irreps_in1, original.irreps_in2, original.irreps_out
        inputs, harmonics = first.slices(), second.slices()
        channels = first[0].mul
        component = lambda s: slice(s.start // channels, s.stop // channels)
        self.orders = sorted({x.ir.l for x in outputs})
        members: dict[int, int] = dict.fromkeys(self.orders, 0)
        self.paths: list[_Path] = []
        for k, path in enumerate(original.instructions):
            l1, l2, l3 = first[path.i_in1].ir.l, second[path.i_in2].ir.l, outputs[path.i_out].ir.l
            coupling = wigner_3j(l1, l2, l3) * path.path_weight
            self.register_buffer(f"coupling_{k}", coupling.permute(2, 0, 1).flatten(1), persistent=False)
            self.paths.append(
                _Path(
                    component(inputs[path.i_in1]), harmonics[path.i_in2], self.orders.index(l3), members[l3]
                )
            )
            members[l3] += 1
        self.shapes = [(2 * order + 1, members[order]) for order in self.orders]

    def forward(
        self, nodes: torch.Tensor, harmonics: torch.Tensor, radial: torch.Tensor, neighbours: Neighbours
    ) -> dict[int, torch.Tensor]:
        """Messages of each order, (n, 2l+1, paths·channels).

        Parameters
        ----------
        nodes : (n, components, channels) tensor
        harmonics : (n·K, components) tensor
            Of each slot of the padded neighbour list.
        radial : (pairs, paths·channels) tensor
            Of each undirected pair.
        neighbours : Neighbours
        """
        couplings = [getattr(self, f"coupling_{k}") for k in range(len(self.paths))]
        layout = _Layout(self.paths, couplings, self.shapes, neighbours, nodes.shape[2])
        messages = _Messages.apply(nodes, harmonics, radial, layout)
        return {order: m.flatten(2) for order, m in zip(self.orders, messages, strict=True)}


@dataclass(frozen=True)
class _Path:
    """Components of h, components of Y, index of the output's order, and place among its paths."""

    inputs: slice
    harmonics: slice
    order: int
    member: int


@dataclass(frozen=True)
class _Layout:
    """Paths, their couplings (2l+1, m1·m2), outputs' components and paths, neighbours."""

    paths: list[_Path]
    couplings: list[torch.Tensor]
    shapes: list[tuple[int, int]]
    neighbours: Neighbours
    channels: int

    def chunks(self, n: int, like: torch.Tensor) -> Iterator[slice]:
        """Ranges of atoms that are computed together."""
        widest = max(p.inputs.stop - p.inputs.start for p in self.paths)
        bytes_per_atom = self.neighbours.width * widest * self.channels * like.element_size()
        step = max(1, CHUNK.get(like.device.type, CHUNK["cuda"]) // max(bytes_per_atom, 1))
        return (slice(start, min(n, start + step)) for start in range(0, n, step))

    def messages(self, like: torch.Tensor, n: int) -> list[torch.Tensor]:
        return [like.new_empty(n, m3, paths, self.channels) for m3, paths in self.shapes]

    def features(self, nodes: torch.Tensor, atoms: slice) -> torch.Tensor:
        """h of the senders, (atoms, components, K, channels)."""
        return self.neighbours.of_senders(nodes, atoms)

    def weights(self, radial: torch.Tensor, atoms: slice) -> torch.Tensor:
        """R of the slots, (atoms, paths, K, channels)."""
        return self.neighbours.of_pairs(radial.unflatten(1, (len(self.paths), -1)), atoms)

    def angular(self, harmonics: torch.Tensor, atoms: slice) -> torch.Tensor:
        """Y of the slots, (atoms, components, K)."""
        return harmonics.unflatten(0, (-1, self.neighbours.width))[atoms].transpose(1, 2)

    def couple(self, k: int, harmonics: torch.Tensor, products: torch.Tensor) -> torch.Tensor:
        """Σ over slots and components: (atoms, m2, K), (atoms, m1, K, c) -> (atoms, m3, c)."""
        summed = torch.matmul(harmonics.unsqueeze(1), products)
        return torch.matmul(self.couplings[k], summed.flatten(1, 2))

    def uncouple(self, k: int, message: torch.Tensor) -> torch.Tensor:
        """The adjoint of the coupling: (atoms, m3, c) -> (atoms, m1, m2, c)."""
        harmonics = self.paths[k].harmonics
        spread = torch.matmul(self.couplings[k].T, message)
        return spread.unflatten(1, (-1, harmonics.stop - harmonics.start))


class _Messages(torch.autograd.Function):
    """Messages of each order, (n, 2l+1, paths, channels), of h, Y and R."""

    @staticmethod
    def forward(
        ctx: Any, nodes: torch.Tensor, harmonics: torch.Tensor, radial: torch.Tensor, layout: _Layout
    ) -> tuple[torch.Tensor, ...]:
        ctx.layout = layout
        ctx.save_for_backward(nodes, harmonics, radial)
        messages = layout.messages(nodes, len(nodes))
        for atoms in layout.chunks(len(nodes), nodes):
            h, r = layout.features(nodes, atoms), layout.weights(radial, atoms)
            y = layout.angular(harmonics, atoms)
            for k, path in enumerate(layout.paths):
                message = layout.couple(k, y[:, path.harmonics], h[:, path.inputs] * r[:, k : k + 1])
                messages[path.order][atoms, :, path.member] = message
        return tuple(messages)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        wanted = wanted_gradients(ctx)
        return (*_Gradients.apply(*ctx.saved_tensors, *gradients, ctx.layout, wanted), None)


class _Gradients(torch.autograd.Function):
    """Derivatives of Σ G·M by h, Y and R, where wanted; None elsewhere."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Any:
        nodes, harmonics, radial, *gradients, layout, wanted = inputs
        ctx.layout = layout
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(nodes, harmonics, radial, *gradients)
        sums = _Sums(layout, nodes, harmonics, radial, wanted)
        for atoms in layout.chunks(len(nodes), nodes):
            h, r = layout.features(nodes, atoms), layout.weights(radial, atoms)
            y = layout.angular(harmonics, atoms)
            for k, path in enumerate(layout.paths):
                h_k, r_k = h[:, path.inputs], r[:, k : k + 1]
                spread = layout.uncouple(k, gradients[path.order][atoms, :, path.member])
                if wanted[0] or wanted[2]:
                    product = torch.matmul(y[:, path.harmonics].mT.unsqueeze(1), spread)
                    sums.add(atoms, k, [(product, h_k, r_k)])
                if wanted[1]:
                    sums.add_harmonics(atoms, path, spread, h_k * r_k)
        return sums.gathered()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *moved: torch.Tensor | None) -> Any:
        nodes, harmonics, radial, *gradients = ctx.saved_tensors
        layout, wanted = ctx.layout, wanted_gradients(ctx)
        sums = _Sums(layout, nodes, harmonics, radial, wanted[:3])
        messages = layout.messages(nodes, len(nodes))
        for atoms in layout.chunks(len(nodes), nodes):
            chunk = _Tangents(layout, atoms, (nodes, harmonics, radial), moved)
            for k, path in enumerate(layout.paths):
                both, products, changes = chunk.of_path(k)
                if any(wanted[3:]):
                    messages[path.order][atoms, :, path.member] = layout.couple(k, both, products)
                spread = layout.uncouple(k, gradients[path.order][atoms, :, path.member])
                if wanted[0] or wanted[2]:
                    slopes = torch.matmul(both.mT.unsqueeze(1), spread).split(layout.neighbours.width, dim=2)
                    sums.add(atoms, k, [(s, *c) for s, c in zip(slopes[::-1], changes, strict=True)])
                if wanted[1]:
                    sums.add_harmonics(atoms, path, spread, products[:, :, : layout.neighbours.width])
        by_messages = [m if w else None for m, w in zip(messages, wanted[3:], strict=True)]
        return (*sums.gathered(), *by_messages, None, None)


Change = tuple[torch.Tensor | None, torch.Tensor | None]  # h and R, or their tangents


class _Tangents:
    """h, Y and R of some atoms' slots with their tangents: Y beside dY, d(h·R) beside h·R."""

    def __init__(
        self,
        layout: _Layout,
        atoms: slice,
        inputs: tuple[torch.Tensor, ...],
        moved: Sequence[torch.Tensor | None],
    ) -> None:
        self.paths = layout.paths
        nodes, harmonics, radial = inputs
        moved_h, moved_y, moved_r = moved
        self.h, self.r = layout.features(nodes, atoms), layout.weights(radial, atoms)
        self.dh = None if moved_h is None else layout.features(moved_h, atoms)
        self.dr = None if moved_r is None else layout.weights(moved_r, atoms)
        y = layout.angular(harmonics, atoms)
        dy = torch.zeros_like(y) if moved_y is None else layout.angular(moved_y, atoms)
        self.both = torch.cat([y, dy], dim=2)

    def of_path(self, k: int) -> tuple[torch.Tensor, torch.Tensor, tuple[Change, Change]]:
        """Y beside dY, d(h·R) beside h·R, and (h, R) and (dh, dR)."""
        path, r = self.paths[k], self.r[:, k : k + 1]
        h, width = self.h[:, path.inputs], self.h.shape[2]
        dh = None if self.dh is None else self.dh[:, path.inputs]
        dr = None if self.dr is None else self.dr[:, k : k + 1]
        products = h.new_empty(*h.shape[:2], 2 * width, h.shape[3])
        tangent = products[:, :, :width]
        torch.mul(h, r, out=products[:, :, width:])
        tangent.zero_() if dh is None else torch.mul(dh, r, out=tangent)
        if dr is not None:
            tangent.addcmul_(h, dr)
        return self.both[:, path.harmonics], products, ((h, r), (dh, dr))


class _Sums:
    """Derivatives by h, Y and R in the slots, summed path by path."""

    def __init__(
        self, layout: _Layout, nodes: torch.Tensor, harmonics: torch.Tensor, radial: torch.Tensor,
        wanted: list[bool],
    ) -> None:  # fmt: skip
        self.layout, width = layout, layout.neighbours.width
        shape = lambda m: (len(nodes), m, width, layout.channels)
        self.h = nodes.new_zeros(shape(nodes.shape[1])) if wanted[0] else None
        self.r = radial.new_empty(shape(len(layout.paths))) if wanted[2] else None
        self.y = harmonics.new_zeros(len(nodes), harmonics.shape[1], width) if wanted[1] else None

    def add(self, atoms: slice, k: int, terms: list[tuple[torch.Tensor, Any, Any]]) -> None:
        """Σ product·R to h, Σ product·h to R, over (product (atoms, m1, K, c), h, R)."""
        if self.h is not None:
            total = self.h[atoms, self.layout.paths[k].inputs]
            for product, _, r in terms:
                if r is not None:
                    total.addcmul_(product, r)
        if self.r is not None:
            known = [(product, h) for product, h, _ in terms if h is not None]
            pairs = [(product[:, m], h[:, m]) for product, h in known for m in range(h.shape[1])]
            total = torch.mul(*pairs[0], out=self.r[atoms, k])
            for product, h in pairs[1:]:
                total.addcmul_(product, h)

    def add_harmonics(self, atoms: slice, path: _Path, spread: torch.Tensor, products: torch.Tensor) -> None:
        """Σ over m1 and channels of (atoms, m1, m2, c) by (atoms, m1, K, c)."""
        if self.y is not None:
            self.y[atoms, path.harmonics] += torch.matmul(spread, products.mT).sum(dim=1)

    def gathered(self) -> tuple[torch.Tensor | None, ...]:
        """By atom, by slot and by pair."""
        neighbours = self.layout.neighbours
        return (
            None if self.h is None else neighbours.sum_by_sender(self.h),
            None if self.y is None else self.y.transpose(1, 2).flatten(0, 1),
            None if self.r is None else neighbours.sum_by_pair(self.r).flatten(1),
        )


def is_convertible(tensor_product: Any) -> bool:
    """True if `NeighbourConvolution` knows all paths of a tensor product, in the order of their outputs."""
    paths = getattr(tensor_product, "instructions", None)
    return (
        paths is not None
        and not tensor_product.internal_weights
        and [p.i_out for p in paths] == list(range(len(paths)))
        and all(p.connection_mode == "uvu" and p.has_weight for p in paths)
        and all(x.mul == 1 for x in tensor_product.irreps_in2)
        and len({x.mul for x in tensor_product.irreps_in1}) == 1
    )
