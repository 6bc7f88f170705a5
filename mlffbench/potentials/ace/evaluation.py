"""Energies, forces and stresses of a linear ACE, block of atoms by block of atoms."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from ace_jax.eval import load
from ace_jax.eval.model import lean
from ase import Atoms

from mlffbench.data import VOIGT, Labels
from mlffbench.potentials.ace.edges import SIZES, Edges, edges_of
from mlffbench.potentials.ace.jax_session import double_precision
from mlffbench.potentials.ace.spread import standard_deviations

__all__ = ["Evaluator"]

LEAST_WIDTH = 32  # neighbours in a row; doubled where they do not suffice


class Evaluator:
    """A fitted potential in the form that jax computes with, compiled once for each width of neighbour rows.

    Parameters
    ----------
    arrays : mapping of str to array
        As ace-jax stores a linear model.
    jackknife : mapping of str to array, optional
        Of `jackknife_arrays`; without it there are no deviations.
    """

    def __init__(
        self, arrays: Mapping[str, np.ndarray], jackknife: Mapping[str, np.ndarray] | None = None
    ) -> None:
        self.jackknife = jackknife
        file, named = io.BytesIO(), dict[str, Any](arrays)
        np.savez(file, **named)
        file.seek(0)
        with double_precision():
            self.complete, meta, _ = load(file)
            self.model = lean(self.complete)
            self.far = float(self.model.pad_cutoff())
        self.numbers, self.cutoff = [int(z) for z in meta["elements"]], float(meta["rcut"])
        self._width, self._compiled = LEAST_WIDTH, 0

    def edges(self, frames: Sequence[Atoms]) -> Edges:
        """Neighbours of the frames' atoms; compile what will evaluate them, which is no prediction's time."""
        edges = edges_of(frames, self.numbers, self.cutoff, self._width)
        self._width = edges.width
        if self._compiled != edges.width:
            self._compile(edges.width)
            self._compiled = edges.width
        return edges

    def _compile(self, width: int) -> None:
        """Compile the evaluation of blocks of all sizes."""
        for size in SIZES:
            vectors, other = np.zeros((size, width, 3)), np.zeros((size, width), np.int32)
            vectors[..., 0] = self.far
            with double_precision():
                jax.block_until_ready(_sites(self.model, vectors, other > 0, other[:, 0], other))
        if self.jackknife is not None:
            self._deviations(edges_of([Atoms([self.numbers[0]])], self.numbers, self.cutoff, width))

    def predict(self, edges: Edges, deviations: bool) -> Labels:
        """Energies (eV), forces (eV/Å) and, of periodic frames, stresses (eV/Å³); their deviations if asked.

        E = Σ_i ε(r_ij ...), F_i = Σ_j g_ij − Σ_j g_ji and σ = Σ_ij r_ij ⊗ g_ij / V with g_ij = ∂E/∂r_ij.
        """
        energies, gradients = np.zeros(len(edges.species)), np.zeros_like(edges.vectors)
        with double_precision():
            for block in edges.blocks(self.far):
                energy, gradient = _sites(self.model, block.vectors, block.mask, block.species, block.other)
                energies[block.atoms] = np.asarray(energy)[: block.atoms.stop - block.atoms.start]
                gradients[block.pairs] = np.asarray(gradient)[block.place]
        return Labels(
            np.bincount(edges.frame, energies, minlength=len(edges.volume)),
            tuple(edges.split(edges.on_atoms(gradients))),
            tuple(_stresses(edges, gradients)),
            *(self._deviations(edges) if deviations and self.jackknife is not None else ()),
        )

    def _deviations(self, edges: Edges) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        assert self.jackknife is not None
        return standard_deviations(self.complete, self.jackknife, edges, self.far)


def _stresses(edges: Edges, gradients: np.ndarray) -> Sequence[np.ndarray | None]:
    """σ = Σ r ⊗ g / V, (6,) in Voigt's order; None where the frame has no volume."""
    frame, frames = edges.frame[edges.first], len(edges.volume)
    r, g = edges.vectors, gradients
    columns = [
        np.bincount(frame, (r[:, a] * g[:, b] + r[:, b] * g[:, a]) / 2, minlength=frames) for a, b in VOIGT
    ]
    virials = np.stack(columns, axis=1)
    return [None if np.isnan(v) else w / v for v, w in zip(edges.volume, virials, strict=True)]


@jax.jit
def _sites(model: Any, vectors: Any, mask: Any, species: Any, other: Any) -> tuple[Any, Any]:
    """Energies of the atoms of a block and their derivatives by the vectors to the neighbours."""
    centre = species[:, None] + 0 * other

    def total(vectors: Any) -> tuple[Any, Any]:
        energies = model.site_energies_dense(vectors, centre, other, mask, species)
        return energies.sum(), energies

    (_, energies), gradient = jax.value_and_grad(total, has_aux=True)(vectors)
    return energies, jax.numpy.where(mask[..., None], gradient, 0.0)
