"""Batches of training frames with precomputed symmetry functions, as indices of kept values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mlffbench.potentials.networks.acsf_frames import DescribedFrames
from mlffbench.potentials.networks.batches import LossWeights
from mlffbench.potentials.networks.padding import Shapes

__all__ = ["Batch", "Batches", "places"]


@dataclass(frozen=True)
class Batch:
    """Indices, labels and weights of some frames; features and Jacobians stay where they are.

    Atoms are grouped by element, in as many places for each as the commonest element needs. Places without
    an atom and pairs that fill up the shapes point to the last row, which is zero, and to the last frame,
    whose labels weigh nothing.

    Attributes
    ----------
    atom : (n_elements · m,) int tensor, row of the atom at each place
    frame : (n_elements · m,) int tensor
    pair : (p_kept,) int tensor, row of each pair with a kept Jacobian
    source, target : (p,) int tensors, places
    row : (p,) int tensor, source · n_elements + element of the target
    pair_frame : (p,) int tensor
    labels : (n_labels,) tensor: energies without those of mean atoms, forces, stresses; eV, Å
    weights : (n_labels,) tensor, of the squared errors; zero for a missing label
    per_volume : (n_frames,) tensor, Å⁻³; zero where the stress is not defined
    count : (1,) tensor, frames
    vectors, jacobian : of pairs whose Jacobians are not kept, (p − p_kept, 3) and (p − p_kept, 3, n_columns)
    """

    atom: torch.Tensor
    frame: torch.Tensor
    pair: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor
    row: torch.Tensor
    pair_frame: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    per_volume: torch.Tensor
    count: torch.Tensor
    vectors: torch.Tensor
    jacobian: torch.Tensor


def places(element: np.ndarray, n_elements: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Sort atoms by element into a table with a row of m places for each.

    Returns
    -------
    place : (n,) int array
        Places of the sorted atoms.
    order : (n,) int array
        Their numbers.
    """
    order = np.argsort(element, kind="stable")
    sorted_ = element[order]
    rank = np.arange(len(element)) - np.searchsorted(sorted_, np.arange(n_elements))[sorted_]
    return sorted_ * m + rank, order


