"""What the kernel models on SOAP share: frames in batches, rows for the solver, and the prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench import progress
from mlffbench.data import Labels
from mlffbench.descriptors._power_spectrum import Basis
from mlffbench.descriptors.soap import checked_basis
from mlffbench.estimators._soap_kernel import Kernel, describe, energies, energy_rows, gradient_rows
from mlffbench.estimators._whitened import WhitenedLeastSquares
from mlffbench.graph import Graph, build, with_forces
from mlffbench.graph import labels as labels_of_graph

__all__ = [
    "add_frames",
    "basis_of",
    "check_positive",
    "concatenate",
    "graphs",
    "predict",
    "unit_vectors",
    "without_mean",
]


def add_frames(
    problem: WhitenedLeastSquares,
    kernel: Kernel,
    frames: Sequence[Atoms],
    labels: Labels,
    noise: Mapping[str, Any],
    batch_size: int,
    device: str,
    fold: Callable[[torch.Tensor], torch.Tensor] = lambda rows: rows,
) -> None:
    """Give the rows of every label there is to `problem`.

    `noise` holds standard deviations: of each frame's energy (n_frames,), of forces, of stresses (left out:
    not trained on). `fold` maps columns of points to the problem's unknowns.
    """
    done = 0
    for batch in graphs(frames, kernel.basis, batch_size, device):
        part = slice(done, done + batch.n_frames)
        here = {**noise, "energy": noise["energy"][part]}
        for rows, targets, deviation in _rows(batch, labels[part], kernel, here):
            problem.add(fold(rows), targets, deviation)
        done += batch.n_frames
        progress.report("fit", done, len(frames))


def _rows(
    batch: Graph, labels: Labels, kernel: Kernel, noise: Mapping[str, Any]
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor | float]]:
    """Rows, targets and noise of the energies, then of the forces and stresses that are there."""
    environments = describe(batch, kernel.basis)
    real = lambda values: torch.as_tensor(values, dtype=torch.float64, device=batch.positions.device)  # noqa: E731
    yield energy_rows(batch, environments.unit, kernel), real(labels.energy), real(noise["energy"])
    with_stress = labels.stress is not None and "stress" in noise
    if labels.forces is None and not with_stress:
        return
    forces, stress = gradient_rows(batch, environments, kernel, with_stress)
    if labels.forces is not None:
        there = [i for i, f in enumerate(labels.forces) if f is not None]
        atoms = torch.isin(batch.frame, torch.tensor(there, device=batch.frame.device))
        targets = np.concatenate([labels.forces[i] for i in there])
        yield forces[atoms].flatten(0, 1), real(targets).flatten(), noise["forces"]
    if stress is not None and labels.stress is not None:
        there = [i for i, s in enumerate(labels.stress) if s is not None and bool(batch.periodic[i])]
        if there:
            targets = np.concatenate([labels.stress[i] for i in there])
            yield stress[there].flatten(0, 1), real(targets), noise["stress"]


def graphs(frames: Sequence[Atoms], basis: Basis, batch_size: int, device: str) -> Iterator[Graph]:
    """The frames a batch at a time."""
    for start in range(0, len(frames), batch_size):
        yield build(frames[start : start + batch_size], basis.radius, device=device)


def unit_vectors(
    frames: Sequence[Atoms], basis: Basis, keep: np.ndarray, batch_size: int, device: str
) -> torch.Tensor:
    """Unit SOAP vectors of the atoms to keep, in the order of the frames."""
    found, start = [], 0
    for batch in graphs(frames, basis, batch_size, device):
        stop = start + len(batch.numbers)
        found.append(describe(batch, basis).unit[torch.as_tensor(keep[start:stop])])
        start = stop
    return torch.cat(found)


def without_mean(frames: Sequence[Atoms], labels: Labels) -> tuple[float, Labels]:
    """The mean energy per atom by least squares, and the labels without it."""
    sizes = np.array([len(a) for a in frames])
    mean = float(np.sum(labels.energy * sizes) / np.sum(sizes**2))
    return mean, replace(labels, energy=labels.energy - mean * sizes)


def predict(
    batch: Graph, kernel: Kernel, weights: torch.Tensor, energy_per_atom: float
) -> tuple[Labels, torch.Tensor]:
    """Energies, forces and stresses by one backward pass, and the unit SOAP vectors on the way."""
    seen: list[torch.Tensor] = []

    def total(moved: Graph) -> torch.Tensor:
        seen.append(describe(moved, kernel.basis).unit)
        return energies(moved, seen[0], kernel, weights)

    found = labels_of_graph(batch, *with_forces(total, batch))
    sizes = torch.bincount(batch.frame, minlength=batch.n_frames).cpu().numpy()
    return replace(found, energy=found.energy + energy_per_atom * sizes), seen[0].detach()


def concatenate(parts: Sequence[Labels]) -> Labels:
    """The labels of all batches as one."""
    whole = lambda name: tuple(v for p in parts for v in (getattr(p, name) or (None,) * len(p)))  # noqa: E731
    std = [p.energy_std for p in parts if p.energy_std is not None]
    energy = np.concatenate([p.energy for p in parts])
    return Labels(energy, whole("forces"), whole("stress"), np.concatenate(std) if std else None)


def basis_of(model: Any, frames: Sequence[Atoms]) -> Basis:
    """The smooth basis that a model's parameters name, for the elements of the frames."""
    if not model.zeta >= 1:
        raise ValueError(f"zeta must be at least 1, for forces to exist; got {model.zeta}")
    numbers = {int(z) for a in frames for z in a.numbers}
    return checked_basis(numbers, model.cutoff, model.n_max, model.l_max, model.sigma, smooth=True)


def check_positive(model: Any, *names: str) -> None:
    """Refuse a parameter that must be larger than zero."""
    for name in names:
        if not getattr(model, name) > 0:
            raise ValueError(f"{name} must be larger than 0; got {getattr(model, name)}")
