"""Batches of training frames with precomputed symmetry functions: an epoch costs the network alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from mlffbench.potentials.networks.acsf_frames import DescribedFrames
from mlffbench.potentials.networks.batches import LossWeights
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.padding import Shapes

__all__ = ["VOIGT", "Batch", "TrainingFrames", "places"]

VOIGT = [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]  # rows and columns of xx yy zz yz xz xy


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


class TrainingFrames:
    """Described frames as one network sees them, standardised, and their loss.

    The loss is w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨ΔS²⟩ with means over the known labels of a batch. Forces and
    stresses follow by the chain rule through the Jacobians. `loss` and `error` do not wait for the device.

    Parameters
    ----------
    described : DescribedFrames
    network : ElementNetworks
    options : LossWeights
    """

    def __init__(self, described: DescribedFrames, network: ElementNetworks, options: LossWeights) -> None:
        self.described, self.network, self.options = described, network, options
        self.n_elements = len(network.mean)
        element = torch.as_tensor(described.element, device=described.device)
        x = torch.zeros_like(described.features, dtype=network.dtype)
        x[:-1] = ((described.features[:-1] - network.mean[element]) / network.width[element]).to(x.dtype)
        self.x, self.scale = x, network.scale.to(x.dtype)
        self.unit = (network.scale / network.width).to(x.dtype)[:, None]  # ∂E/∂G = unit · ∂N/∂x
        self.voigt = [torch.tensor(part, device=described.device) for part in VOIGT]
        self._read_labels()

    def _read_labels(self) -> None:
        d, labels = self.described, self.described.labels
        self.sizes = np.diff(d.atoms)
        self.energy = labels.energy - self.sizes * self.network.shift.item()
        shapes = [(int(n), 3) for n in self.sizes]
        self.forces = np.concatenate([*_filled(labels.forces, shapes), np.full((1, 3), np.nan)])
        self.stress = np.array(_filled(labels.stress, [(6,)] * len(d.frames)))
        self.per_volume = np.array([1 / a.get_volume() if a.pbc.all() else 0.0 for a in d.frames])
        stresses = self.options.stress_weight > 0 and not np.isnan(self.stress).all()
        self.fits_stress = bool(stresses)
        self.fits_forces = bool(self.options.forces_weight > 0 and not np.isnan(self.forces).all())

    def shapes(self, indices: Sequence[int], batch_size: int) -> Shapes:
        """Shapes that all batches of these frames are padded to: places of each element, and pairs."""
        d = self.described
        commonest = [np.bincount(d.element[d.atoms_of([i])]).max() for i in indices]
        return Shapes.of(commonest, np.diff(d.pairs)[list(indices)], batch_size)

    # ------------------------------------------------------------ on the host
    def batch(self, indices: Sequence[int], shapes: Shapes | None = None) -> Batch:
        """The batch of some frames, padded if shapes are given and all Jacobians are kept."""
        d = self.described
        kept = [i for i in indices if i < d.n_kept]
        recomputed = [i for i in indices if i >= d.n_kept]
        frames = np.array([*kept, *recomputed])
        atoms = d.atoms_of(frames)
        pairs, m = d.pairs_of(frames), int(np.bincount(d.element[atoms]).max())
        n_frames, n_pairs = len(frames) + 1, len(pairs)
        if shapes is not None and not recomputed:
            n_frames, (m, n_pairs) = shapes.frames, shapes.least(m, len(pairs))
        integers = self._indices(frames, atoms, pairs, m, n_pairs, n_frames - 1)
        integers["pair"] = integers["pair"][: n_pairs - len(d.pairs_of(recomputed))]
        vectors, jacobian = d.pair_values(recomputed) if recomputed else (d.vectors[:0], d.jacobian[:0])
        return Batch(
            **_sent(integers, torch.long, d.device),
            **_sent(self._labels(frames, integers["atom"], n_frames), self.x.dtype, d.device),
            vectors=vectors,
            jacobian=jacobian,
        )

    def _indices(
        self, frames: np.ndarray, atoms: np.ndarray, pairs: np.ndarray, m: int, n_pairs: int, last: int
    ) -> dict[str, np.ndarray]:
        """Places of atoms, and the pairs between places; `last` is the frame of places without an atom."""
        d = self.described
        place, order = places(d.element[atoms], self.n_elements, m)
        atom = np.full(self.n_elements * m, len(d.element))
        frame = np.full(self.n_elements * m, last)
        atom[place] = atoms[order]
        frame[place] = np.repeat(np.arange(len(frames)), self.sizes[frames])[order]
        at = np.empty(len(d.element), dtype=int)
        at[atoms[order]] = place
        source, target = at[d.source[pairs]], at[d.target[pairs]]
        filled = lambda values, value: np.concatenate([values, np.full(n_pairs - len(values), value)])
        return {
            "atom": atom,
            "frame": frame,
            "pair": filled(pairs, len(d.jacobian) - 1),
            "source": filled(source, 0),
            "target": filled(target, 0),
            "row": filled(source * self.n_elements + d.element[d.target[pairs]], 0),
            "pair_frame": filled(frame[source], last),
        }

    def _labels(self, frames: np.ndarray, atom: np.ndarray, n_frames: int) -> dict[str, np.ndarray]:
        """Labels and their weights, one after the other."""
        o, n = self.options, len(frames)
        errors = [(self.energy[frames], o.energy_weight / n / self.sizes[frames] ** 2)]
        forces, stress = self.forces[atom], self.stress[frames]
        if self.fits_forces:
            errors.append((forces, o.forces_weight / max((~np.isnan(forces)).sum(), 1)))
        if self.fits_stress:
            errors.append((stress, o.stress_weight / max((~np.isnan(stress)).sum(), 1)))
        filled = lambda x, rows: np.concatenate([x.ravel(), np.zeros((rows - len(x)) * x[0].size)])
        rows = [n_frames, len(atom), n_frames]
        known = [(np.nan_to_num(label), np.where(np.isnan(label), 0.0, weight)) for label, weight in errors]
        return {
            "labels": np.concatenate([filled(x, r) for (x, _), r in zip(known, rows, strict=False)]),
            "weights": np.concatenate([filled(w, r) for (_, w), r in zip(known, rows, strict=False)]),
            "per_volume": filled(self.per_volume[frames], n_frames),
            "count": np.array([float(n)]),
        }

    # ------------------------------------------------------------ on the device
    def loss(self, batch: Batch) -> torch.Tensor:
        """Weighted mean of the squared errors of a batch."""
        error = self.predicted(batch) - batch.labels
        return (batch.weights * error) @ error

    def error(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss of a validation batch times its frames, and the number of frames."""
        with torch.no_grad():
            count = batch.count.squeeze(0)
            return self.loss(batch) * count, count

    def predicted(self, batch: Batch) -> torch.Tensor:
        """Energies without those of mean atoms, forces and stresses as in `Batch.labels`."""
        x = self.x.index_select(0, batch.atom).view(self.n_elements, -1, self.x.shape[1])
        fits_gradient = self.fits_forces or self.fits_stress
        energy, slope = self.network.with_gradient(x) if fits_gradient else (self.network(x), x)
        energy = x.new_zeros(len(batch.per_volume)).index_add(0, batch.frame, energy.flatten() * self.scale)
        if not fits_gradient:
            return energy
        pair = self._pair_gradients((slope * self.unit).flatten(0, 1), batch)
        forces = x.new_zeros(len(batch.atom), 3)
        forces = forces.index_add(0, batch.source, pair).index_add(0, batch.target, pair, alpha=-1)
        values = [energy, forces.flatten()] if self.fits_forces else [energy]
        return torch.cat([*values, self._stress(pair, batch).flatten()] if self.fits_stress else values)

    def _pair_gradients(self, gradient: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Σ ∂E/∂G ∂G/∂r_ij of each pair, (p, 3), from ∂E/∂G at each place."""
        # first the features that a neighbour of each element changes, then the row of each pair's neighbour
        rows = self.described.functions.by_neighbour(gradient).index_select(0, batch.row)
        jacobian = _joined(self.described.jacobian, batch.pair, batch.jacobian)
        return _Contraction.apply(jacobian, rows)

    def _stress(self, pair: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Σ r_ij ∂E/∂r_ij / V of each frame, (n_frames, 6); it is symmetric, as energies do not turn."""
        vectors = _joined(self.described.vectors, batch.pair, batch.vectors)
        rows, columns = self.voigt
        virial = vectors.index_select(1, rows) * pair.index_select(1, columns)
        virial = pair.new_zeros(len(batch.per_volume), 6).index_add(0, batch.pair_frame, virial)
        return virial * batch.per_volume[:, None]


class _Contraction(torch.autograd.Function):
    """Σ_c J[p, x, c] g[p, c], differentiable by g in half the time that torch's own derivative takes."""

    @staticmethod
    def forward(ctx: Any, jacobian: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(jacobian)
        return torch.bmm(jacobian, rows[:, :, None]).squeeze(2)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[None, torch.Tensor]:
        (jacobian,) = ctx.saved_tensors
        (jx, jy, jz), (gx, gy, gz) = jacobian.unbind(1), gradient[:, :, None].unbind(1)
        return None, torch.addcmul(torch.addcmul(jx * gx, jy, gy), jz, gz)


def _joined(kept: torch.Tensor, pair: torch.Tensor, recomputed: torch.Tensor) -> torch.Tensor:
    values = kept.index_select(0, pair)
    return torch.cat([values, recomputed]) if len(recomputed) else values


def _filled(
    labels: Sequence[np.ndarray | None] | None, shapes: Sequence[tuple[int, ...]]
) -> list[np.ndarray]:
    """Labels of each frame, NaN where they are missing."""
    each = labels or [None] * len(shapes)
    return [np.full(s, np.nan) if x is None else np.asarray(x) for x, s in zip(each, shapes, strict=True)]


def _sent(arrays: dict[str, np.ndarray], dtype: torch.dtype, device: torch.device) -> dict[str, torch.Tensor]:
    """Tensors of some arrays by one copy to the device, which the host does not wait for."""
    joined = torch.as_tensor(np.concatenate([*arrays.values()])).to(dtype)
    if device.type == "cuda":
        joined = joined.pin_memory().to(device, non_blocking=True)
    sizes = [len(a) for a in arrays.values()]
    return dict(zip(arrays, joined.split(sizes), strict=True))
