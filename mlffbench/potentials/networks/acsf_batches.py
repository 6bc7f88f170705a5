"""Training frames with precomputed symmetry functions and Jacobians: an epoch costs the network alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import VOIGT_FLAT, Labels
from mlffbench.descriptors.acsf import ACSF
from mlffbench.descriptors.cache import Cache
from mlffbench.descriptors.graph import build

__all__ = ["Batch", "DescribedFrames", "energies_and_derivatives"]

CHUNK = 16  # frames whose features are computed at a time


@dataclass(frozen=True)
class Batch:
    """Features, pairs and labels of some frames; a missing label is NaN."""

    features: torch.Tensor  # (n, n_features)
    element: torch.Tensor  # (n,)
    frame: torch.Tensor  # (n,)
    source: torch.Tensor  # (p,)
    target: torch.Tensor  # (p,)
    vectors: torch.Tensor  # (p, 3), Å
    jacobian: torch.Tensor  # (p, n_columns, 3), Å⁻¹
    sizes: torch.Tensor  # (n_frames,), atoms
    volume: torch.Tensor  # (n_frames,), Å³
    energy: torch.Tensor  # (n_frames,), eV
    forces: torch.Tensor  # (n, 3), eV/Å
    stress: torch.Tensor  # (n_frames, 6), eV/Å³


@dataclass(frozen=True)
class _FrameFeatures:
    """Features and pairs of one frame."""

    features: torch.Tensor
    element: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor
    vectors: torch.Tensor
    jacobian: torch.Tensor


class DescribedFrames:
    """Training frames with features and Jacobians; beyond `cache_bytes` they are recomputed when needed."""

    def __init__(
        self,
        acsf: ACSF,
        frames: Sequence[Atoms],
        labels: Labels,
        dtype: torch.dtype,
        device: torch.device,
        cache_bytes: float,
    ) -> None:
        self.acsf, self.frames, self.dtype, self.device = acsf, frames, dtype, device
        self.labels = labels
        self._cache = Cache(self._describe, cache_bytes)
        chunks = [list(range(i, min(i + CHUNK, len(frames)))) for i in range(0, len(frames), CHUNK)]
        self.features = [frame.features for chunk in chunks for frame in self._cache[chunk]]

    def batch(self, indices: list[int]) -> Batch:
        """The batch of some frames, with their labels."""
        frames = self._cache[indices]
        sizes = [len(self.frames[i]) for i in indices]
        starts = np.cumsum([0, *sizes[:-1]]).tolist()
        joined = {k: torch.cat([getattr(f, k) for f in frames]) for k in ("element", "vectors", "jacobian")}
        shifted = {
            k: torch.cat([getattr(f, k) + s for f, s in zip(frames, starts, strict=True)])
            for k in ("source", "target")
        }
        return Batch(
            features=torch.cat([self.features[i] for i in indices]),
            frame=torch.repeat_interleave(torch.arange(len(indices)), torch.tensor(sizes)).to(self.device),
            sizes=self._tensor(sizes),
            volume=self._tensor([_volume(self.frames[i]) for i in indices]),
            **joined,
            **shifted,
            **self._labels(indices),
        )

    def element(self, i: int) -> torch.Tensor:
        """Index of the species of each of frame i's atoms, (n,) int."""
        numbers = torch.as_tensor(self.frames[i].numbers, device=self.device)
        return self.acsf.element(numbers)

    def _labels(self, indices: list[int]) -> dict[str, torch.Tensor]:
        forces = self.labels.forces or [None] * len(self.frames)
        stress = self.labels.stress or [None] * len(self.frames)
        filled = lambda value, shape: np.full(shape, np.nan) if value is None else value
        per_atom = [filled(forces[i], (len(self.frames[i]), 3)) for i in indices]
        per_frame = [filled(stress[i], 6) for i in indices]
        return {
            "energy": self._tensor(self.labels.energy[indices]),
            "forces": self._tensor(np.concatenate(per_atom)),
            "stress": self._tensor(np.array(per_frame)),
        }

    def _describe(self, indices: list[int]) -> list[_FrameFeatures]:
        """Features of some frames from one graph, which holds the pairs of one frame after the other."""
        graph = build([self.frames[i] for i in indices], self.acsf.cutoff, device=str(self.device))
        atoms = [len(self.frames[i]) for i in indices]
        pairs = torch.bincount(graph.frame[graph.source], minlength=graph.n_frames).tolist()
        starts = np.cumsum([0, *atoms[:-1]]).tolist()
        by_atom = [self.acsf.features(graph), self.acsf.element(graph.numbers)]
        by_pair = [graph.source, graph.target, graph.vectors, self.acsf.jacobian(graph)]
        split = [*(x.split(atoms) for x in by_atom), *(x.split(pairs) for x in by_pair)]
        return [
            _FrameFeatures(self._tensor(f), e, s - n, t - n, self._tensor(v), self._tensor(j).clone())
            for n, f, e, s, t, v, j in zip(starts, *split, strict=True)
        ]

    def _tensor(self, values: object) -> torch.Tensor:
        return torch.as_tensor(values, dtype=self.dtype, device=self.device)


def energies_and_derivatives(
    energies: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], batch: Batch, columns: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Energies per frame, and forces and stresses by the chain rule through the precomputed Jacobians.

    Parameters
    ----------
    energies : callable
        Features and elements -> energy of each atom, eV.
    columns : (n_species, n_columns) int
        `ACSF.columns`.

    Returns
    -------
    energy : (n_frames,) eV
    forces : (n, 3) eV/Å
    stress : (n_frames, 6) eV/Å³, Voigt; 0 where the volume is infinite
        All three differentiable with respect to the weights.
    """
    features = batch.features.detach().requires_grad_()
    atoms = energies(features, batch.element)
    (gradient,) = torch.autograd.grad(atoms.sum(), features, create_graph=True)
    # ∂E/∂G of the source, the columns of the target's element: two selections of whole rows are fastest
    by_element = gradient[:, columns.flatten()].view(-1, columns.shape[1])
    rows = by_element.index_select(0, batch.source * len(columns) + batch.element[batch.target])
    pair = torch.einsum("pc,pcx->px", rows, batch.jacobian)
    forces = torch.zeros_like(batch.forces).index_add(0, batch.target, -pair).index_add(0, batch.source, pair)
    virial = (batch.vectors[:, :, None] * pair[:, None, :]).flatten(1)
    virial = virial.new_zeros(len(batch.sizes), 9).index_add(0, batch.frame[batch.source], virial)
    stress = (virial + virial.view(-1, 3, 3).mT.flatten(1)) / 2 / batch.volume[:, None]
    energy = atoms.new_zeros(len(batch.sizes)).index_add(0, batch.frame, atoms)
    return energy, forces, stress[:, VOIGT_FLAT]


def _volume(atoms: Atoms) -> float:
    """Volume, Å³; infinite where a direction is not periodic and the stress not defined."""
    return atoms.get_volume() if atoms.pbc.all() else float("inf")
