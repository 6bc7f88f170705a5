"""SOAP kernel between labels: energies, force components and stresses of frames, in one matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from mlffbench.descriptors.graph import volumes
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.potentials.soap.environments import Environments, numbers_at_once, unit_jacobian
from mlffbench.potentials.soap.kernel import virial_rows

__all__ = ["FrameFeatures", "Representers", "frame_features", "kernel_rows"]

TINY = 1e-12  # stands for the cosine with an atom of the padding


@dataclass(frozen=True)
class FrameFeatures:
    """A frame's SOAP vectors by element, and their derivatives for each force and stress label.

    The vectors q are projected on the element's axes. A force component is −∂/∂r, a stress, where it is
    defined, V⁻¹ ∂/∂ε: 3n labels, or 3n + 6.
    """

    vectors: Mapping[int, torch.Tensor]  # atomic number -> (k, d)
    derivatives: Mapping[int, torch.Tensor]  # atomic number -> (k, n_labels, d)

    @property
    def n_labels(self) -> int:
        """Number of labels besides the energy."""
        return next(iter(self.derivatives.values())).shape[1]

    def with_labels(self, labels: torch.Tensor) -> FrameFeatures:
        """Features of some labels, by their indices."""
        return FrameFeatures(self.vectors, {z: s[:, labels] for z, s in self.derivatives.items()})


def frame_features(
    environments: Environments, basis: Basis, axes: Mapping[int, torch.Tensor]
) -> list[FrameFeatures]:
    """Return the features of each frame of a batch."""
    graph = environments.graph
    counts = torch.bincount(graph.frame, minlength=graph.n_frames)
    first, sizes = counts.cumsum(0) - counts, counts.tolist()
    periodic = graph.periodic.tolist()
    parts: list[tuple[dict[int, torch.Tensor], dict[int, torch.Tensor]]] = [({}, {}) for _ in sizes]
    for number, a in axes.items():
        jacobian = unit_jacobian(environments, basis, number, a)
        atoms = graph.atoms[number]
        place = torch.searchsorted(atoms, jacobian.source)
        local = jacobian.target - first[graph.frame[jacobian.target]]
        forces = a.new_zeros(len(atoms), max(sizes), 3, a.shape[1])
        forces.index_put_((place, local), -jacobian.values, accumulate=True)
        strain = a.new_zeros(len(atoms), 6, a.shape[1])
        strain.index_add_(0, place, virial_rows(jacobian.vectors, jacobian.values))
        strain /= volumes(graph)[graph.frame[atoms], None, None]
        per_frame = torch.bincount(graph.frame[atoms], minlength=graph.n_frames).tolist()
        columns = (environments.unit[atoms] @ a, forces, strain)
        by_frame = zip(*(values.split(per_frame) for values in columns), strict=True)
        for f, (q, force, stress) in enumerate(by_frame):
            if len(q):
                labels = [force[:, : sizes[f]].flatten(1, 2), *([stress] if periodic[f] else [])]
                parts[f][0][number], parts[f][1][number] = q, torch.cat(labels, dim=1)
    return [FrameFeatures(vectors, derivatives) for vectors, derivatives in parts]


@dataclass(frozen=True)
class Representers:
    """Labels whose kernel functions carry the model, frame by frame.

    Frames are padded with zeros to the same number of atoms and of labels. Columns of a kernel matrix: the
    energy of every frame, then the other labels, frame by frame.
    """

    vectors: Mapping[int, torch.Tensor]  # atomic number -> (n_frames, k, d)
    derivatives: Mapping[int, torch.Tensor]  # atomic number -> (n_frames, k, d, c)
    counts: torch.Tensor  # (n_frames,), number of labels besides the energy: at most c

    @classmethod
    def of(cls, frames: Sequence[FrameFeatures], axes: Mapping[int, torch.Tensor]) -> Representers:
        """Pad and stack the features of some frames."""
        counts = torch.tensor([s.n_labels for s in frames])
        vectors, derivatives = {}, {}
        for z, a in axes.items():
            none = a.new_zeros(0, a.shape[1])
            q = [s.vectors.get(z, none) for s in frames]
            d = [s.derivatives.get(z, none.new_zeros(0, s.n_labels, a.shape[1])) for s in frames]
            vectors[z] = torch.nn.utils.rnn.pad_sequence(q, batch_first=True)
            derivatives[z] = a.new_zeros(*vectors[z].shape, int(counts.max()))
            for i, part in enumerate(d):
                derivatives[z][i, : len(part), :, : part.shape[1]] = part.mT
        return cls(vectors, derivatives, counts)

    def __len__(self) -> int:
        return len(self.counts) + int(self.counts.sum())

    @cached_property
    def places(self) -> torch.Tensor:
        """Places of the labels other than energies in a flat (n_frames, c), without the padding."""
        example = next(iter(self.derivatives.values()))
        mask = torch.arange(example.shape[3]) < self.counts[:, None]
        return torch.nonzero(mask.flatten()).flatten().to(example.device)

    @cached_property
    def sizes(self) -> dict[int, list[int]]:
        """Number of atoms of each element in each frame."""
        return {z: q.any(dim=2).sum(dim=1).tolist() for z, q in self.vectors.items()}

    def frame(self, i: int) -> FrameFeatures:
        """Features of one frame without the padding."""
        vectors = {z: q[i, : self.sizes[z][i]] for z, q in self.vectors.items()}
        labels = slice(int(self.counts[i]))
        return FrameFeatures(
            vectors, {z: s[i, : len(vectors[z]), :, labels].mT for z, s in self.derivatives.items()}
        )

    def on_atoms(self, weights: torch.Tensor, number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Vectors q (N, d) of an element's atoms, weights a (N,) of k and g (N, d) of its derivative.

        Σ weights · representers = Σ_N a c^ζ + ζ c^{ζ−1} x̂·A g.
        """
        n, derivatives = len(self.counts), self.derivatives[number]
        atoms = self.vectors[number].any(dim=2)
        labels = derivatives.new_zeros(n * derivatives.shape[3])
        labels = labels.index_copy_(0, self.places, weights[n:]).view(n, -1)
        g = (derivatives @ labels[:, None, :, None])[..., 0]
        return self.vectors[number][atoms], weights[:n, None].expand_as(atoms)[atoms], g[atoms]

    def covariance(self, zeta: float) -> torch.Tensor:
        """Kernel matrix among the representers, (m, m)."""
        matrix = next(iter(self.vectors.values())).new_zeros(len(self), len(self))
        starts = len(self.counts) + (self.counts.cumsum(0) - self.counts)
        for i, (start, count) in enumerate(zip(starts.tolist(), self.counts.tolist(), strict=True)):
            block = kernel_rows(self.frame(i), self, zeta)
            matrix[i], matrix[start : start + count] = block[0], block[1:]
        return matrix


