"""MACE's convolution as matrix products over an atom's neighbours, with derivatives that store no message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from mlffbench.potentials.mace.neighbours import Neighbours
from mlffbench.potentials.mace.wanted_gradients import wanted_gradients

__all__ = ["NeighbourConvolution", "is_convertible"]

CHUNK = {"cpu": 2**20, "cuda": 2**30}  # bytes of one product of features and radial weights: a cache, memory


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
            self.register_buffer(f"coupling_{k}", coupling.permute(2, 1, 0).flatten(1), persistent=False)
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
    """Paths, their couplings (2l+1, m2·m1), outputs' components and paths, neighbours."""

    paths: list[_Path]
    couplings: list[torch.Tensor]
    shapes: list[tuple[int, int]]
    neighbours: Neighbours
    channels: int

    def chunks(self, n: int, like: torch.Tensor) -> Iterator[tuple[slice, slice]]:
        """Ranges of atoms, and of their slots, that are computed together."""
        width, wide = self.neighbours.width, max(p.inputs.stop - p.inputs.start for p in self.paths)
        bytes_per_atom = width * wide * self.channels * like.element_size()
        step = max(1, CHUNK.get(like.device.type, CHUNK["cuda"]) // max(bytes_per_atom, 1))
        for start in range(0, n, step):
            stop = min(n, start + step)
            yield slice(start, stop), slice(start * width, stop * width)

    def messages(self, like: torch.Tensor, n: int) -> list[torch.Tensor]:
        return [like.new_empty(n, m3, paths, self.channels) for m3, paths in self.shapes]

    def features(self, nodes: torch.Tensor, slots: slice) -> torch.Tensor:
        """h of the senders, (atoms, K, components, channels)."""
        chosen = nodes.index_select(0, self.neighbours.sender[slots])
        return chosen.unflatten(0, (-1, self.neighbours.width))

    def weights(self, radial: torch.Tensor, slots: slice) -> torch.Tensor:
        """R of the slots, (atoms, K, paths, channels)."""
        chosen = radial.index_select(0, self.neighbours.pair[slots])
        return chosen.view(-1, self.neighbours.width, len(self.paths), self.channels)

    def angular(self, harmonics: torch.Tensor, slots: slice) -> torch.Tensor:
        """Y of the slots, (atoms, components, K)."""
        return harmonics[slots].unflatten(0, (-1, self.neighbours.width)).transpose(1, 2)

    def couple(self, k: int, summed: torch.Tensor) -> torch.Tensor:
        """(atoms, m2, m1·channels) -> (atoms, m3, channels)."""
        return torch.matmul(self.couplings[k], summed.view(len(summed), -1, self.channels))

    def uncouple(self, k: int, message: torch.Tensor) -> torch.Tensor:
        """The adjoint of `couple`: (atoms, m3, channels) -> (atoms, m2, m1·channels)."""
        harmonics = self.paths[k].harmonics
        spread = torch.matmul(self.couplings[k].T, message)
        return spread.view(len(message), harmonics.stop - harmonics.start, -1)


class _Messages(torch.autograd.Function):
    """Messages of each order, (n, 2l+1, paths, channels), of h, Y and R."""

    @staticmethod
    def forward(
        ctx: Any, nodes: torch.Tensor, harmonics: torch.Tensor, radial: torch.Tensor, layout: _Layout
    ) -> tuple[torch.Tensor, ...]:
        ctx.layout = layout
        ctx.save_for_backward(nodes, harmonics, radial)
        messages = layout.messages(nodes, len(nodes))
        for atoms, slots in layout.chunks(len(nodes), nodes):
            h, r = layout.features(nodes, slots), layout.weights(radial, slots)
            y = layout.angular(harmonics, slots)
            for k, path in enumerate(layout.paths):
                product = (h[:, :, path.inputs] * r[:, :, k : k + 1]).flatten(2)
                summed = torch.bmm(y[:, path.harmonics], product)
                messages[path.order][atoms, :, path.member] = layout.couple(k, summed)
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
        by = _Sums(nodes, harmonics, radial, wanted)
        for atoms, slots in layout.chunks(len(nodes), nodes):
            h, r = layout.features(nodes, slots), layout.weights(radial, slots)
            y = layout.angular(harmonics, slots)
            by.begin(layout, slots)
            for k, path in enumerate(layout.paths):
                spread = layout.uncouple(k, gradients[path.order][atoms, :, path.member])
                if wanted[0] or wanted[2]:
                    product = torch.bmm(y[:, path.harmonics].transpose(1, 2), spread)
                    product = product.unflatten(2, (-1, layout.channels))
                    by.add(k, path, [(product, h[:, :, path.inputs], r[:, :, k : k + 1])])
                if wanted[1]:
                    message = (h[:, :, path.inputs] * r[:, :, k : k + 1]).flatten(2)
                    by.add_harmonics(path, torch.bmm(spread, message.transpose(1, 2)))
        return by.gathered(layout)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, moved_h: torch.Tensor | None, moved_y: torch.Tensor | None, moved_r: torch.Tensor | None
    ) -> Any:
        nodes, harmonics, radial, *gradients = ctx.saved_tensors
        layout, wanted = ctx.layout, wanted_gradients(ctx)
        by = _Sums(nodes, harmonics, radial, wanted[:3])
        messages = layout.messages(nodes, len(nodes))
        for atoms, slots in layout.chunks(len(nodes), nodes):
            h, r = layout.features(nodes, slots), layout.weights(radial, slots)
            dh = None if moved_h is None else layout.features(moved_h, slots)
            dr = None if moved_r is None else layout.weights(moved_r, slots)
            y = layout.angular(harmonics, slots)
            dy = torch.zeros_like(y) if moved_y is None else layout.angular(moved_y, slots)
            both = torch.cat([y, dy], dim=2)  # (atoms, components, 2K)
            by.begin(layout, slots)
            for k, path in enumerate(layout.paths):
                h_k, r_k = h[:, :, path.inputs], r[:, :, k : k + 1]
                dh_k = None if dh is None else dh[:, :, path.inputs]
                dr_k = None if dr is None else dr[:, :, k : k + 1]
                tangent = _tangent(h_k, r_k, dh_k, dr_k)
                if any(wanted[3:]):
                    stacked = torch.cat([tangent.flatten(2), (h_k * r_k).flatten(2)], dim=1)
                    summed = torch.bmm(both[:, path.harmonics], stacked)
                    messages[path.order][atoms, :, path.member] = layout.couple(k, summed)
                spread = layout.uncouple(k, gradients[path.order][atoms, :, path.member])
                if wanted[0] or wanted[2]:
                    products = torch.bmm(both[:, path.harmonics].transpose(1, 2), spread)
                    plain, moved = products.unflatten(2, (-1, layout.channels)).split(
                        layout.neighbours.width, 1
                    )
                    by.add(k, path, [(moved, h_k, r_k), (plain, dh_k, dr_k)])
                if wanted[1]:
                    by.add_harmonics(path, torch.bmm(spread, tangent.flatten(2).transpose(1, 2)))
        by_messages = [m if w else None for m, w in zip(messages, wanted[3:], strict=True)]
        return (*by.gathered(layout), *by_messages, None, None)


