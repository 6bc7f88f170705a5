"""How a structure looks on average: distances, bonds, angles, torsions; and how far two such differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from matscipy.neighbours import first_neighbours, triplet_list
from scipy.spatial.distance import pdist
from scipy.stats import wasserstein_distance

from mlffbench.properties._neighbours import neighbours, vectors
from mlffbench.properties.bonds import BONDED, bonds

__all__ = ["Distribution", "distributions", "pooled"]

WIDTHS = {"radial": 0.01, "bond": 0.01, "angle": 0.5, "torsion": 1.0}  # of the bins: Å, Å, degrees, degrees
SHELL = (
    1.25  # times the nearest neighbours' distance, where no atoms are bonded: fcc's second shell is at 1.41
)
Sample = tuple[str, str, np.ndarray, float | np.ndarray]  # kind, elements, values, weights
Bonds = tuple[np.ndarray, np.ndarray, np.ndarray]  # both directions by first atom; vectors (n, 3), Å


@dataclass(frozen=True)
class Distribution:
    """A histogram with bins of fixed width and no ends; empty bins are left out.

    Attributes
    ----------
    kind : {"radial", "bond", "angle", "torsion"}
    elements : str
        Like ``C-H``; of an angle the middle one is the apex.
    x : (n,) array
        Centres of the bins, Å or degrees.
    y : (n,) array
        Of crystals' radial distributions g(r), 1 where there is no order; else counts per frame.
    frames : int
        How many were averaged.
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
        """Not of torsions, which have none."""
        return float(np.average(self.x, weights=self.y))

    def distance(self, other: Distribution) -> float:
        """Wasserstein's W₁ of the densities, Å or degrees: how far the one must be moved to be the other.

        Torsions live on the circle, where W₁ = min_c ∫|F − G − c| dφ with the median of F − G as c: J. Rabin,
        J. Delon and Y. Gousseau, J. Math. Imaging Vis. 41, 147 (2011).
        """
        if self.kind == "torsion":
            return _circular(self, other)
        return float(wasserstein_distance(self.x, other.x, self.y, other.y))


def _circular(one: Distribution, other: Distribution) -> float:
    width = WIDTHS["torsion"]
    edges = np.arange(-180, 180 + width / 2, width)
    parts = [np.histogram(d.x, edges, weights=d.y)[0] / d.y.sum() for d in (one, other)]
    ahead = np.cumsum(parts[0] - parts[1])
    return float(width * np.abs(ahead - np.median(ahead)).sum())


