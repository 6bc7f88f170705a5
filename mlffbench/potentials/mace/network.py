"""mace-torch's models with their weights in other layers: atoms by element, undirected pairs, no scatter."""

from __future__ import annotations

from typing import Any

import torch

from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.convolution import NeighbourConvolution, is_convertible
from mlffbench.potentials.mace.library import mace
from mlffbench.potentials.mace.linear import ChannelLinear, ElementLinear, Features
from mlffbench.potentials.mace.neighbours import Neighbours
from mlffbench.potentials.mace.spherical_harmonics import SphericalHarmonics
from mlffbench.potentials.mace.symmetric_contraction import JacobianContraction

__all__ = ["FusedMACE"]

INTERACTIONS = ("RealAgnosticInteractionBlock", "RealAgnosticResidualInteractionBlock")
READOUTS = ("LinearReadoutBlock", "NonLinearReadoutBlock")


class FusedMACE(torch.nn.Module):
    """Energies, forces and stresses of mace-torch's ScaleShiftMACE from the same parameters.

    Pairs are undirected, so radial functions and harmonics are computed once for both directions; forces and
    stresses are sums of the energy's derivative by the pairs' vectors.

    Parameters
    ----------
    original : mace.modules.ScaleShiftMACE
        Its submodules become this module's under their own names.

    Raises
    ------
    NotImplementedError
        It has a layer that is not known here.
    """

    def __init__(self, original: Any) -> None:
        super().__init__()
        _check(original)
        self._original = (original,)
        for name, child in original.named_children():
            self.add_module(name, child)
        self.embedding = ChannelLinear(original.node_embedding.linear)
        self.harmonics = SphericalHarmonics(original.spherical_harmonics, mace().wigner_3j)
        self.layers = torch.nn.ModuleList(
            _Layer(*blocks) for blocks in zip(original.interactions, original.products, strict=True)
        )
        self.outputs = torch.nn.ModuleList(_Readout(r) for r in original.readouts)
        self.to(next(original.parameters()).device)

    def forward(
        self, batch: Batch, training: bool = False, compute_force: bool = True, compute_stress: bool = False
    ) -> dict[str, torch.Tensor]:
        """``energy`` (frames,), ``forces`` (n, 3) in the batch's order, ``stress`` (frames, 3, 3); eV, Å."""
        vectors = self.vectors(batch)
        if not compute_force:
            return {"energy": self._energies(vectors, batch)}
        vectors = vectors.detach().requires_grad_()
        energy = self._energies(vectors, batch)
        (slope,) = torch.autograd.grad(energy.sum(), vectors, create_graph=training)
        results = {"energy": energy, "forces": self.forces(slope, batch)}
        if compute_stress:
            virials = (vectors.unsqueeze(2) * slope.unsqueeze(1)).flatten(1)
            frame = batch["batch"].index_select(0, batch["undirected"][0])
            virial = virials.new_zeros(len(energy), 9).index_add(0, frame, virials)
            virial = virial.view(-1, 3, 3)
            results["stress"] = (virial + virial.mT) / (2 * batch["volume"][:, None, None])
        return results

    def last_features(self, batch: Batch, vectors: torch.Tensor) -> torch.Tensor:
        """Inputs of the linear layers whose outputs are summed to energies of atoms, (n, n_features) eV.

        Those of all readouts beside each other, times the factor that multiplies the outputs. The energies'
        derivatives by weights are sums of them over atoms.
        """
        readouts: Any = self.outputs
        pairs = zip(self._scalars(vectors, batch), readouts, strict=True)
        features = torch.cat([r.features(scalars) * r.factor for scalars, r in pairs], dim=2)
        return features.squeeze(1) * self._original[0].scale_shift.scale

    def vectors(self, batch: Batch) -> torch.Tensor:
        """Vectors of the undirected pairs, (p, 3) Å, from the second atom's image to the first."""
        receiver, sender = batch["undirected"]
        positions = batch["positions"]
        return positions.index_select(0, receiver) - positions.index_select(0, sender) + batch["shifts"]

    @staticmethod
    def forces(slope: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Forces on the atoms, (n, 3), from an energy's derivative by the pairs' vectors, (p, 3)."""
        on_receivers = batch.neighbours.spread(torch.cat([slope, -slope]))
        return -on_receivers.view(len(batch["positions"]), -1, 3).sum(dim=1)

    def _energies(self, vectors: torch.Tensor, batch: Batch) -> torch.Tensor:
        """(frames,) eV of the undirected pairs' vectors (p, 3)."""
        pairs = zip(self._scalars(vectors, batch), self.outputs, strict=True)
        energies = [readout(scalars) for scalars, readout in pairs]
        original = self._original[0]
        scale, shift = original.scale_shift.scale, original.scale_shift.shift
        atomic = torch.stack(energies).sum(dim=0) * scale + shift
        return atomic.new_zeros(len(batch["energy"])).index_add(0, batch["batch"], atomic.flatten())

    def _scalars(self, vectors: torch.Tensor, batch: Batch) -> list[torch.Tensor]:
        """Scalar features of the atoms after each layer, (n, 1, channels)."""
        original, elements, neighbours = self._original[0], batch["node_attrs"], batch.neighbours
        lengths = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        half = self.harmonics(vectors, lengths)
        harmonics = neighbours.spread(torch.cat([half, half * self.harmonics.parity]))
        radial, cutoff = original.radial_embedding(
            lengths, elements, batch["undirected"].flip(0), original.atomic_numbers
        )
        features = self.embedding({0: elements.unsqueeze(1)})
        scalars = []
        for layer in self.layers:
            features = layer(features, elements, batch["counts"], (harmonics, radial, cutoff), neighbours)
            scalars.append(features[0])
        return scalars


class _Layer(torch.nn.Module):
    """An interaction, whose messages go through the symmetric contraction."""

    def __init__(self, interaction: Any, product: Any) -> None:
        super().__init__()
        self._radial = (interaction.conv_tp_weights,)
        self.up = ChannelLinear(interaction.linear_up)
        self.convolution = NeighbourConvolution(interaction.conv_tp, mace().wigner_3j)
        self.down = ChannelLinear(interaction.linear)
        self.scale = 1 / float(interaction.avg_num_neighbors)
        self.skip = ElementLinear(interaction.skip_tp)
        self.residual = type(interaction).__name__ == INTERACTIONS[1]
        self.contraction = JacobianContraction(product.symmetric_contractions)
        self.last = ChannelLinear(product.linear)
        self.orders = [ir.l for _, ir in product.linear.irreps_in]
        self.n_inputs = sum(ir.dim for _, ir in interaction.linear_up.irreps_out)
        self.n_components = sum(ir.dim for _, ir in interaction.linear.irreps_out)
        self.n_outputs = sum(2 * order + 1 for order in self.orders)
        self.n_paths, self.n_monomials = len(self.convolution.paths), self.contraction.n_monomials

    def forward(
        self,
        features: Features,
        elements: torch.Tensor,
        counts: tuple[int, ...],
        pairs: tuple[torch.Tensor, torch.Tensor, torch.Tensor | None],
        neighbours: Neighbours,
    ) -> Features:
        harmonics, radial, cutoff = pairs
        weights = self._radial[0](radial)
        weights = weights if cutoff is None else weights * cutoff
        up = self.up(features)
        nodes = torch.cat([up[order] for order in sorted(up)], dim=1)
        messages = self.down(self.convolution(nodes, harmonics, weights, neighbours), self.scale)
        skipped = self.skip(features if self.residual else messages, elements)
        messages = messages if self.residual else skipped
        joined = torch.cat([messages[order] for order in sorted(messages)], dim=1)
        values = self.contraction(joined, counts).split([2 * order + 1 for order in self.orders], dim=1)
        outputs = self.last(dict(zip(self.orders, values, strict=True)))
        if self.residual:
            outputs = {k: v + skipped[k] if k in skipped else v for k, v in outputs.items()}
        return outputs


class _Readout(torch.nn.Module):
    """Energies of atoms, (n, 1), of scalars (n, 1, channels)."""

    def __init__(self, original: Any) -> None:
        super().__init__()
        linear = type(original).__name__ == READOUTS[0]
        self.first = ChannelLinear(original.linear if linear else original.linear_1)
        self.second = None if linear else ChannelLinear(original.linear_2)
        self._gate: tuple[Any, ...] = () if linear else (original.non_linearity,)

    def forward(self, scalars: torch.Tensor) -> torch.Tensor:
        return self.last({0: self.features(scalars)})[0].squeeze(1)

    @property
    def last(self) -> ChannelLinear:
        return self.first if self.second is None else self.second

    @property
    def factor(self) -> float:
        """Number that the last weights are multiplied by."""
        return self.last.rows[0][3]

    def features(self, scalars: torch.Tensor) -> torch.Tensor:
        """Inputs of the last linear map, (n, 1, features)."""
        return scalars if self.second is None else self._gate[0](self.first({0: scalars})[0])


def _check(original: Any) -> None:
    """Raise a NotImplementedError for a model with a layer that is not known here."""
    known = (
        type(original).__name__ == "ScaleShiftMACE"
        and all(type(i).__name__ in INTERACTIONS and is_convertible(i.conv_tp) for i in original.interactions)
        and all(type(p.symmetric_contractions).__name__ == "SymmetricContraction" for p in original.products)
        and all(type(r).__name__ in READOUTS for r in original.readouts)
        and not any(hasattr(original, name) for name in ("pair_repulsion", "joint_embedding"))
        and not any(p.use_agnostic_product for p in original.products)
        and len(original.heads) == 1 == original.scale_shift.scale.numel()
        and len(original.readouts) == len(original.interactions)
    )
    if not known:
        raise NotImplementedError("the fused kernels do not know all layers of this model")
