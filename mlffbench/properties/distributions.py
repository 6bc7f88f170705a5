"""Structural distributions of distances, bonds, angles and torsions, and the distance between two of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from matscipy.neighbours import first_neighbours, triplet_list
from scipy.stats import wasserstein_distance

from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.properties._neighbours import neighbours
from mlffbench.properties.bonds import BONDED, bonds

__all__ = ["Distribution", "distributions", "pooled"]

WIDTHS = {"radial": 0.01, "bond": 0.01, "angle": 0.5, "torsion": 1.0}  # bin widths: Å, Å, degrees, degrees
SHELL = (
    1.25  # times the nearest neighbours' distance, where no atoms are bonded: fcc's second shell is at 1.41
)
Sample = tuple[str, str, np.ndarray, float | np.ndarray]  # kind, elements, values, weights
Bonds = tuple[np.ndarray, np.ndarray, np.ndarray]  # both directions by first atom; vectors (n, 3), Å


@dataclass(frozen=True)
class Distribution:
    """Histogram with bins of fixed width and no bounds; empty bins are left out.

    Attributes
    ----------
    kind : {"radial", "bond", "angle", "torsion"}
    elements : str
        Elements such as ``C-H``; the middle one of an angle is its apex.
    x : (n,) array
        Centres of the bins, Å or degrees.
    y : (n,) array
        g(r) in radial distributions of crystals (1 without order); else counts per frame.
    frames : int
        Number of frames averaged.
    """

    kind: str
    elements: str
    x: np.ndarray
    y: np.ndarray
    frames: int

    @property
    def unit(self) -> str:
        return "Å" if self.kind in ("radial", "bond") else "°"

    @property
    def density(self) -> np.ndarray:
        """`y` with the integral 1."""
        return self.y / (self.y.sum() * WIDTHS[self.kind])

    @property
    def mean(self) -> float:
        """Mean of x weighted by y; meaningless for torsions, which are periodic."""
        return float(np.average(self.x, weights=self.y))

    def distance(self, other: Distribution) -> float:
        """Wasserstein distance W₁ of the densities, Å or degrees: mean shift that turns one into the other.

        Torsions lie on a circle, where W₁ = min_c ∫|F − G − c| dφ with the median of F − G as c: J. Rabin,
        J. Delon and Y. Gousseau, J. Math. Imaging Vis. 41, 147 (2011).
        """
        if self.kind == "torsion":
            return _circular_wasserstein(self, other)
        return float(wasserstein_distance(self.x, other.x, self.y, other.y))


def _circular_wasserstein(one: Distribution, other: Distribution) -> float:
    width = WIDTHS["torsion"]
    edges = np.arange(-180, 180 + width / 2, width)
    shares = [np.histogram(d.x, edges, weights=d.y)[0] / d.y.sum() for d in (one, other)]
    difference = np.cumsum(shares[0] - shares[1])  # F − G
    return float(width * np.abs(difference - np.median(difference)).sum())


def distributions(
    frames: Sequence[Atoms], like: Sequence[Atoms] | None = None, r_max: float = 6.0
) -> dict[str, Distribution]:
    """Radial, bond-length, angular and torsional distributions by name: ``radial C-H``, ``angle H-C-H`` ...

    The bonds of a molecule are those of a frame of `like` with the same atoms in the same order, however far
    they are stretched. Where such frames show several topologies, as when a proton hops, the one with the
    smallest sum of bond lengths is taken. The bonds of a crystal are those of the frame itself, images
    included; it has no torsions. Two atoms are bonded within 1.25 times the sum of their covalent radii.
    Where that bonds none (argon), neighbours are those within 1.25 times the median nearest-neighbour
    distance in `like`.

    Parameters
    ----------
    frames : sequence of Atoms
        Frames to average. The radial distribution is g(r) up to `r_max` where they are periodic in all
        directions, else the distribution of all pair distances.
    like : sequence of Atoms, optional
        Frames that define the bonds: the same for two sets that are to be compared. Default: `frames`.
    r_max : float
        Largest distance of g(r), Å.

    Raises
    ------
    ValueError
        There are no frames.
    """
    if not len(frames):
        raise ValueError("a distribution needs at least one frame")
    like = frames if like is None else like
    values: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
    topology = _Topology(like)
    for group in _groups(frames, topology):
        for kind, elements, x, weights in _samples(group, r_max):
            values[kind, elements].append((x, np.broadcast_to(weights, x.shape)))
    histograms = {}
    for (kind, elements), samples in sorted(values.items()):
        x, weights = (np.concatenate(column) for column in zip(*samples, strict=True))
        if len(x):
            histograms[f"{kind} {elements}"] = _histogram(kind, elements, x, weights, len(frames))
    return histograms


def pooled(sets: Sequence[dict[str, Distribution]]) -> dict[str, Distribution]:
    """Distributions over the frames of several sets together."""
    n = sum(max((d.frames for d in one.values()), default=0) for one in sets)
    histograms = {}
    for name in sorted({name for one in sets for name in one}):
        same = [one[name] for one in sets if name in one]
        x = np.concatenate([d.x for d in same])
        weights = np.concatenate([d.y * d.frames for d in same])
        histograms[name] = _histogram(same[0].kind, same[0].elements, x, weights, n)
    return histograms


def _histogram(kind: str, elements: str, x: np.ndarray, weights: np.ndarray, n: int) -> Distribution:
    width = WIDTHS[kind]
    bins, bin_of = np.unique(np.floor(x / width + 1e-9).astype(int), return_inverse=True)
    y = np.bincount(bin_of, weights) / n
    return Distribution(kind, elements, (bins + 0.5) * width, y, n)


@dataclass(frozen=True)
class _Group:
    """Molecules with the same atoms and bonds, (n_frames, n, 3) positions, or one other structure, (n, 3)."""

    like: Atoms  # one of them
    positions: np.ndarray
    bonds: Bonds

    @property
    def symbols(self) -> np.ndarray:
        return np.array(self.like.get_chemical_symbols())


def _groups(frames: Sequence[Atoms], topology: _Topology) -> Iterator[_Group]:
    alike: dict[bytes, list[Atoms]] = defaultdict(list)
    for atoms in frames:
        if atoms.pbc.any() or topology.shell is not None:
            yield _Group(atoms, atoms.positions, topology.neighbours(atoms))
        else:
            alike[atoms.numbers.tobytes()].append(atoms)
    for same in alike.values():
        positions, topologies = np.array([atoms.positions for atoms in same]), topology.bonds(same[0])
        shortest = np.argmin([_lengths(positions, *ij.T).sum(axis=1) for ij in topologies], axis=0)
        for k in np.unique(shortest):
            x, (i, j) = positions[shortest == k], topologies[k].T
            yield _Group(same[0], x, (i, j, x[:, j] - x[:, i]))


def _lengths(positions: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Distances of pairs of atoms, (..., n_pairs), in positions (..., n, 3)."""
    return np.linalg.norm(positions[..., j, :] - positions[..., i, :], axis=-1)


