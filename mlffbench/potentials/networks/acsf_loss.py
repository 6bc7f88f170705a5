"""Loss of element networks on precomputed symmetry functions: an epoch costs the networks alone."""

from __future__ import annotations

from typing import Any

import torch

from mlffbench.potentials.networks.acsf_batches import Batch, Batches
from mlffbench.potentials.networks.acsf_frames import DescribedFrames
from mlffbench.potentials.networks.batches import LossWeights
from mlffbench.potentials.networks.element_networks import ElementNetworks

__all__ = ["VOIGT", "TrainingFrames"]

VOIGT = [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]  # rows and columns of xx yy zz yz xz xy


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
        self.described, self.network = described, network
        self.n_elements = len(network.mean)
        element = torch.as_tensor(described.element, device=described.device)
        x = torch.zeros_like(described.features, dtype=network.dtype)
        x[:-1] = ((described.features[:-1] - network.mean[element]) / network.width[element]).to(x.dtype)
        self.x, self.scale = x, network.scale.to(x.dtype)
        self.unit = (network.scale / network.width).to(x.dtype)[:, None]  # ∂E/∂G = unit · ∂N/∂x
        self.voigt = [torch.tensor(part, device=described.device) for part in VOIGT]
        self.batches = Batches(described, network.shift.item(), options, x.dtype)

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
        b = self.batches
        fits_gradient = b.fits_forces or b.fits_stress
        energy, slope = self.network.with_gradient(x) if fits_gradient else (self.network(x), x)
        energy = x.new_zeros(len(batch.per_volume)).index_add(0, batch.frame, energy.flatten() * self.scale)
        if not fits_gradient:
            return energy
        pair = self._pair_gradients((slope * self.unit).flatten(0, 1), batch)
        forces = x.new_zeros(len(batch.atom), 3)
        forces = forces.index_add(0, batch.source, pair).index_add(0, batch.target, pair, alpha=-1)
        values = [energy, forces.flatten()] if b.fits_forces else [energy]
        return torch.cat([*values, self._stress(pair, batch).flatten()] if b.fits_stress else values)

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
