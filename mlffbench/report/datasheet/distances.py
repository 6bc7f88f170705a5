"""Distances between atoms, for each pair of elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset
from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.report.datasheet.histogram import line, top
from mlffbench.report.datasheet.subsample import evenly_spaced
from mlffbench.report.figures.style import Palette, Plot, figure
from mlffbench.report.wording import plain

__all__ = ["Distances", "distance_plots", "distance_sample", "distances"]

REACH, N_BINS = 6.0, 150  # Å
MOST_ATOMS, MOST_PAIRS = 40_000, 15


class Distances(NamedTuple):
    """Distances below the reach in some frames, for k elements.

    Attributes
    ----------
    counts : (k, k, n_bins) int array
        Pairs of atoms, periodic images included, by distance; [a, b] with a <= b, the rest is zero.
    shortest : (k, k) array
        Å; infinite where there is no such pair.
    n_atoms : (k,) int array
        Atoms of each element.
    """

    counts: np.ndarray
    shortest: np.ndarray
    n_atoms: np.ndarray


def distances(frames: Sequence[Atoms], elements: Sequence[str], reach: float = REACH) -> Distances:
    """Count the distances between the atoms of each frame by pair of elements.

    Parameters
    ----------
    frames : sequence of Atoms
    elements : sequence of k str
        All elements of the frames.
    reach : float
        Å.
    """
    place = {symbol: k for k, symbol in enumerate(elements)}
    counts = np.zeros((len(place), len(place), N_BINS), dtype=int)
    shortest = np.full((len(place), len(place)), np.inf)
    n_atoms = np.zeros(len(place), dtype=int)
    for atoms in filter(_is_valid, frames):
        kinds = np.array([place[s] for s in atoms.symbols])
        n_atoms += np.bincount(kinds, minlength=len(place))
        first, second, length = _pairs(atoms, reach)
        low, high = np.sort([kinds[first], kinds[second]], axis=0)
        bins = np.minimum((length / reach * N_BINS).astype(int), N_BINS - 1)
        np.minimum.at(shortest, (low, high), length)
        np.add.at(counts, (low, high, bins), 1)
    return Distances(counts // 2, shortest, n_atoms)  # every pair was seen from both ends


def _is_valid(atoms: Atoms) -> bool:
    """True for finite positions and a periodic cell with a volume; a check reports the other frames."""
    cell = atoms.cell.array[atoms.pbc]
    finite = np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()
    return bool(finite and np.linalg.matrix_rank(cell) == len(cell))


def _pairs(atoms: Atoms, reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of both atoms and the distance of every directed pair."""
    i, j, d = neighbour_list("ijd", atoms, reach)
    return i, j, d


def distance_sample(dataset: Dataset, groups: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Evenly spaced frames of every group, together about 40,000 atoms: neighbour lists take time."""
    return evenly_spaced(dict(groups), MOST_ATOMS / max(sum(len(a) for a in dataset.frames), 1))


def distance_plots(dataset: Dataset, groups: Mapping[str, np.ndarray], palette: Palette) -> list[Plot]:
    """A small panel for each pair of elements, the most frequent pairs if there are many."""
    elements = dataset.elements
    counted = {g: distances([dataset.frames[i] for i in picks], elements) for g, picks in groups.items()}
    total = np.sum([d.counts.sum(axis=2) for d in counted.values()], axis=0)
    pairs = sorted(np.argwhere(total > 0).tolist(), key=lambda ab: -total[ab[0], ab[1]])[:MOST_PAIRS]
    return [_panel(counted, elements, a, b, palette) for a, b in sorted(pairs)]


def _panel(
    counted: Mapping[str, Distances], elements: Sequence[str], a: int, b: int, palette: Palette
) -> Plot:
    """Number density of neighbours of the second element around an atom of the first, by distance."""
    fig = figure("distance (Å)", f"{elements[b]} per {elements[a]} and Å", height=230)
    width = REACH / N_BINS
    ends = 2 if a == b else 1  # an A–A pair is a neighbour for both
    curves = {
        name: (ends * own.counts[a, b] / own.n_atoms[a] / width).astype(np.float32)
        for name, own in counted.items()
        if own.counts[a, b].any()
    }
    for name, y in curves.items():
        fig.add_scatter(x0=width / 2, dx=width, y=y, hoverinfo="skip", **line(palette, name, filled=True))
    shortest = {name: d.shortest[a, b] for name, d in counted.items()}
    nearest = min(shortest, key=lambda name: shortest[name])
    whose = f" ({nearest})" if len(counted) > 1 else ""
    fig.update_xaxes(range=[0, REACH], nticks=7)
    sizes = [int(counted[name].n_atoms[a]) for name in curves]
    fig.update_yaxes(range=[0, top(list(curves.values()), sizes)], nticks=5)
    caption = f"Shortest: {plain(float(shortest[nearest]))} Å{whose}"
    title = f"{elements[a]}–{elements[b]}"
    return Plot(f"distances/{title}", fig, title, caption, small=True)