class _Topology:
    """Bonds of frames, from the distances in reference frames `like`."""

    def __init__(self, like: Sequence[Atoms]) -> None:
        self.like = like
        first = like[0]
        self.shell = None if len(bonds(first)) else SHELL * _nearest_neighbour_distance(first)

    def neighbours(self, atoms: Atoms) -> Bonds:
        """Both directions of every bond of a crystal, or of atoms of which none are bonded, with vectors."""
        i, j, vectors = neighbour_list("ijD", atoms, self.shell or BONDED * covalent_radii[atoms.numbers])
        return i, j, vectors

    def bonds(self, atoms: Atoms) -> list[np.ndarray]:
        """Distinct topologies of these atoms in `like` that have the most frequent number of bonds."""
        same = [a for a in self.like if np.array_equal(a.numbers, atoms.numbers)] or [atoms]
        topologies = [bonds(a) for a in same]
        most_frequent = Counter(map(len, topologies)).most_common(1)[0][0]
        unique = {t.tobytes(): t for t in topologies if len(t) == most_frequent}
        return [_directed(t) for t in unique.values()]


def _directed(pairs: np.ndarray) -> np.ndarray:
    """Both directions of every pair, sorted by first and second atom."""
    directed = np.concatenate([pairs, pairs[:, ::-1]])
    return directed[np.lexsort(directed.T[::-1])]


