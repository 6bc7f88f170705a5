"""Predictions of element networks on symmetry functions, with forces and stresses in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.acsf import ACSF
from mlffbench.descriptors.environments import Environments, Part, padded, parts
from mlffbench.descriptors.graph import Graph, build
from mlffbench.potentials.networks.acsf_batches import places
from mlffbench.potentials.networks.acsf_loss import VOIGT
from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.system.batch_size import batch_bytes
from mlffbench.system.cuda_graph import CapturedFunction, captures

__all__ = ["Evaluation", "PreparedFrames", "prepared"]

ARRAYS = 10  # of one number for each triplet and function, at a time
LEAST = 50_000  # triplets of a part: the calls for fewer take longer than the memory for more
CAPTURED = 200_000  # triplets: kernels of larger batches take longer than their launches


@dataclass(frozen=True)
class Places:
    """Environments of some atoms with their places in a table of elements, as networks take them.

    Attributes
    ----------
    environments : Environments
    atom : (n_elements · m,) int tensor, the atom at each place; any where there is none
    place : (n,) int tensor, the place of each atom
    """

    environments: Environments
    atom: torch.Tensor
    place: torch.Tensor


@dataclass(frozen=True)
class PreparedFrames:
    """Frames with their pairs and triplets, in parts that fit into memory."""

    graph: Graph
    parts: list[tuple[Part, Places]]
    sizes: list[int]
    per_volume: np.ndarray  # (n_frames,) Å⁻³, zero where the stress is not defined


def prepared(acsf: ACSF, frames: Sequence[Atoms], device: str) -> PreparedFrames:
    """Neighbours and pairs of neighbours of all atoms."""
    graph = build(frames, acsf.cutoff, device=device)
    element, n_functions = acsf.element(graph.numbers), len(acsf.angular_)
    room = batch_bytes(device) / (
        8 * 8 * n_functions
    )  # some arrays of a number for each triplet and function
    numbers = np.concatenate([a.numbers for a in frames])
    each = parts(graph, element, acsf.cutoff, room)
    species = [int(z) for z in acsf.element(torch.as_tensor(numbers))]
    tables = [_places(part, np.array(species[part.atoms]), acsf, device) for part in each]
    volumes = [1 / a.get_volume() if a.pbc.all() else 0.0 for a in frames]
    sizes = [len(a) for a in frames]
    return PreparedFrames(graph, list(zip(each, tables, strict=True)), sizes, np.array(volumes))


def _places(part: Part, element: np.ndarray, acsf: ACSF, device: str) -> Places:
    """Places of a part's atoms; where functions are captured, shapes are padded to one of few."""
    e, n_elements = part.environments, len(acsf.species_)
    m = int(np.bincount(element, minlength=n_elements).max())
    if captures(device) and len(e.first) <= CAPTURED:
        sizes = _rounded(len(element) + 1), _rounded(len(e.source) + 2), _rounded(len(e.first))
        e, m = padded(e, *sizes, acsf.cutoff), _rounded(m)
    place, order = places(element, n_elements, m)
    atom = np.full(n_elements * m, len(e.element) - 1)
    atom[place] = order
    at = np.zeros(len(e.element), dtype=int)
    at[order] = place
    tensor = lambda x: torch.as_tensor(x, device=device)
    return Places(e, tensor(atom), tensor(at))