def kernel_rows(frame: FrameFeatures, representers: Representers, zeta: float) -> torch.Tensor:
    """Kernel between a frame's labels, its energy first, and the representers: (1 + n_labels, m)."""
    n, width = len(representers.counts), next(iter(representers.derivatives.values())).shape[3]
    energy = next(iter(frame.vectors.values())).new_zeros(1 + frame.n_labels, n)
    labels = energy.new_zeros(1 + frame.n_labels, n, width)
    for z, q in frame.vectors.items():
        for part in _parts(len(q), representers.derivatives[z]):
            others = representers.vectors[z][part], representers.derivatives[z][part]
            to_energies, to_labels = _kernel_block(q, frame.derivatives[z], *others, zeta)
            energy[:, part] += to_energies
            labels[:, part] += to_labels.transpose(0, 1)
    return torch.cat([energy, labels.flatten(1).index_select(1, representers.places)], dim=1)


def _parts(atoms: int, derivatives: torch.Tensor) -> Iterator[slice]:
    """Yield the representers' frames in parts whose temporaries fit into memory."""
    size = max(
        1, numbers_at_once(derivatives) // max(1, (atoms + derivatives.shape[1]) * derivatives[0, 0].numel())
    )
    return (slice(i, i + size) for i in range(0, len(derivatives), size))


def _kernel_block(
    q: torch.Tensor, s: torch.Tensor, other_q: torch.Tensor, other_s: torch.Tensor, zeta: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Σ_ij of k = c^ζ and its derivatives, c = q_i·q_j, between one frame and r others.

    L k = ζc^{ζ−1} (L q_i)·q_j and L L' k = ζc^{ζ−1} (L q_i)·(L' q_j) + ζ(ζ−1)c^{ζ−2} (L q_i·q_j)(q_i·L' q_j).
    Returns (1 + C, r) and (r, 1 + C, c).
    """
    (k, labels, _), (r, k2, d, c) = s.shape, other_s.shape
    cosine = (q @ other_q.mT).clamp(min=TINY)  # (r, k, k2)
    first, second = zeta * cosine ** (zeta - 1), zeta * (zeta - 1) * cosine ** (zeta - 2)
    across = torch.bmm(first, other_s.view(r, k2, d * c)).view(r, k, d, c)  # Σ_j ζc^{ζ−1} L' q_j
    right = torch.matmul(q, other_s).mul_(second.mT[..., None])  # ζ(ζ−1)c^{ζ−2} q_i·L' q_j, (r, k2, k, c)
    across += torch.bmm(right.flatten(2).mT, other_q).view(r, k, c, d).mT
    flat = s.transpose(0, 1).reshape(labels, k * d)
    of_labels = torch.matmul(flat, across.view(r, k * d, c))
    of_energy = (first.mT @ q).flatten(1)[:, None] @ other_s.flatten(1, 2)  # (r, 1, c)
    energies = torch.cat([(cosine**zeta).sum((1, 2))[None], flat @ (first @ other_q).flatten(1).T])
    return energies, torch.cat([of_energy, of_labels], dim=1)
