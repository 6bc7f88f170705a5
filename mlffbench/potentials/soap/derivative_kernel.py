"""The SOAP kernel between labels: energies, force components and stresses of frames, in one matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.potentials.soap.environments import Environments, slopes
from mlffbench.potentials.soap.kernel import strained, volumes

__all__ = ["Representers", "State", "rows", "states"]

ELEMENTS = 2_000_000  # of a temporary: 16 MB in double precision
TINY = 1e-12  # stands for the cosine of atoms that are not there


@dataclass(frozen=True)
class State:
    """One frame: of each element's k atoms the vectors q on its axes, and how labels but E act on them.

    Those labels are the 3n force components, −∂/∂r, and where defined the 6 stresses, V⁻¹ ∂/∂ε.
    """

    units: Mapping[int, torch.Tensor]  # (k, d)
    slopes: Mapping[int, torch.Tensor]  # (k, n_labels, d)

    @property
    def n_labels(self) -> int:
        """Labels other than the energy."""
        return next(iter(self.slopes.values())).shape[1]

    def only(self, labels: torch.Tensor) -> State:
        """With some of the labels."""
        return State(self.units, {z: s[:, labels] for z, s in self.slopes.items()})


def states(environments: Environments, basis: Basis, axes: Mapping[int, torch.Tensor]) -> list[State]:
    """The frames of a batch."""
    graph = environments.graph
    sizes = torch.bincount(graph.frame, minlength=graph.n_frames)
    first = sizes.cumsum(0) - sizes
    found: list[tuple[dict[int, torch.Tensor], dict[int, torch.Tensor]]] = [({}, {}) for _ in sizes]
    for number, a in axes.items():
        moved = slopes(environments, basis, number, a)
        atoms, place = moved.source.unique(return_inverse=True)
        local = moved.target - first[graph.frame[moved.target]]
        forces = a.new_zeros(len(atoms), int(sizes.max()), 3, a.shape[1])
        forces.index_put_((place, local), -moved.values, accumulate=True)
        strain = a.new_zeros(len(atoms), 6, a.shape[1])
        strain.index_add_(0, place, strained(moved.vectors, moved.values))
        strain /= volumes(graph)[graph.frame[atoms], None, None]
        for f, (units, labels) in enumerate(found):
            here = graph.frame[atoms] == f
            if here.any():
                units[number] = environments.unit[atoms[here]] @ a
                parts = [forces[here, : sizes[f]].flatten(1, 2), strain[here]]
                labels[number] = torch.cat(parts if graph.periodic[f] else parts[:1], dim=1)
    return [State(units, labels) for units, labels in found]


@dataclass(frozen=True)
class Representers:
    """Some labels of some frames, padded with zeros to the same number of atoms and of labels.

    Columns: the energy of every frame, then the other labels, frame by frame.
    """

    units: Mapping[int, torch.Tensor]  # (n_frames, k, d)
    slopes: Mapping[int, torch.Tensor]  # (n_frames, k, d, c)
    counts: torch.Tensor  # (n_frames,), how many of the c labels are real

    @classmethod
    def of(cls, frames: Sequence[State], axes: Mapping[int, torch.Tensor]) -> Representers:
        counts = torch.tensor([s.n_labels for s in frames])
        units, all_slopes = {}, {}
        for z, a in axes.items():
            none = a.new_zeros(0, a.shape[1])
            q = [s.units.get(z, none) for s in frames]
            d = [s.slopes.get(z, none.new_zeros(0, s.n_labels, a.shape[1])) for s in frames]
            units[z] = torch.nn.utils.rnn.pad_sequence(q, batch_first=True)
            all_slopes[z] = a.new_zeros(*units[z].shape, int(counts.max()))
            for i, part in enumerate(d):
                all_slopes[z][i, : len(part), :, : part.shape[1]] = part.mT
        return cls(units, all_slopes, counts)

    def __len__(self) -> int:
        return len(self.counts) + int(self.counts.sum())

    def real(self) -> torch.Tensor:
        """(n_frames, c) bool: which labels are no padding."""
        width = next(iter(self.slopes.values())).shape[3]
        return torch.arange(width) < self.counts[:, None]

    def flat(self, weights: torch.Tensor, number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Of an element's atoms: vectors q (N, d), weights a (N,) of their energies and g (N, d) of slopes.

        Σ weights · representers = Σ_N a c^ζ + ζ c^{ζ−1} x̂·A g.
        """
        n, slopes_ = len(self.counts), self.slopes[number]
        there = self.units[number].any(dim=2)
        labels = slopes_.new_zeros(self.real().shape)
        labels[self.real().to(labels.device)] = weights[n:]
        g = (slopes_ @ labels[:, None, :, None])[..., 0]
        return self.units[number][there], weights[:n, None].expand_as(there)[there], g[there]