class Batches:
    """Batches of described frames, put together on the host and sent by one copy of each kind of numbers.

    Parameters
    ----------
    described : DescribedFrames
    shift : float
        Energy of a mean atom, eV, which is not in the labels of batches.
    options : LossWeights
    dtype : torch.dtype
        Of labels and weights.

    Attributes
    ----------
    fits_forces, fits_stress : bool
        True if some are labelled and weigh something.
    """

    def __init__(
        self, described: DescribedFrames, shift: float, options: LossWeights, dtype: torch.dtype
    ) -> None:
        d, labels = described, described.labels
        self.described, self.options, self.dtype = described, options, dtype
        self.n_elements, self.sizes = len(d.acsf.species_), np.diff(d.atoms)
        self.energy = labels.energy - self.sizes * shift
        shapes = [(int(n), 3) for n in self.sizes]
        forces = np.concatenate([*_with_nan(labels.forces, shapes), np.full((1, 3), np.nan)])
        stress = np.array(_with_nan(labels.stress, [(6,)] * len(d.frames)))
        self.forces, self.stress = ((np.nan_to_num(x), ~np.isnan(x)) for x in (forces, stress))
        self.per_volume = np.array([1 / a.get_volume() if a.pbc.all() else 0.0 for a in d.frames])
        self.fits_forces = bool(options.forces_weight > 0 and self.forces[1].any())
        self.fits_stress = bool(options.stress_weight > 0 and self.stress[1].any())

    def shapes(self, indices: Sequence[int], batch_size: int) -> Shapes:
        """Shapes that all batches of these frames are padded to: places of each element, and pairs."""
        d = self.described
        commonest = [np.bincount(d.element[d.atoms_of([i])]).max() for i in indices]
        return Shapes.of(commonest, np.diff(d.pairs)[list(indices)], batch_size)

    def batch(
        self, indices: Sequence[int], shapes: Shapes | None = None, whole: Sequence[int] | None = None
    ) -> Batch:
        """The batch of some frames, padded if shapes are given and all Jacobians are kept.

        A part of a whole batch has its share of that batch's loss.
        """
        d = self.described
        kept = [i for i in indices if i < d.n_kept]
        others = [i for i in indices if i >= d.n_kept]
        frames, pairs = np.array([*kept, *others]), d.pairs_of(kept)
        ends, vectors, jacobian = d.ends[:, pairs], d.vectors[:0], d.jacobian[:0]
        if others:
            more, vectors, jacobian = d.recomputed(others)
            ends = np.concatenate([ends, more], axis=1)
        atoms = d.atoms_of(frames)
        m, n_frames, n_pairs = int(np.bincount(d.element[atoms]).max()), len(frames) + 1, len(pairs)
        if shapes is not None and not others:
            n_frames, (m, n_pairs) = shapes.frames, shapes.least(m, len(pairs))
        integers = {
            **self._places(frames, atoms, m, n_frames - 1),
            "pair": _filled(pairs, n_pairs, len(d.jacobian) - 1),
        }
        integers |= self._ends(
            ends, integers["atom"], integers["frame"], n_pairs + ends.shape[1] - len(pairs)
        )
        return Batch(
            **_sent(integers, torch.long, d.device),
            **_sent(self._labels(frames, integers["atom"], n_frames, whole), self.dtype, d.device),
            vectors=vectors,
            jacobian=jacobian,
        )

    def _places(self, frames: np.ndarray, atoms: np.ndarray, m: int, last: int) -> dict[str, np.ndarray]:
        """Atom and frame of each place; `last` is the frame of places without an atom."""
        d = self.described
        place, order = places(d.element[atoms], self.n_elements, m)
        atom = np.full(self.n_elements * m, len(d.element))
        frame = np.full(self.n_elements * m, last)
        atom[place] = atoms[order]
        frame[place] = np.repeat(np.arange(len(frames)), self.sizes[frames])[order]
        return {"atom": atom, "frame": frame}

    def _ends(
        self, ends: np.ndarray, atom: np.ndarray, frame: np.ndarray, size: int
    ) -> dict[str, np.ndarray]:
        """Places of the atoms of each pair; pairs that fill up lie in the last frame, at the first place."""
        d = self.described
        at = np.empty(len(d.element) + 1, dtype=int)
        at[atom] = np.arange(len(atom))
        source, target = at[ends]
        return {
            "source": _filled(source, size, 0),
            "target": _filled(target, size, 0),
            "row": _filled(source * self.n_elements + d.element[ends[1]], size, 0),
            "pair_frame": _filled(frame[source], size, frame.max()),
        }

    def _labels(
        self, frames: np.ndarray, atom: np.ndarray, n_frames: int, whole: Sequence[int] | None
    ) -> dict[str, np.ndarray]:
        """Labels and their weights, one after the other; zero in places without a label."""
        o, n = self.options, len(frames)
        mean = frames if whole is None else np.asarray(whole, dtype=int)  # frames that the means are over
        values = [_with_zeros(self.energy[frames], n_frames)]
        weights = [_with_zeros(o.energy_weight / len(mean) / self.sizes[frames] ** 2, n_frames)]
        fitted = [
            (self.fits_forces, self.forces, atom, self.described.atoms_of(mean), o.forces_weight, len(atom)),
            (self.fits_stress, self.stress, frames, mean, o.stress_weight, n_frames),
        ]
        for fits, (labels, known), chosen, counted, weight, rows in fitted:
            if fits:
                values.append(_with_zeros(labels[chosen], rows))
                weights.append(_with_zeros(known[chosen] * (weight / max(known[counted].sum(), 1)), rows))
        return {
            "labels": np.concatenate(values),
            "weights": np.concatenate(weights),
            "per_volume": _with_zeros(self.per_volume[frames], n_frames),
            "count": np.array([float(n)]),
        }


def _with_nan(
    labels: Sequence[np.ndarray | None] | None, shapes: Sequence[tuple[int, ...]]
) -> list[np.ndarray]:
    """Labels of each frame, NaN where they are missing."""
    each = labels or [None] * len(shapes)
    return [np.full(s, np.nan) if x is None else np.asarray(x) for x, s in zip(each, shapes, strict=True)]


def _filled(values: np.ndarray, size: int, value: int) -> np.ndarray:
    return np.concatenate([values, np.full(size - len(values), value)])


def _with_zeros(values: np.ndarray, rows: int) -> np.ndarray:
    """The values one after the other, and zeros for the rows that lack."""
    return np.concatenate([values.ravel(), np.zeros((rows - len(values)) * values[0].size)])


def _sent(arrays: dict[str, np.ndarray], dtype: torch.dtype, device: torch.device) -> dict[str, torch.Tensor]:
    """Tensors of some arrays by one copy to the device, which the host does not wait for."""
    joined = torch.as_tensor(np.concatenate([*arrays.values()])).to(dtype)
    if device.type == "cuda":
        joined = joined.pin_memory().to(device, non_blocking=True)
    sizes = [len(a) for a in arrays.values()]
    return dict(zip(arrays, joined.split(sizes), strict=True))