def distributions(
    frames: Sequence[Atoms], like: Sequence[Atoms] | None = None, r_max: float = 6.0
) -> dict[str, Distribution]:
    """Radial, bond-length, angular and torsional distributions by name: ``radial C-H``, ``angle H-C-H`` ...

    In molecules bonds are those of a frame of `like` with the same atoms in the same order, however far they
    are stretched: of several ways to be bonded, as when a proton hops, the one that is shortest in total. In
    crystals they are those of the frame itself, images included, and there are no
    torsions. Two atoms are bonded within 1.25 times the sum of their covalent radii; where that bonds none
    (argon), neighbours are those within 1.25 times the median distance of nearest neighbours in `like`.

    Parameters
    ----------
    frames : sequence of Atoms
        Periodic in all directions: g(r) up to `r_max`; else the distribution of all pair distances.
    like : sequence of Atoms, optional
        What says who is bonded: the same for two sets that are to be compared. Default: the frames.
    r_max : float
        Å.

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
    for atoms in frames:
        for kind, elements, x, weights in _samples(atoms, topology, r_max):
            values[kind, elements].append((x, np.broadcast_to(weights, x.shape)))
    found = {}
    for (kind, elements), parts in sorted(values.items()):
        x, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
        if len(x):
            found[f"{kind} {elements}"] = _histogram(kind, elements, x, weights, len(frames))
    return found


def pooled(parts: Sequence[dict[str, Distribution]]) -> dict[str, Distribution]:
    """The distributions of all frames of several sets."""
    n = sum(max((d.frames for d in part.values()), default=0) for part in parts)
    found = {}
    for name in sorted({name for part in parts for name in part}):
        these = [part[name] for part in parts if name in part]
        x = np.concatenate([d.x for d in these])
        weights = np.concatenate([d.y * d.frames for d in these])
        found[name] = _histogram(these[0].kind, these[0].elements, x, weights, n)
    return found


def _histogram(kind: str, elements: str, x: np.ndarray, weights: np.ndarray, n: int) -> Distribution:
    width = WIDTHS[kind]
    bins, place = np.unique(np.floor(x / width + 1e-9).astype(int), return_inverse=True)
    y = np.bincount(place, weights) / n
    return Distribution(kind, elements, (bins + 0.5) * width, y, n)


class _Topology:
    """Who is bonded to whom in frames."""

    def __init__(self, like: Sequence[Atoms]) -> None:
        self.like = like
        first = like[0]
        self.shell = None if len(bonds(first)) else SHELL * _nearest(first)
        self.known: dict[bytes, list[np.ndarray]] = {}

    def of(self, atoms: Atoms) -> Bonds:
        """Both directions of every bond, with vectors."""
        if atoms.pbc.any() or self.shell is not None:
            cutoff = self.shell or BONDED * covalent_radii[atoms.numbers]
            return vectors(atoms, cutoff)
        i, j = min(self._known(atoms), key=lambda pairs: _length(atoms, pairs)).T
        return i, j, atoms.positions[j] - atoms.positions[i]

    def _known(self, atoms: Atoms) -> list[np.ndarray]:
        """Every way in which `like` bonds these atoms, of the most frequent number of bonds."""
        key = atoms.numbers.tobytes()
        if key not in self.known:
            same = [a for a in self.like if np.array_equal(a.numbers, atoms.numbers)] or [atoms]
            ways = [bonds(a) for a in same]
            usual = Counter(map(len, ways)).most_common(1)[0][0]
            unique = {w.tobytes(): w for w in ways if len(w) == usual}
            self.known[key] = [_both_directions(w) for w in unique.values()]
        return self.known[key]


def _length(atoms: Atoms, pairs: np.ndarray) -> float:
    i, j = pairs.T
    return float(np.linalg.norm(atoms.positions[j] - atoms.positions[i], axis=1).sum())


def _both_directions(pairs: np.ndarray) -> np.ndarray:
    both = np.concatenate([pairs, pairs[:, ::-1]])
    return both[np.lexsort(both.T[::-1])]


def _nearest(atoms: Atoms) -> float:
    """The median distance of nearest neighbours."""
    cutoff = 3.0
    while True:
        i, _, d = neighbours(atoms, cutoff)
        if len(np.unique(i)) == len(atoms) or cutoff > 50:
            return float(np.median([d[i == k].min() for k in np.unique(i)])) if len(i) else cutoff
        cutoff *= 1.5


def _samples(atoms: Atoms, topology: _Topology, r_max: float) -> Iterator[Sample]:
    symbols = np.array(atoms.get_chemical_symbols())
    yield from _radial(atoms, symbols, r_max)
    i, j, along = topology.of(atoms)
    once = (symbols[i] < symbols[j]) | ((symbols[i] == symbols[j]) & (i <= j))
    yield from _named("bond", symbols, (i[once], j[once]), np.linalg.norm(along[once], axis=1))
    if len(i):
        yield from _angles(symbols, i, j, along)
    if not atoms.pbc.any():
        yield from _torsions(atoms, symbols, i, j)


def _radial(atoms: Atoms, symbols: np.ndarray, r_max: float) -> Iterator[Sample]:
    """Crystals: every directed pair counts V/(N_A N_B 4πr² dr), molecules: every pair 1."""
    if not atoms.pbc.all():
        i, j = np.triu_indices(len(atoms), 1)
        yield from _named("radial", symbols, (i, j), pdist(atoms.positions))
        return
    i, j, d = neighbours(atoms, r_max)
    kinds, counts = np.unique(symbols, return_counts=True)
    count = dict(zip(kinds, counts, strict=True))
    width = WIDTHS["radial"]
    middle = (np.floor(d / width) + 0.5) * width
    share = atoms.get_volume() / (4 * np.pi * (middle**2 + width**2 / 12) * width)
    for a in kinds:
        for b in kinds[kinds >= a]:
            these = (symbols[i] == a) & (symbols[j] == b)
            yield "radial", f"{a}-{b}", d[these], share[these] / (count[a] * count[b])


def _named(
    kind: str, symbols: np.ndarray, members: tuple[np.ndarray, ...], values: np.ndarray
) -> Iterator[Sample]:
    """The values by the elements of their members, the same forwards and backwards."""
    kinds, kind_of = np.unique(symbols, return_inverse=True)
    digits = kind_of[np.array(members, dtype=int)]  # (n_members, n)
    weight = len(kinds) ** np.arange(len(members))
    names, which = np.unique(np.maximum(weight @ digits, weight[::-1] @ digits), return_inverse=True)
    for k, name in enumerate(names):
        yield kind, "-".join(kinds[name // weight % len(kinds)]), values[which == k], 1.0


def _angles(symbols: np.ndarray, i: np.ndarray, j: np.ndarray, along: np.ndarray) -> Iterator[Sample]:
    first, second = triplet_list(first_neighbours(len(symbols), i.astype(np.int32)))
    keep = first < second
    first, second = first[keep], second[keep]
    unit = along / np.linalg.norm(along, axis=1, keepdims=True)
    cosine = np.clip((unit[first] * unit[second]).sum(axis=1), -1, 1)
    yield from _named("angle", symbols, (j[first], i[first], j[second]), np.degrees(np.arccos(cosine)))


def _torsions(atoms: Atoms, symbols: np.ndarray, i: np.ndarray, j: np.ndarray) -> Iterator[Sample]:
    chains = np.array(
        [(a, b, c, d) for b, c in zip(i, j, strict=True) if b < c
         for a in j[i == b] for d in j[i == c] if a != c and d != b and a != d], dtype=int
    ).reshape(-1, 4)  # fmt: skip
    if len(chains):
        yield from _named("torsion", symbols, tuple(chains.T), _dihedrals(atoms.positions[chains]))


def _dihedrals(x: np.ndarray) -> np.ndarray:
    """Of (n, 4, 3) positions, degrees from −180 to 180 (IUPAC's sign)."""
    u, v, w = np.moveaxis(np.diff(x, axis=1), 1, 0)
    m, n = np.cross(u, v), np.cross(v, w)
    length: Any = np.linalg.norm(v, axis=1)
    angle = np.degrees(np.arctan2(length * (u * n).sum(axis=1), (m * n).sum(axis=1)))
    return np.where(angle >= 180, -180.0, angle)