def _nearest_neighbour_distance(atoms: Atoms) -> float:
    """Median distance of nearest neighbours, Å."""
    cutoff = 3.0
    while True:
        i, _, d = neighbours(atoms, cutoff)
        if len(np.unique(i)) == len(atoms) or cutoff > 50:
            return float(np.median([d[i == k].min() for k in np.unique(i)])) if len(i) else cutoff
        cutoff *= 1.5


def _samples(group: _Group, r_max: float) -> Iterator[Sample]:
    symbols, (i, j, vectors) = group.symbols, group.bonds
    yield from _radial(group, r_max)
    once = (symbols[i] < symbols[j]) | ((symbols[i] == symbols[j]) & (i <= j))
    lengths = np.linalg.norm(vectors[..., once, :], axis=-1)
    yield from _by_elements("bond", symbols, (i[once], j[once]), lengths)
    if len(i):
        yield from _angles(symbols, i, j, vectors)
    if not group.like.pbc.any():
        yield from _torsions(group.positions, symbols, i, j)


def _radial(group: _Group, r_max: float) -> Iterator[Sample]:
    """Pair distances; a directed pair weighs V/(N_A N_B 4πr² dr) in crystals, a pair 1 in molecules."""
    atoms, symbols = group.like, group.symbols
    if not atoms.pbc.all():
        i, j = np.triu_indices(len(atoms), 1)
        yield from _by_elements("radial", symbols, (i, j), _lengths(group.positions, i, j))
        return
    i, j, d = neighbours(atoms, r_max)
    kinds, counts = np.unique(symbols, return_counts=True)
    count = dict(zip(kinds, counts, strict=True))
    width = WIDTHS["radial"]
    middle = (np.floor(d / width) + 0.5) * width
    weight = atoms.get_volume() / (4 * np.pi * (middle**2 + width**2 / 12) * width)
    for a in kinds:
        for b in kinds[kinds >= a]:
            of_pair = (symbols[i] == a) & (symbols[j] == b)
            yield "radial", f"{a}-{b}", d[of_pair], weight[of_pair] / (count[a] * count[b])


def _by_elements(
    kind: str, symbols: np.ndarray, members: tuple[np.ndarray, ...], values: np.ndarray
) -> Iterator[Sample]:
    """Values (..., n) grouped by the elements of their members; A-B-C and C-B-A are one group."""
    kinds, kind_of = np.unique(symbols, return_inverse=True)
    digits = kind_of[np.array(members, dtype=int)]  # (n_members, n)
    weight = len(kinds) ** np.arange(len(members))
    names, name_of = np.unique(np.maximum(weight @ digits, weight[::-1] @ digits), return_inverse=True)
    for k, name in enumerate(names):
        yield kind, "-".join(kinds[name // weight % len(kinds)]), values[..., name_of == k].ravel(), 1.0


def _angles(symbols: np.ndarray, i: np.ndarray, j: np.ndarray, vectors: np.ndarray) -> Iterator[Sample]:
    first, second = triplet_list(first_neighbours(len(symbols), i.astype(np.int32)))
    once = first < second
    first, second = first[once], second[once]
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    cosine = np.clip((unit[..., first, :] * unit[..., second, :]).sum(axis=-1), -1, 1)
    yield from _by_elements("angle", symbols, (j[first], i[first], j[second]), np.degrees(np.arccos(cosine)))


def _torsions(positions: np.ndarray, symbols: np.ndarray, i: np.ndarray, j: np.ndarray) -> Iterator[Sample]:
    chains = np.array(
        [(a, b, c, d) for b, c in zip(i, j, strict=True) if b < c
         for a in j[i == b] for d in j[i == c] if a != c and d != b and a != d], dtype=int
    ).reshape(-1, 4)  # fmt: skip
    if len(chains):
        yield from _by_elements("torsion", symbols, tuple(chains.T), _dihedrals(positions[..., chains, :]))


def _dihedrals(x: np.ndarray) -> np.ndarray:
    """Dihedral angles of positions (..., 4, 3), degrees from −180 to 180 (IUPAC's sign)."""
    u, v, w = np.moveaxis(np.diff(x, axis=-2), -2, 0)
    m, n = np.cross(u, v), np.cross(v, w)
    length: Any = np.linalg.norm(v, axis=-1)
    angle = np.degrees(np.arctan2(length * (u * n).sum(axis=-1), (m * n).sum(axis=-1)))
    return np.where(angle >= 180, -180.0, angle)