class _Sums:
    """Derivatives by h, Y and R, summed path by path."""

    def __init__(
        self, nodes: torch.Tensor, harmonics: torch.Tensor, radial: torch.Tensor, wanted: list[bool]
    ) -> None:
        n_slots = len(harmonics)
        self.slots = slice(0, 0)
        self.h = nodes.new_zeros(n_slots, *nodes.shape[1:]) if wanted[0] else None
        self.y = torch.zeros_like(harmonics) if wanted[1] else None
        self.r = radial.new_empty(n_slots, radial.shape[1]) if wanted[2] else None
        self.width = 0

    def begin(self, layout: _Layout, slots: slice) -> None:
        """Continue with these slots."""
        self.slots, self.layout = slots, layout

    def add(
        self, k: int, path: _Path,
        terms: list[tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]],
    ) -> None:  # fmt: skip
        """Σ product·R to h, Σ product·h to R, over (product, h, R)."""
        if self.h is not None:
            view = self.h[self.slots].view(-1, self.layout.neighbours.width, *self.h.shape[1:])
            for product, _, r in terms:
                if r is not None:
                    view[:, :, path.inputs].addcmul_(product, r)
        if self.r is not None:
            view = self.r[self.slots].view(
                -1, self.layout.neighbours.width, len(self.layout.paths), self.layout.channels
            )
            pairs = [
                (product[:, :, m], h[:, :, m])
                for product, h, _ in terms if h is not None
                for m in range(h.shape[2])
            ]  # fmt: skip
            total = torch.mul(*pairs[0], out=view[:, :, k])
            for product, h in pairs[1:]:
                total.addcmul_(product, h)

    def add_harmonics(self, path: _Path, value: torch.Tensor) -> None:
        if self.y is not None:
            self.y[self.slots, path.harmonics] += value.transpose(1, 2).flatten(0, 1)

    def gathered(self, layout: _Layout) -> tuple[torch.Tensor | None, ...]:
        """By atom, by slot and by pair."""
        neighbours = layout.neighbours
        h = None if self.h is None else neighbours.sum_by_sender(self.h)
        r = None if self.r is None else neighbours.sum_by_pair(self.r)
        return h, self.y, r


def _tangent(
    h: torch.Tensor, r: torch.Tensor, dh: torch.Tensor | None, dr: torch.Tensor | None
) -> torch.Tensor:
    """Derivative of h·R along (dh, dR)."""
    if dh is None and dr is None:
        return torch.zeros_like(h)
    if dh is None:
        return h * dr
    return dh * r if dr is None else (dh * r).addcmul_(h, dr)


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
