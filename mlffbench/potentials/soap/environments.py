"""Unit SOAP vectors of atoms, and their Jacobian on a few axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.neighbour_density import PlacedGraph, density, placed
from mlffbench.descriptors.power_spectrum import Basis, pair_gradient, prefactor, spectra, tables
from mlffbench.potentials.soap import dscribe_wrapper as dscribe
from mlffbench.system.batch_size import batch_bytes

__all__ = ["Environments", "Jacobian", "describe", "numbers_at_once", "unit_jacobian"]

TEMPORARY = 1 / 4  # of the memory of a batch


def numbers_at_once(like: torch.Tensor) -> int:
    """Numbers of double precision that a temporary may hold on the device of a tensor."""
    return int(TEMPORARY * batch_bytes(like.device)) // 8


@dataclass(frozen=True)
class Environments:
    """Unit SOAP vectors (n, n_features) of a batch's atoms, and the norms (n,) that they were divided by.

    The Jacobian follows from the neighbour densities (n, l, n_channels, m), or from dscribe's derivatives of
    each frame's vectors, (n_centres, n_moved, 3, n_features), if the basis is dscribe's.
    """

    graph: PlacedGraph
    unit: torch.Tensor
    norm: torch.Tensor
    density: torch.Tensor | None = None
    derivatives: tuple[torch.Tensor, ...] = ()


@dataclass(frozen=True)
class Jacobian:
    """∂q_source/∂r_target of pairs of atoms, where q = x̂ A is a unit SOAP vector on some axes.

    Each centre's derivative by its own position comes last, as a pair of the atom with itself.
    """

    source: torch.Tensor  # (p,)
    target: torch.Tensor  # (p,)
    vectors: torch.Tensor  # (p, 3), Å
    values: torch.Tensor  # (p, 3, d), Å⁻¹


def describe(
    graph: Graph, basis: Basis, derivatives: bool = True, vectors: torch.Tensor | None = None
) -> Environments:
    """Return each atom's SOAP vector over its length.

    A feature that stands for two entries of the symmetric spectrum counts √2, so that x·x' sums over all
    entries, as in the overlap integral, and is never negative. `derivatives` asks dscribe for its own;
    `vectors` (p, 3) stand for the graph's.
    """
    graph = placed(graph, basis)
    scale = tables(basis, graph.positions).multiplicity
    c: torch.Tensor | None = None
    raw: tuple[torch.Tensor, ...] = ()
    if isinstance(basis, dscribe.DscribeBasis):
        p, raw = dscribe.spectra(graph, basis, derivatives)
        raw = tuple(d * scale for d in raw)
    else:
        c = density(graph, basis, vectors)
        p = spectra(c, basis)
    p = p * scale
    norm = p.norm(dim=1)
    return Environments(graph, p / norm[:, None], norm, c, raw)


def unit_jacobian(environments: Environments, basis: Basis, number: int, axes: torch.Tensor) -> Jacobian:
    """Jacobian of the unit vectors of one element's atoms, projected on `axes` (n_features, d)."""
    graph = environments.graph
    if environments.density is None:
        return _from_dscribe(environments, number, axes)
    pairs = torch.nonzero(graph.numbers[graph.source] == number).flatten()
    own = graph.atoms[number]
    values = axes.new_zeros(len(pairs) + len(own), 3, axes.shape[1])
    on_axes, vectors = environments.unit @ axes, graph.vectors
    for part, columns in _pairs_by_channel(graph, pairs, basis):
        centre = graph.source[part]
        spectrum = _spectrum_gradient(vectors[part], environments.density[centre], basis)
        count = basis.multiplicity.to(axes)[columns]
        along = spectrum @ (environments.unit[centre][:, columns] / count)[:, :, None]
        projected = (spectrum.flatten(0, 1) @ (axes[columns] / count[:, None])).view(len(part), 3, -1)
        projected.sub_(along * on_axes[centre, None]).div_(environments.norm[centre, None, None])
        values[torch.searchsorted(pairs, part)] = projected
    source = graph.source[pairs]
    values[len(pairs) :].index_add_(0, torch.searchsorted(own, source), values[: len(pairs)], alpha=-1)
    return Jacobian(
        torch.cat([source, own]),
        torch.cat([graph.target[pairs], own]),
        torch.cat([vectors[pairs], vectors.new_zeros(len(own), 3)]),
        values,
    )


def _pairs_by_channel(
    graph: Graph, pairs: torch.Tensor, basis: Basis
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield pairs by the neighbour's element, as many as fit into memory, and the features it enters."""
    width = 3 * (basis.l_max + 1) * basis.n_max * basis.n_channels
    channel_of = basis.channels(graph.numbers[graph.target[pairs]])
    for channel in range(len(basis.numbers)):
        a = slice(channel * basis.n_max, (channel + 1) * basis.n_max)
        columns = basis.feature[:, a].flatten().to(pairs.device)
        for part in pairs[channel_of == channel].split(max(1, numbers_at_once(pairs) // width)):
            if len(part):
                yield part, columns


def _spectrum_gradient(vectors: torch.Tensor, c: torch.Tensor, basis: Basis) -> torch.Tensor:
    """∂p_ab/∂r_ij of entries (l, a, b), a of j's element, both orders of (a, b) in one: (p, 3, l·a·b)."""
    gradient = pair_gradient(vectors, basis)  # (p, 3, n_max, lm)
    blocks = gradient.new_empty(len(c), 3, basis.l_max + 1, basis.n_max, basis.n_channels)
    for l, part in enumerate(basis.degrees):
        product = gradient[..., part].flatten(1, 2) @ c[:, l, :, : 2 * l + 1].mT
        blocks[:, :, l] = product.view(len(c), 3, basis.n_max, -1).mul_(2 * prefactor(l))
    return blocks.flatten(2)


def _from_dscribe(environments: Environments, number: int, axes: torch.Tensor) -> Jacobian:
    """Jacobian from dscribe's derivatives of every centre by every atom of its frame."""
    graph, sources, targets, values, start = environments.graph, [], [], [], 0
    for derivatives in environments.derivatives:
        atoms = start + torch.arange(len(derivatives), device=axes.device)
        start += len(derivatives)
        centres = torch.nonzero(graph.numbers[atoms] == number).flatten()
        unit, norm = environments.unit[atoms[centres]], environments.norm[atoms[centres]]
        along = torch.einsum("iaxf,if->iax", derivatives[centres], unit)
        projected = derivatives[centres] @ axes - along[..., None] * (unit @ axes)[:, None, None]
        values.append((projected / norm[:, None, None, None]).flatten(0, 1))
        sources.append(atoms[centres].repeat_interleave(len(atoms)))
        targets.append(atoms.repeat(len(centres)))
    source, value = torch.cat(sources), torch.cat(values)
    return Jacobian(source, torch.cat(targets), value.new_zeros(len(source), 3), value)
