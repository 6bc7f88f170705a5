"""Batches of frames with labels as padded arrays, of few shapes, by tensorpotential's names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlffbench.data import Labels
from mlffbench.potentials.grace.bonds import VIRIAL, Bonds, Shape, padded, rows, shape_of

__all__ = ["labelled", "labelled_batches", "shared_shapes"]

NONE = 1e-12  # weight of the padding's vanishing error, so that no sum of weights is zero
MOST_PADDING = 1.3  # pairs of the padded batches, of those there are
MOST_SHAPES = 4  # that are compiled


def labelled_batches(
    frames: Sequence[Bonds], labels: Labels, size: int, random: np.random.Generator
) -> list[dict[str, np.ndarray]]:
    """Random batches of `size` frames with their labels, padded to at most four shapes."""
    order = random.permutation(len(frames))
    groups = [order[i : i + size].tolist() for i in range(0, len(order), size)]
    groups.sort(key=lambda group: shape_of([frames[i] for i in group]).pairs)
    needs = [shape_of([frames[i] for i in group]) for group in groups]
    batches = []
    for part in shared_shapes(needs):
        shape = Shape(*np.max(needs[part], axis=0).tolist())
        for group in groups[part]:
            bonds = [frames[i] for i in group]
            batches.append(padded(bonds, shape) | labelled(bonds, labels[group], shape))
    return batches


def labelled(frames: Sequence[Bonds], labels: Labels, shape: Shape) -> dict[str, np.ndarray]:
    """Labels and weights of a batch by tensorpotential's names; a missing label weighs nothing."""
    n, starts = shape.atoms, rows(frames)
    energy, forces, virial, volume = np.zeros((n, 1)), np.zeros((n, 3)), np.zeros((n, 6)), np.ones((n, 1))
    weights = {name: np.zeros((n, 1)) for name in ("energy", "force", "virial")}
    for array in weights.values():
        array[-1] = NONE
    energy[: len(frames), 0] = labels.energy
    weights["energy"][: len(frames)] = 1.0
    for i, bonds in enumerate(frames):
        own = None if labels.forces is None else labels.forces[i]
        if own is not None:
            forces[starts[i] : starts[i + 1]] = own
            weights["force"][starts[i] : starts[i + 1]] = 1.0
        stress = None if labels.stress is None else labels.stress[i]
        if stress is not None and not np.isnan(bonds.volume):
            virial[i], volume[i] = -bonds.volume * np.asarray(stress)[VIRIAL], bonds.volume
            weights["virial"][i] = 1.0
    return {
        "true_energy": energy,
        "true_force": forces,
        "true_virial": virial,
        "volume": volume,
        "structure_id": np.full((n, 1), -1),
        **{f"{name}_weight": array for name, array in weights.items()},
    }


def shared_shapes(shapes: Sequence[Shape]) -> list[slice]:
    """Runs of batches, sorted by their pairs, that share a shape: the fewest with little padding."""
    pairs = np.array([shape.pairs for shape in shapes])
    runs: list[np.ndarray] = []
    for n in range(1, min(MOST_SHAPES, len(shapes)) + 1):
        runs = np.array_split(np.arange(len(shapes)), n)
        if sum(pairs[run].max() * len(run) for run in runs) <= MOST_PADDING * pairs.sum():
            break
    return [slice(int(run[0]), int(run[-1]) + 1) for run in runs]
