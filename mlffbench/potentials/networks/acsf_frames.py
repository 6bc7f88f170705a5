"""Training frames with symmetry functions and their Jacobians, computed once and kept on the device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.acsf import ACSF
from mlffbench.descriptors.environments import parts
from mlffbench.descriptors.graph import Graph, build
from mlffbench.system.batch_size import batch_bytes

__all__ = ["DescribedFrames"]


class DescribedFrames:
    """Frames with features of all atoms and, of the first frames, the Jacobians that `cache_bytes` hold.

    Atoms and pairs of all frames are numbered one after the other. Numbers and indices stay on the host,
    which makes batches of them; features and Jacobians stay on the device, each with a last row of zeros for
    atoms and pairs that fill up a batch. They are computed in double precision and kept in `dtype`.

    Attributes
    ----------
    features : (n + 1, n_features) float64 tensor
    jacobian : (p_kept + 1, 3, n_columns) tensor, Å⁻¹
    vectors : (p_kept + 1, 3) tensor, Å
    element : (n,) int array, index of each atom's species
    ends : (2, p) int array, numbers of the atoms source and target of each pair
    atoms, pairs : (n_frames + 1,) int arrays, where each frame's begin
    n_kept : int, number of frames with kept Jacobians
    """

    def __init__(
        self,
        acsf: ACSF,
        frames: Sequence[Atoms],
        labels: Labels,
        dtype: torch.dtype,
        device: torch.device,
        cache_bytes: float,
    ) -> None:
        self.acsf, self.frames, self.labels = acsf, frames, labels
        self.dtype, self.device = dtype, device
        self.functions = acsf.functions(device)
        graph = build(frames, acsf.cutoff, device=str(device))
        self.ends = torch.stack([graph.source, graph.target]).cpu().numpy()
        self.atoms = np.cumsum([0, *(len(a) for a in frames)])
        self.pairs = np.searchsorted(self.ends[0], self.atoms)
        self.element = acsf.element(graph.numbers).cpu().numpy()
        n_columns = self.functions.columns.shape[1]
        row = (n_columns + 1) * 3 * torch.empty(0, dtype=dtype).element_size()
        self.n_kept = int(np.searchsorted(self.pairs[1:] * row, cache_bytes, side="right"))
        kept = int(self.pairs[self.n_kept])
        n_features = len(acsf.get_feature_names_out())
        self.features = torch.zeros(len(self.element) + 1, n_features, dtype=torch.float64, device=device)
        self.jacobian = torch.zeros(kept + 1, 3, n_columns, dtype=dtype, device=device)
        self.vectors = torch.zeros(kept + 1, 3, dtype=dtype, device=device)
        self._describe(graph, kept)

    def _describe(self, graph: Graph, kept: int) -> None:
        """Write features of all atoms, and Jacobians of the first pairs."""
        element = self.acsf.element(graph.numbers)
        for part in parts(graph, element, self.acsf.cutoff, self._triplets()):
            values = self.functions(part.environments)
            self.features[part.atoms] = values.features()
            n = min(part.pairs.stop, kept) - part.pairs.start
            if n > 0:
                own = slice(part.pairs.start, part.pairs.start + n)
                self.jacobian[own] = values.jacobian()[:n].to(self.dtype)
                self.vectors[own] = part.environments.vectors[:n].to(self.dtype)

    def recomputed(self, indices: Sequence[int]) -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
        """Pairs of frames that found no room.

        Returns
        -------
        ends : (2, p) int array, numbers of the atoms source and target
        vectors : (p, 3) tensor, Å
        jacobian : (p, 3, n_columns) tensor, Å⁻¹
        """
        graph = build([self.frames[i] for i in indices], self.acsf.cutoff, device=str(self.device))
        element = self.acsf.element(graph.numbers)
        each = parts(graph, element, self.acsf.cutoff, self._triplets())
        jacobians = [self.functions(part.environments).jacobian().to(self.dtype) for part in each]
        ends = self.atoms_of(indices)[torch.stack([graph.source, graph.target]).cpu().numpy()]
        return ends, graph.vectors.to(self.dtype), torch.cat(jacobians)

    def _triplets(self) -> float:
        """Triplets at a time that the memory holds with their derivatives by two vectors."""
        per_triplet = 8 * 8 * len(self.functions.place)
        return batch_bytes(self.device) / per_triplet

    def atoms_of(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Numbers of the atoms of some frames, one frame after the other."""
        return _ranges(self.atoms, np.asarray(indices, dtype=int))

    def pairs_of(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Numbers of the pairs of some frames."""
        return _ranges(self.pairs, np.asarray(indices, dtype=int))


def _ranges(starts: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Concatenate the ranges from starts[i] to starts[i + 1]."""
    counts = starts[indices + 1] - starts[indices]
    ends = counts.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts[indices] - ends + counts, counts)
