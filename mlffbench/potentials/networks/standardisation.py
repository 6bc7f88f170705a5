"""Standardisation of a network's inputs and outputs by the training frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.potentials.networks.acsf_frames import DescribedFrames
from mlffbench.potentials.networks.batches import LabelledGraphs

__all__ = ["energy_scale", "energy_scale_of_frames", "feature_scale"]

FLOORS = 0.1, 1e-3  # least width that a feature is divided by: relative to the mean width, and absolute


def feature_scale(
    described: DescribedFrames, training: Sequence[int] | np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the features of each element's training atoms, (n_species, n_features).

    A feature that hardly varies in training must not decide elsewhere, nor make the energy rough: its width
    is raised to `FLOORS`.
    """
    atoms = described.atoms_of(training)
    rows = [atoms[described.element[atoms] == z] for z in range(len(described.acsf.species_))]
    groups = [described.features[torch.as_tensor(r, device=described.device)] for r in rows]
    mean = torch.stack([g.mean(0) if len(g) else g.new_zeros(g.shape[1]) for g in groups])
    width = torch.stack([g.std(0, correction=0) if len(g) else g.new_zeros(g.shape[1]) for g in groups])
    relative, absolute = FLOORS
    return mean, torch.maximum(width, relative * width.mean(1, keepdim=True)).clamp(min=absolute)


def energy_scale(training: LabelledGraphs) -> tuple[float, float]:
    """Mean energy of an atom and RMS force times 1 Å, both eV; without forces the energies' deviation."""
    per_atom = training.energy / training.sizes
    forces = training.forces[~training.forces.isnan()]
    scale = (forces.square().mean().sqrt() if len(forces) else per_atom.std(correction=0)).item()
    return per_atom.mean().item(), scale if scale > 0 else 1.0


def energy_scale_of_frames(frames: Sequence[Atoms], labels: Labels) -> tuple[float, float]:
    """`energy_scale` from frames and labels that are not joined into graphs."""
    per_atom = labels.energy / [len(a) for a in frames]
    forces = [f for f in labels.forces or () if f is not None]
    scale = np.sqrt(np.mean(np.concatenate(forces) ** 2)) if forces else per_atom.std()
    return float(per_atom.mean()), float(scale) if scale > 0 else 1.0
