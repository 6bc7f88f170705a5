"""Smooth overlap of atomic positions: a frame, or each of its atoms, as a vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import torch
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mlffbench import graph
from mlffbench.descriptors._power_spectrum import Basis, density, spectra
from mlffbench.forcefield import check_frames

__all__ = ["SOAP"]

AVERAGES = ("inner", "outer", "off")
BATCH = 32  # frames at a time: bounds the memory


class SOAP(TransformerMixin, BaseEstimator):
    """The partial power spectrum p_nn'l = π √(8/(2l+1)) Σ_m c_nlm c_n'lm of neighbour densities.

    Each neighbour (and the atom itself) is a Gaussian of width `sigma`, expanded in orthonormalised
    Gaussian-type radial functions and real spherical harmonics: Bartók, Kondor and Csányi,
    Phys. Rev. B 87, 184115 (2013). Features, their order and their normalisation are those of dscribe's
    ``SOAP(rbf="gto")`` (Himanen et al., Comput. Phys. Commun. 247, 106949 (2020)), periodic where a frame is.

    Parameters
    ----------
    cutoff : float
        How far the radial functions reach, Å; above 1.
    n_max, l_max : int
        Number of radial functions, and the largest degree of the spherical harmonics.
    sigma : float
        Width of the Gaussians, Å.
    average : {"inner", "outer", "off"}
        One vector a frame, averaged before or after the square; or a list of (n_atoms, n_features).
    species : sequence of str or int, optional
        Elements that can be met; those of the frames given to `fit`, if left out.

    Attributes
    ----------
    species_ : list of str
        Chemical symbols, by atomic number.

    Examples
    --------
    >>> from ase.build import molecule
    >>> SOAP(n_max=2, l_max=1).fit_transform([molecule("H2O"), molecule("CH4")]).shape
    (2, 42)
    """

    def __init__(
        self,
        cutoff: float = 5.0,
        n_max: int = 6,
        l_max: int = 4,
        sigma: float = 0.3,
        average: str = "inner",
        species: Iterable[str | int] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.n_max = n_max
        self.l_max = l_max
        self.sigma = sigma
        self.average = average
        self.species = species

    def fit(self, X: Sequence[Atoms], y: Any = None) -> Self:
        """Learn which elements there are.

        Raises
        ------
        ValueError
            A parameter is out of range.
        """
        frames = check_frames(X)
        if self.average not in AVERAGES:
            raise ValueError(f"average must be one of {AVERAGES}, not {self.average!r}")
        met = {int(z) for a in frames for z in a.numbers}
        known = met if self.species is None else _numbers(self.species)
        self.species_ = [chemical_symbols[z] for z in sorted(known)]
        self.basis_ = checked_basis(known, self.cutoff, self.n_max, self.l_max, self.sigma)
        return self

    def transform(self, X: Sequence[Atoms]) -> np.ndarray | list[np.ndarray]:
        """The features of each frame, (n_frames, n_features), or with ``average="off"`` of its atoms.

        Raises
        ------
        ValueError
            A frame holds an element that is not in `species_`.
        """
        check_is_fitted(self)
        frames = check_frames(X)
        unseen = sorted({s for a in frames for s in a.symbols} - set(self.species_))
        if unseen:
            raise ValueError(f"SOAP was fitted to {self.species_} and cannot describe {unseen}")
        parts = [self._features(frames[i : i + BATCH]) for i in range(0, len(frames), BATCH)]
        return [f for part in parts for f in part] if self.average == "off" else np.vstack([*parts])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """``H1_O2_l0``: element and number of both radial functions, and the degree l."""
        check_is_fitted(self)
        a = [f"{s}{n + 1}" for s in self.species_ for n in range(self.n_max)]
        names = [f"{i}_{j}_l{l}" for l in range(self.l_max + 1) for i in a for j in a]
        return np.array(names, dtype=object)[self.basis_.order.numpy()]

    def _features(self, frames: list[Atoms]) -> np.ndarray | list[np.ndarray]:
        batch = graph.build(frames, self.basis_.radius)
        sizes = torch.bincount(batch.frame, minlength=batch.n_frames)
        with torch.no_grad():
            c = density(batch, self.basis_)
            if self.average == "inner":
                return spectra(batch.sum_atoms(c) / sizes[:, None, None], self.basis_).numpy()
            p = spectra(c, self.basis_)
        if self.average == "outer":
            return (batch.sum_atoms(p) / sizes[:, None]).numpy()
        return [part.numpy() for part in p.split(sizes.tolist())]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


def checked_basis(
    numbers: Iterable[int], cutoff: float, n_max: int, l_max: int, sigma: float, smooth: bool = False
) -> Basis:
    """A basis, or a sentence on which parameter is out of range."""
    if not cutoff > 1:
        raise ValueError(f"cutoff must exceed 1 Å, where the first radial function ends; got {cutoff}")
    if not (n_max >= 1 and n_max == int(n_max)):
        raise ValueError(f"n_max counts radial functions: an integer of at least 1; got {n_max}")
    if not (0 <= l_max <= 12 and l_max == int(l_max)):
        raise ValueError(f"l_max must be an integer from 0 to 12; got {l_max}")
    if not sigma > 0:
        raise ValueError(f"sigma is the width of a Gaussian in Å and must be positive; got {sigma}")
    basis = Basis(tuple(sorted(numbers)), float(cutoff), int(n_max), int(l_max), float(sigma), smooth)
    _ = basis.radial  # refuses radial functions that are not independent
    return basis


def _numbers(species: Iterable[str | int]) -> set[int]:
    unknown = [s for s in species if isinstance(s, str) and s not in atomic_numbers]
    if unknown:
        raise ValueError(f"species {unknown} are no chemical symbols")
    return {atomic_numbers[s] if isinstance(s, str) else int(s) for s in species}