def rows(state: State, representers: Representers, zeta: float) -> torch.Tensor:
    """The kernel between a frame's labels, its energy first, and the representers: (1 + n_labels, m)."""
    n = len(representers.counts)
    real = representers.real()
    energy = next(iter(state.units.values())).new_zeros(1 + state.n_labels, n)
    rest = energy.new_zeros(1 + state.n_labels, *real.shape)
    for z, q in state.units.items():
        for part in _chunks(len(q), representers.slopes[z]):
            others = representers.units[z][part], representers.slopes[z][part]
            by_energy, by_label = _block(q, state.slopes[z], *others, zeta)
            energy[:, part] += by_energy
            rest[:, part] += by_label.transpose(0, 1)
    return torch.cat([energy, rest[:, real.to(rest.device)]], dim=1)


def _chunks(atoms: int, slopes_: torch.Tensor) -> Iterator[slice]:
    """Frames of the representers, few enough at a time."""
    size = max(1, ELEMENTS // max(1, (atoms + slopes_.shape[1]) * slopes_[0, 0].numel()))
    return (slice(i, i + size) for i in range(0, len(slopes_), size))


def _block(
    q: torch.Tensor, s: torch.Tensor, other_q: torch.Tensor, other_s: torch.Tensor, zeta: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Σ_ij of k = c^ζ and its derivatives, c = q_i·q_j, between one frame and r others.

    L k = ζc^{ζ−1} (L q_i)·q_j and L L' k = ζc^{ζ−1} (L q_i)·(L' q_j) + ζ(ζ−1)c^{ζ−2} (L q_i·q_j)(q_i·L' q_j).
    Returns (1 + C, r) and (r, 1 + C, c).
    """
    (k, labels, _), (r, k2, d, c) = s.shape, other_s.shape
    cosine = (q @ other_q.mT).clamp(min=TINY)  # (r, k, k2)
    slope, bend = zeta * cosine ** (zeta - 1), zeta * (zeta - 1) * cosine ** (zeta - 2)
    across = torch.bmm(slope, other_s.view(r, k2, d * c)).view(r, k, d, c)  # Σ_j ζc^{ζ−1} L' q_j
    right = torch.matmul(q, other_s).mul_(bend.mT[..., None])  # ζ(ζ−1)c^{ζ−2} q_i·L' q_j, (r, k2, k, c)
    across += torch.bmm(right.flatten(2).mT, other_q).view(r, k, c, d).mT
    flat = s.transpose(0, 1).reshape(labels, k * d)
    by_label = torch.matmul(flat, across.view(r, k * d, c))
    by_energy = (slope.mT @ q).flatten(1)[:, None] @ other_s.flatten(1, 2)  # of the frame's energy, (r, 1, c)
    energies = torch.cat([(cosine**zeta).sum((1, 2))[None], flat @ (slope @ other_q).flatten(1).T])
    return energies, torch.cat([by_energy, by_label], dim=1)
