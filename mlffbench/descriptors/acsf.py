"""Atom-centred symmetry functions: two- and three-body fingerprints of an atom's environment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.data import atomic_numbers
from sklearn.utils.validation import check_is_fitted

from mlffbench.data import value_name
from mlffbench.descriptors.base import Descriptor
from mlffbench.descriptors.environments import Environments, environments
from mlffbench.descriptors.graph import Graph, build
from mlffbench.descriptors.symmetry_functions import SymmetryFunctions, Values

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
        return self._values(graph).features()

    def jacobian(self, graph: Graph) -> torch.Tensor:
        """∂G_i/∂r_ij for every pair, Å⁻¹, without the features that the neighbour's element rules out.

        Returns
        -------
        (p, 3, n_columns) tensor
            The feature of each column stands in `columns`, row of the neighbour's element.
        """
        return self._values(graph).jacobian()

    @property
    def columns(self) -> torch.Tensor:
        """Indices of the features that a neighbour of each element can change, (n_species, n_columns) int."""
        return self.functions().columns

    def functions(self, device: str | torch.device = "cpu") -> SymmetryFunctions:
        """The symmetry functions with their constants on a device."""
        return SymmetryFunctions(self.cutoff, self.radial_, self.angular_, len(self.species_), device)

    def environments(self, graph: Graph) -> Environments:
        """Neighbours and pairs of neighbours of every atom of a graph."""
        return environments(graph, self.element(graph.numbers), self.cutoff)

    def _values(self, graph: Graph) -> Values:
        return self.functions(graph.positions.device)(self.environments(graph))

    def element(self, numbers: torch.Tensor) -> torch.Tensor:
        """Index in `species_` of each atomic number."""
        known = torch.tensor([atomic_numbers[s] for s in self.species_], device=numbers.device)
        return torch.searchsorted(known, numbers)


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
