"""Energies, forces and stresses of a GRACE model, of many frames at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.potentials.grace.bonds import (
    VIRIAL,
    Bonds,
    Shape,
    bonds_of,
    padded,
    rounded,
    rows,
    shape_of,
)
from mlffbench.potentials.grace.library import library, quiet
from mlffbench.potentials.grace.network import model
from mlffbench.system.batch_size import consecutive_parts

__all__ = ["Batch", "Evaluator"]

ATOMS = 256  # evaluated together
WASTE = 2.0  # pairs of a compiled shape, of those needed, that are no reason for another one


class Batch(NamedTuple):
    """Some frames, and the compiled shape that holds them."""

    frames: list[Bonds]
    shape: Shape


class Evaluator:
    """A fitted model in the form that TensorFlow computes with, compiled once for each shape of a batch.

    Parameters
    ----------
    config : mapping
        Of `instructions`.
    weights : sequence of arrays
    numbers : sequence of int
        Atomic numbers of the elements, in the model's order.
    shift : float
        Energy of an atom that is added, eV.
    xla : bool
        Compile by XLA.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        weights: Sequence[np.ndarray],
        numbers: Sequence[int],
        shift: float,
        xla: bool,
    ) -> None:
        tf = library().tf
        self.model, self.numbers, self.shift = model(config, weights), list(numbers), shift
        self.cutoff = float(config["cutoff"])
        self.kinds = {"int": tf.int32, "float": tf.float64}
        self.specs = self.model.train_specs
        signature = {
            name: tf.TensorSpec(spec["shape"], self.kinds[spec["dtype"]], name=name)
            for name, spec in self.specs.items()
        }
        self.compute = tf.function(
            lambda data: self.model(data), jit_compile=xla, input_signature=[signature]
        )
        self.shapes: list[Shape] = []

    def batches(self, frames: Sequence[Atoms]) -> list[Batch]:
        """Neighbours of frames; compile what will evaluate them, which is no prediction's time."""
        bonds = bonds_of(frames, self.numbers, self.cutoff)
        parts = consecutive_parts([len(b.species) for b in bonds], ATOMS)
        return [Batch(bonds[part], self._shape(bonds[part])) for part in parts]

    def _shape(self, frames: Sequence[Bonds]) -> Shape:
        """The smallest compiled shape that holds the frames without much waste, or a new one."""
        need = shape_of(frames)
        fits = [s for s in self.shapes if s.holds(need) and s.pairs <= WASTE * need.pairs + 16]
        if fits:
            return min(fits, key=lambda s: s.pairs)
        shape = Shape(rounded(need.atoms), rounded(need.pairs))
        species, first, second, vectors, _ = frames[0]
        nothing = Bonds(species[:0], first[:0], second[:0], vectors[:0], np.nan)
        self._run(Batch([nothing], shape))
        self.shapes.append(shape)
        return shape

    def _run(self, batch: Batch) -> dict[str, np.ndarray]:
        tf = library().tf
        arrays = padded(*batch)
        data = {
            name: tf.constant(arrays[name], self.kinds[spec["dtype"]]) for name, spec in self.specs.items()
        }
        with quiet():
            return {name: values.numpy() for name, values in self.compute(data).items()}

    def predict(self, batches: Sequence[Batch]) -> Labels:
        """Energies (eV), forces (eV/Å) and, of periodic frames, stresses σ = −W/V (eV/Å³)."""
        energies: list[float] = []
        forces: list[np.ndarray] = []
        stresses: list[np.ndarray | None] = []
        for batch in batches:
            result, starts = self._run(batch), rows(batch.frames)
            sizes = np.diff(starts)
            energies += (result["total_energy"][: len(sizes), 0] + self.shift * sizes).tolist()
            forces += np.split(result["total_f"][: starts[-1]], starts[1:-1])
            virials = result["virial"][: len(sizes), VIRIAL]
            stresses += [
                None if np.isnan(b.volume) else -w / b.volume
                for b, w in zip(batch.frames, virials, strict=True)
            ]
        return Labels(np.array(energies), tuple(forces), tuple(stresses))
