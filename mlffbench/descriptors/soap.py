"""Smooth overlap of atomic positions (SOAP): vectors of frames or of their atoms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms
from sklearn.utils.validation import check_is_fitted

from mlffbench.descriptors import graph
from mlffbench.descriptors.base import Descriptor
from mlffbench.descriptors.neighbour_density import density
from mlffbench.descriptors.power_spectrum import Basis, spectra
from mlffbench.descriptors.soap_derivatives import Derivatives, derivatives

__all__ = ["SOAP"]


class SOAP(Descriptor):
    """Partial power spectrum p_nn'l = π √(8/(2l+1)) Σ_m c_nlm c_n'lm of neighbour densities.

    Each neighbour (and the atom itself) is a Gaussian of width `sigma`, expanded in orthonormalised
    Gaussian-type radial functions and real spherical harmonics: Bartók, Kondor and Csányi,
    Phys. Rev. B 87, 184115 (2013). Features, their order and their normalisation are those of dscribe's
    ``SOAP(rbf="gto")`` (Himanen et al., Comput. Phys. Commun. 247, 106949 (2020)), periodic where a frame is.

    Parameters
    ----------
    cutoff : float
        Range of the radial functions, Å; above 1.
    n_max, l_max : int
        Number of radial functions, and the largest degree of the spherical harmonics.
    sigma : float
        Width of the Gaussians, Å.
    average : {"inner", "outer", "off"}
        One vector per frame, averaged over atoms before (inner) or after (outer) the square; or no average:
        a list of (n_atoms, n_features).
    species : sequence of str or int, optional
        Elements of all frames; by default those of the frames given to `fit`.

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

    averages = ("inner", "outer", "off")

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

    def _learn(self, numbers: list[int]) -> None:
        self.basis_ = checked_basis(numbers, self.cutoff, self.n_max, self.l_max, self.sigma)

    def derivatives(self, X: Sequence[Atoms], device: str = "cpu") -> Iterator[Derivatives]:
        """Yield each frame's SOAP vectors with their derivatives by the positions.

        Parameters
        ----------
        X : list of n Atoms
        device : str
            Device of torch: ``cpu``, ``cuda``.

        Yields
        ------
        Derivatives
            ``values`` (n_atoms, n_features), ``blocks`` of the pairs that are not zero, 1/Å, and ``dense()``,
            (n_centres, n_atoms, 3, n_features). A centre moves with its atom: dscribe's ``attach=True``.

        Raises
        ------
        ValueError
            A frame holds an element that is not in `species_`, or vectors are averaged.

        Examples
        --------
        >>> from ase.build import molecule
        >>> water = [molecule("H2O")]
        >>> (result,) = SOAP(n_max=2, l_max=1, average="off").fit(water).derivatives(water)
        >>> tuple(result.dense().shape)
        (3, 3, 3, 20)
        """
        if self.average != "off":
            raise ValueError(f"derivatives are those of single atoms: average='off', not {self.average!r}")
        return derivatives(self._checked(X), self.basis_, device)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names such as ``H1_O2_l0``: element and number of both radial functions, and the degree l."""
        check_is_fitted(self)
        a = [f"{s}{n + 1}" for s in self.species_ for n in range(self.n_max)]
        names = [f"{i}_{j}_l{l}" for l in range(self.l_max + 1) for i in a for j in a]
        return np.array(names, dtype=object)[self.basis_.order.numpy()]

    def _describe(self, frames: list[Atoms]) -> Any:
        batch = graph.build(frames, self.basis_.radius)
        sizes = torch.bincount(batch.frame, minlength=batch.n_frames)
        with torch.no_grad():
            c = density(batch, self.basis_)
            if self.average == "inner":
                return spectra(batch.sum_atoms(c) / sizes[:, None, None, None], self.basis_).numpy()
            p = spectra(c, self.basis_)
        if self.average == "outer":
            return (batch.sum_atoms(p) / sizes[:, None]).numpy()
        return [part.numpy() for part in p.split(sizes.tolist())]


def checked_basis(
    numbers: Iterable[int], cutoff: float, n_max: int, l_max: int, sigma: float, smooth: bool = False
) -> Basis:
    """Basis of the vectors, after a check of its parameters.

    Raises
    ------
    ValueError
        A parameter is out of range.
    """
    if not cutoff > 1:
        raise ValueError(f"cutoff must exceed 1 Å, where the first radial function ends; got {cutoff}")
    if not (n_max >= 1 and n_max == int(n_max)):
        raise ValueError(f"n_max counts radial functions: an integer of at least 1; got {n_max}")
    if not (0 <= l_max <= 12 and l_max == int(l_max)):
        raise ValueError(f"l_max must be an integer from 0 to 12; got {l_max}")
    if not sigma > 0:
        raise ValueError(f"sigma is the width of a Gaussian in Å and must be positive; got {sigma}")
    basis = Basis(tuple(sorted(numbers)), float(cutoff), int(n_max), int(l_max), float(sigma), smooth)
    _ = basis.radial  # raises if the radial functions are not independent
    return basis