class Evaluation:
    """Energies, forces and stresses by one or several networks on the same symmetry functions.

    All is computed in double precision, also by networks that were trained in single: the symmetry functions
    take most of the time. On CUDA the kernels of a part are captured as a graph, for each set of shapes.

    Parameters
    ----------
    acsf : ACSF
    networks : sequence of ElementNetworks
        Their weights are copied.
    device : str
    """

    def __init__(self, acsf: ACSF, networks: Sequence[ElementNetworks], device: str) -> None:
        self.networks = networks
        self.copies = [deepcopy(network).with_weights_of(torch.float64) for network in networks]
        self.device = torch.device(device)
        self.functions = acsf.functions(device)
        self.voigt = [torch.tensor(part, device=device) for part in VOIGT]
        energies = CapturedFunction(self.energies, self.device, "the evaluation")
        same_pool = lambda function: CapturedFunction(function, self.device, "the evaluation", energies.pool)
        self.calls = {"energies": energies, "mean": same_pool(self.mean), "members": same_pool(self.members)}

    def __call__(self, inputs: PreparedFrames, quantities: frozenset[str]) -> list[Labels]:
        """Labels of each network, or of their mean where no deviations are asked for."""
        gradient = quantities & {"forces", "stress"}
        several = len(self.networks) > 1 and "std" in quantities
        call = "members" if gradient and several else "mean" if gradient else "energies"
        graph = inputs.graph
        energies, pairs = [], []
        for part, table in inputs.parts:
            function = self.calls[call]
            plain = len(table.environments.first) > CAPTURED
            energy, pair = (function.function if plain else function)(table)
            n, p = part.atoms.stop - part.atoms.start, part.pairs.stop - part.pairs.start
            energies.append(energy[:n])
            pairs.append(pair[:p])
        energy = graph.sum_atoms(torch.cat(energies))
        if not several:
            energy = energy.mean(1, keepdim=True)
        return self._labels(inputs, energy, torch.cat(pairs), quantities)

    # ------------------------------------------------------------ captured functions
    @torch.no_grad()
    def energies(self, table: Places) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies of the atoms by each network, (n, n_networks), eV, and no gradients."""
        features = self._at_places(self.functions(table.environments).features(), table)
        each = [n.shift + n.scale * n(_standard(n, features)) for n in self.copies]
        energy = torch.stack([e.flatten().index_select(0, table.place) for e in each], dim=1)
        return energy, energy.new_zeros(0, 1, 3)

    @torch.no_grad()
    def members(self, table: Places) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies of the atoms, (n, n_networks), and ∂E/∂r_ij of the pairs, (p, n_networks, 3)."""
        values = self.functions(table.environments)
        energy, gradients = self._with_gradients(values.features(), table)
        return energy, torch.stack([values.pair_gradients(g) for g in gradients], dim=1)

    @torch.no_grad()
    def mean(self, table: Places) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies as of `members`, and ∂E/∂r_ij of their mean, (p, 1, 3)."""
        values = self.functions(table.environments)
        energy, gradients = self._with_gradients(values.features(), table)
        gradient = gradients[0] if len(gradients) == 1 else torch.stack(gradients).mean(0)
        return energy, values.pair_gradients(gradient)[:, None]

    def _with_gradients(
        self, features: torch.Tensor, table: Places
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Energies of the atoms by each network, (n, n_networks), and ∂E/∂G, (n, n_features) each."""
        features = self._at_places(features, table)
        energies, gradients = [], []
        for network in self.copies:
            energy, gradient = network.with_gradient(_standard(network, features))
            energies.append((network.shift + network.scale * energy).flatten())
            gradients.append((gradient * (network.scale / network.width)[:, None]).flatten(0, 1))
        at_atoms = lambda x: x.index_select(0, table.place)
        return at_atoms(torch.stack(energies, dim=1)), [at_atoms(g) for g in gradients]

    def _at_places(self, features: torch.Tensor, table: Places) -> torch.Tensor:
        rows = features.index_select(0, table.atom)
        return rows.view(self.functions.n_elements, -1, features.shape[1])

    # ------------------------------------------------------------ sums and labels
    def _labels(
        self, inputs: PreparedFrames, energy: torch.Tensor, pair: torch.Tensor, quantities: frozenset[str]
    ) -> list[Labels]:
        """Labels of each column of energies, (n_frames, k), and gradients, (p, k, 3)."""
        graph, columns = inputs.graph, range(energy.shape[1])
        forces: list[tuple[np.ndarray, ...] | None] = [None for _ in columns]
        stress: list[tuple[np.ndarray | None, ...] | None] = [None for _ in columns]
        if "forces" in quantities:
            sums = pair.new_zeros(len(graph.numbers), *pair.shape[1:]).index_add(0, graph.source, pair)
            values = sums.index_add(0, graph.target, pair, alpha=-1).cpu().numpy()
            ends = np.cumsum(inputs.sizes)[:-1]
            forces = [tuple(np.split(np.ascontiguousarray(values[:, k]), ends)) for k in columns]
        if "stress" in quantities and not inputs.per_volume.any():
            stress = [(None,) * len(inputs.sizes) for _ in columns]
        elif "stress" in quantities:
            values = self._stress(inputs, pair).cpu().numpy() * inputs.per_volume[:, None, None]
            rows = zip(values.transpose(1, 0, 2), strict=True)
            stress = [
                tuple(s if v else None for s, v in zip(v6, inputs.per_volume, strict=True)) for (v6,) in rows
            ]
        each = zip(energy.cpu().numpy().T, forces, stress, strict=True)
        return [Labels(np.ascontiguousarray(e), f, s) for e, f, s in each]

    def _stress(self, inputs: PreparedFrames, pair: torch.Tensor) -> torch.Tensor:
        """Σ r_ij ∂E/∂r_ij of each frame, (n_frames, k, 6), eV."""
        graph, (rows, columns) = inputs.graph, self.voigt
        vectors = torch.cat([part.environments.vectors for part, _ in inputs.parts])
        virial = vectors.index_select(1, rows)[:, None] * pair.index_select(2, columns)
        frame = graph.frame.index_select(0, graph.source)
        return virial.new_zeros(graph.n_frames, *virial.shape[1:]).index_add(0, frame, virial)


def _standard(network: ElementNetworks, features: torch.Tensor) -> torch.Tensor:
    return (features - network.mean[:, None]) / network.width[:, None]


def _rounded(n: int) -> int:
    """Next larger number of the form 8 … 16 times a power of two: few shapes, at most an eighth too large."""
    step = 1 << max(0, n.bit_length() - 4)
    return -(-n // step) * step
