"""Atom-centred symmetry functions: two- and three-body fingerprints of an atom's environment."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.data import atomic_numbers
from sklearn.utils.validation import check_is_fitted

from mlffbench.data import value_name
from mlffbench.descriptors.base import Descriptor
from mlffbench.descriptors.graph import Graph, build

__all__ = ["ACSF"]


class ACSF(Descriptor):
    """Behler's G2 for each neighbour element and G4 for each pair of elements, differentiable and periodic.

    G2_i = Σ_j exp(−η (r_ij − s)²) f(r_ij)

    G4_i = 2^(1−ζ) Σ_{j<k} (1 + λ cos θ_jik)^ζ exp(−η (r_ij² + r_ik² + r_jk²)) f(r_ij) f(r_ik) f(r_jk)

    with f(r) = (cos(π r / cutoff) + 1) / 2 inside the cutoff [1]_. Values are those of dscribe's ``ACSF``.

    Parameters
    ----------
    cutoff : float
        Å.
    radial : sequence of (η, s), optional
        Å⁻² and Å. Default: 12 Gaussians with centres spread evenly from 0.5 Å to 0.5 Å inside the cutoff, as
        wide as they lie apart, η = 1/(2Δ²) [2]_.
    angular : sequence of (η, ζ, λ), optional
        η in Å⁻². Default: η = 1/(2ρ²) with ρ of 0.3, 0.5 and 1 times the cutoff, ζ of 1, 4 and 16,
        λ of ±1 [3]_.
    average : {"inner", "off"}
        inner: one vector a frame, the mean over its atoms; off: a list of (n_atoms, n_features).
    species : sequence of str or int, optional
        Elements to describe; by default those of the frames given to `fit`.

    Attributes
    ----------
    species_ : list of str
        Chemical symbols, by atomic number.

    References
    ----------
    .. [1] J. Behler, J. Chem. Phys. 134, 074106 (2011), equations 4, 6 and 8.
    .. [2] M. Gastegger et al., J. Chem. Phys. 148, 241709 (2018), the shifted set.
    .. [3] G. Imbalzano et al., J. Chem. Phys. 148, 241730 (2018), for ζ and λ.

    Examples
    --------
    >>> from ase.build import molecule
    >>> ACSF(cutoff=4.0).fit_transform([molecule("H2O")]).shape
    (1, 78)
    """

    averages = ("inner", "off")

    def __init__(
        self,
        cutoff: float = 5.0,
        radial: Sequence[tuple[float, float]] | None = None,
        angular: Sequence[tuple[float, float, float]] | None = None,
        average: str = "inner",
        species: Iterable[str | int] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.radial = radial
        self.angular = angular
        self.average = average
        self.species = species

    def _learn(self, numbers: list[int]) -> None:
        if not self.cutoff > 1:
            raise ValueError(f"cutoff must be larger than 1 Å; got {self.cutoff}")
        radial = _radial_grid(self.cutoff) if self.radial is None else self.radial
        angular = _angular_grid(self.cutoff) if self.angular is None else self.angular
        self.radial_, self.angular_ = _table(radial, 2, "radial"), _table(angular, 3, "angular")

    def _describe(self, frames: list[Atoms]) -> Any:
        features = self.features(build(frames, self.cutoff))
        atoms = [a.numpy() for a in features.split([len(a) for a in frames])]
        return atoms if self.average == "off" else np.array([a.mean(axis=0) for a in atoms])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names such as ``G2_O_eta1.5_s0.5`` and ``G4_HO_eta0.1_zeta4_lambda-1``."""
        check_is_fitted(self)
        two = [
            f"G2_{a}_eta{value_name(e)}_s{value_name(s)}"
            for a in self.species_
            for e, s in self.radial_.tolist()
        ]
        pairs = [b + a for i, a in enumerate(self.species_) for b in self.species_[: i + 1]]
        rows = [[value_name(v) for v in row] for row in self.angular_.tolist()]
        three = [f"G4_{p}_eta{e}_zeta{z}_lambda{l}" for p in pairs for e, z, l in rows]
        return np.array(two + three, dtype=object)

    def features(self, graph: Graph) -> torch.Tensor:
        """Symmetry functions of each atom, (n, n_features), differentiable by positions and cells."""
        vectors, element = graph.vectors, self.element(graph.numbers)
        first, second = triplets(graph, vectors, self.cutoff)
        two = self._pair_terms(vectors)
        three = self._triplet_terms(vectors[first], vectors[second])
        of_pair = element[graph.target]
        low, high = torch.aminmax(torch.stack([of_pair[first], of_pair[second]]), dim=0)
        kind = high * (high + 1) // 2 + low  # row by row through the lower triangle, dscribe's order
        n, kinds = len(graph.numbers), len(self.species_)
        two = _sum_by_index(two, graph.source * kinds + of_pair, n * kinds)
        three = _sum_by_index(three, graph.source[first] * _n_pairs(kinds) + kind, n * _n_pairs(kinds))
        return torch.cat(
            [two.view(n, two.shape[1] * kinds), three.view(n, three.shape[1] * _n_pairs(kinds))], 1
        )

    def jacobian(self, graph: Graph) -> torch.Tensor:
        """∂G_i/∂r_ij for every pair, Å⁻¹, without the features that the neighbour's element rules out.

        Returns
        -------
        (p, n_columns, 3) tensor
            The feature of each column stands in `columns`, row of the neighbour's element.
        """
        vectors, of_pair = graph.vectors.detach(), self.element(graph.numbers)[graph.target]
        first, second = triplets(graph, vectors, self.cutoff)
        (two,) = _jacobian(self._pair_terms, vectors)
        by_first, by_second = _jacobian(self._triplet_terms, vectors[first], vectors[second])
        kinds = len(self.species_)
        three = _sum_by_index(by_first, first * kinds + of_pair[second], len(vectors) * kinds)
        three = three + _sum_by_index(by_second, second * kinds + of_pair[first], len(vectors) * kinds)
        return torch.cat([two, three.view(len(vectors), kinds * len(self.angular_), 3)], dim=1)

    @property
    def columns(self) -> torch.Tensor:
        """Indices of the features that a neighbour of each element can change, (n_species, n_columns) int."""
        kinds, two, three = len(self.species_), len(self.radial_), len(self.angular_)
        kind = torch.zeros(kinds, kinds, dtype=torch.long)
        i, j = torch.tril_indices(kinds, kinds)
        kind[i, j] = kind[j, i] = torch.arange(_n_pairs(kinds))
        radial = torch.arange(kinds * two).view(kinds, two)
        angular = kinds * two + kind[:, :, None] * three + torch.arange(three)
        return torch.cat([radial, angular.view(kinds, -1)], dim=1)

    def element(self, numbers: torch.Tensor) -> torch.Tensor:
        """Index in `species_` of each atomic number."""
        known = torch.tensor([atomic_numbers[s] for s in self.species_], device=numbers.device)
        return torch.searchsorted(known, numbers)

    def _pair_terms(self, vectors: torch.Tensor) -> torch.Tensor:
        """Contribution of each pair to G2, (p, n_radial)."""
        r = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        eta, shift = self.radial_.to(vectors).unbind(1)
        return torch.exp(-eta * (r - shift) ** 2) * self._fade(r)

    def _triplet_terms(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Contribution of each triplet to G4, (t, n_angular)."""
        squares = torch.stack([(v**2).sum(1) for v in (first, second, second - first)], dim=1)
        r = squares.sqrt()
        cosine = (first * second).sum(1) / (r[:, 0] * r[:, 1])
        eta, zeta, sign = self.angular_.to(first).unbind(1)
        shape = ((1 + sign * cosine[:, None]) / 2).clamp(min=0) ** zeta  # rounding can fall below 0
        fade = self._fade(r).prod(1, keepdim=True)
        return 2 * shape * torch.exp(-eta * squares.sum(1, keepdim=True)) * fade

    def _fade(self, r: torch.Tensor) -> torch.Tensor:
        return (torch.cos(math.pi * r / self.cutoff) + 1) / 2


def triplets(graph: Graph, vectors: torch.Tensor, cutoff: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of every two pairs of one source whose targets are closer than the cutoff, each once."""
    order = torch.argsort(graph.source, stable=True)
    degree = torch.bincount(graph.source, minlength=len(graph.numbers))
    end = torch.repeat_interleave(degree.cumsum(0), degree)
    pair = torch.arange(len(order), device=order.device)
    following = end - pair - 1  # pairs of the same source after this one
    first = torch.repeat_interleave(pair, following)
    second = first + 1 + torch.arange(len(first), device=order.device)
    second = second - torch.repeat_interleave(following.cumsum(0) - following, following)
    first, second = order[first], order[second]
    near = torch.linalg.vector_norm((vectors[second] - vectors[first]).detach(), dim=1) < cutoff
    return first[near], second[near]


def _jacobian(terms: Callable[..., torch.Tensor], *vectors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """∂terms[x, f]/∂vector[x] as (n, n_terms, 3): a row depends on its own vectors only."""
    inputs = [v.detach().requires_grad_() for v in vectors]
    values = terms(*inputs)
    rows = [torch.autograd.grad(v.sum(), inputs, retain_graph=True) for v in values.unbind(1)]
    return tuple(torch.stack(g, dim=1) for g in zip(*rows, strict=True))


def _sum_by_index(values: torch.Tensor, index: torch.Tensor, size: int) -> torch.Tensor:
    return values.new_zeros(size, *values.shape[1:]).index_add(0, index, values)


def _n_pairs(kinds: int) -> int:
    return kinds * (kinds + 1) // 2


def _radial_grid(cutoff: float, n: int = 12) -> list[tuple[float, float]]:
    centres = np.linspace(0.5, cutoff - 0.5, n)
    return [(0.5 / (centres[1] - centres[0]) ** 2, float(s)) for s in centres]


def _angular_grid(cutoff: float) -> list[tuple[float, float, float]]:
    widths, powers = (0.3, 0.5, 1.0), (1.0, 4.0, 16.0)
    return [(0.5 / (w * cutoff) ** 2, p, sign) for w in widths for p in powers for sign in (1.0, -1.0)]


def _table(rows: Sequence[Sequence[float]], width: int, name: str) -> torch.Tensor:
    table = torch.tensor([[float(x) for x in row] for row in rows], dtype=torch.float64)
    if table.ndim != 2 or table.shape[1] != width:
        raise ValueError(f"{name} must be rows of {width} numbers; got shape {tuple(table.shape)}")
    return table
