"""Atoms as unit SOAP vectors, and these vectors' derivatives on a few axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.power_spectrum import Basis, density, pair_gradient, prefactor, spectra
from mlffbench.potentials.soap import dscribe_wrapper as dscribe

__all__ = ["ELEMENTS", "Environments", "Slopes", "describe", "slopes"]

ELEMENTS = 2_000_000  # of a temporary: 16 MB in double precision


@dataclass(frozen=True)
class Environments:
    """A batch's atoms: unit SOAP vectors (n, n_features) and their norms (n,) before.

    And what their derivatives are made from: densities (n, n_channels, lm), or where dscribe described them
    its derivatives of each frame's vectors, (n_centres, n_moved, 3, n_features).
    """

    graph: Graph
    unit: torch.Tensor
    norm: torch.Tensor
    density: torch.Tensor | None = None
    derivatives: tuple[torch.Tensor, ...] = ()

    def detached(self, graph: Graph) -> Environments:
        """The same numbers out of the reach of autograd, of a graph that is out of it."""
        density = None if self.density is None else self.density.detach()
        return Environments(graph, self.unit.detach(), self.norm.detach(), density, self.derivatives)


@dataclass(frozen=True)
class Slopes:
    """∂q_source/∂r_target of pairs, q = x̂ A on some axes; each centre stands last with itself as target."""

    source: torch.Tensor  # (p,)
    target: torch.Tensor  # (p,)
    vectors: torch.Tensor  # (p, 3), Å
    values: torch.Tensor  # (p, 3, d), Å⁻¹


def describe(graph: Graph, basis: Basis, derivatives: bool = True) -> Environments:
    """Each atom's SOAP vector over its length.

    A feature that stands for two entries of the symmetric spectrum counts √2, so that x·x' sums over all
    entries, as in the overlap integral, and is never negative. `derivatives`: those of dscribe too.
    """
    scale = basis.multiplicity.to(graph.positions)
    c: torch.Tensor | None = None
    raw: tuple[torch.Tensor, ...] = ()
    if isinstance(basis, dscribe.DscribeBasis):
        p, raw = dscribe.spectra(graph, basis, derivatives)
        raw = tuple(d * scale for d in raw)
    else:
        c = density(graph, basis)
        p = spectra(c, basis)
    p = p * scale
    norm = p.norm(dim=1)
    return Environments(graph, p / norm[:, None], norm, c, raw)


def slopes(environments: Environments, basis: Basis, number: int, axes: torch.Tensor) -> Slopes:
    """How the unit vectors of one element's atoms move along `axes` (n_features, d) when an atom moves."""
    graph = environments.graph
    if environments.density is None:
        return _dense(environments, number, axes)
    pairs = torch.nonzero(graph.numbers[graph.source] == number).flatten()
    own = torch.nonzero(graph.numbers == number).flatten()
    values = axes.new_zeros(len(pairs) + len(own), 3, axes.shape[1])
    on_axes, vectors = environments.unit @ axes, graph.vectors
    for chosen, columns in _channels(graph, pairs, basis):
        some = graph.source[chosen]
        spectrum = _spectrum_gradient(vectors[chosen], environments.density[some], basis)
        count = basis.multiplicity.to(axes)[columns]
        along = spectrum @ (environments.unit[some][:, columns] / count)[:, :, None]
        moved = (spectrum.flatten(0, 1) @ (axes[columns] / count[:, None])).view(len(chosen), 3, -1)
        moved.sub_(along * on_axes[some, None]).div_(environments.norm[some, None, None])
        values[torch.searchsorted(pairs, chosen)] = moved
    source = graph.source[pairs]
    values[len(pairs) :].index_add_(0, torch.searchsorted(own, source), values[: len(pairs)], alpha=-1)
    return Slopes(
        torch.cat([source, own]),
        torch.cat([graph.target[pairs], own]),
        torch.cat([vectors[pairs], vectors.new_zeros(len(own), 3)]),
        values,
    )


def _channels(graph: Graph, pairs: torch.Tensor, basis: Basis) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The pairs by the element of the neighbour, few enough at a time, with the features it takes part in."""
    width = 3 * (basis.l_max + 1) * basis.n_max * basis.n_channels
    of = basis.channels(graph.numbers[graph.target[pairs]])
    for channel in range(len(basis.numbers)):
        a = slice(channel * basis.n_max, (channel + 1) * basis.n_max)
        columns = basis.feature[:, a].flatten().to(pairs.device)
        for chosen in pairs[of == channel].split(max(1, ELEMENTS // width)):
            if len(chosen):
                yield chosen, columns


def _spectrum_gradient(vectors: torch.Tensor, c: torch.Tensor, basis: Basis) -> torch.Tensor:
    """∂p_ab/∂r_ij of entries (l, a, b), a of j's element, both orders of (a, b) in one: (p, 3, l·a·b)."""
    gradient = pair_gradient(vectors, basis)  # (p, 3, n_max, lm)
    blocks = gradient.new_empty(len(c), 3, basis.l_max + 1, basis.n_max, basis.n_channels)
    for l, part in enumerate(basis.degrees):
        product = gradient[..., part].flatten(1, 2) @ c[..., part].mT
        blocks[:, :, l] = product.view(len(c), 3, basis.n_max, -1).mul_(2 * prefactor(l))
    return blocks.flatten(2)


def _dense(environments: Environments, number: int, axes: torch.Tensor) -> Slopes:
    """The same from derivatives of every centre by every atom of its frame."""
    graph, sources, targets, values, start = environments.graph, [], [], [], 0
    for derivatives in environments.derivatives:
        atoms = start + torch.arange(len(derivatives), device=axes.device)
        start += len(derivatives)
        centres = torch.nonzero(graph.numbers[atoms] == number).flatten()
        unit, norm = environments.unit[atoms[centres]], environments.norm[atoms[centres]]
        along = torch.einsum("iaxf,if->iax", derivatives[centres], unit)
        moved = derivatives[centres] @ axes - along[..., None] * (unit @ axes)[:, None, None]
        values.append((moved / norm[:, None, None, None]).flatten(0, 1))
        sources.append(atoms[centres].repeat_interleave(len(atoms)))
        targets.append(atoms.repeat(len(centres)))
    source, value = torch.cat(sources), torch.cat(values)
    return Slopes(source, torch.cat(targets), value.new_zeros(len(source), 3), value)
