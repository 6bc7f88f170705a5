"""Predictions of a GAFF-form force field: batches of frames, and their energies, forces and stresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels, concatenate
from mlffbench.descriptors.graph import build, labels, with_forces
from mlffbench.potentials.gaff.batches import assemble, chunks, with_equilibrium
from mlffbench.potentials.gaff.bond_perception import perceive_bonds
from mlffbench.potentials.gaff.energy_terms import Batch, basis, energies
from mlffbench.potentials.gaff.parameter_tables import ParameterCache
from mlffbench.system.device import checked_device

__all__ = ["Prepared", "evaluate", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """Batches of frames and the coefficients of their terms by kind, on one device."""

    batches: list[Batch]
    coefficients: dict[str, torch.Tensor]


def prepare(
    frames: Sequence[Atoms], cache: ParameterCache, cutoff: float, width: float, device: str
) -> Prepared:
    """Assemble batches of about `batches.CHUNK` atoms; `width` is that of the blend of shared hydrogens."""
    target = checked_device(device)
    types = cache.index.types
    coefficients = {kind: table.to(target) for kind, table in cache.coefficients.items()}
    batches = []
    for part in chunks(np.array([len(a) for a in frames])):
        cache.evict()
        graph = build([frames[i] for i in part], cutoff, device=device)
        patterns = perceive_bonds(graph, width, types.depth, types.parents.keys(), cache.topologies)
        batch = assemble(graph, patterns, cache.index, width, cache.rows)
        batches.append(with_equilibrium(batch, cache.equilibrium))
    return Prepared(batches, coefficients)


def evaluate(prepared: Prepared, cutoff: float, periodicities: Sequence[int]) -> Labels:
    """Energies, forces and, of periodic frames, stresses."""
    forms = basis(cutoff, periodicities)
    parts = []
    for batch in prepared.batches:
        energy = energies(batch, prepared.coefficients, forms)
        parts.append(labels(batch.graph, *with_forces(energy, batch.graph)))
    return concatenate(parts)
