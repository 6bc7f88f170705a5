"""Strained cells: random symmetric strains, and a series of compressions and expansions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.stress import voigt_6_to_full_3x3_stress

from mlffbench.labelling.samplers.common.frames import bare_frame, frame_count
from mlffbench.system import progress
from mlffbench.system.ranges import Natural, NonNegative

__all__ = ["strain"]


def strain(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    n_frames: Natural = 0,
    max_strain: NonNegative = 0.05,
    volumetric: Sequence[float] = (),
) -> list[Atoms]:
    """Deform the cell homogeneously, h′ = h (1 + ε), with fixed scaled positions.

    First one frame for every relative volume, ε = (V′/V)^⅓ − 1 times the unit matrix; then `n_frames` with
    random symmetric ε, every component uniform in ±`max_strain`. Columns: ``strain``, the principal strain of
    largest magnitude, signed; ``volume_ratio``, V′/V.

    Parameters
    ----------
    atoms : Atoms
        Structure that is periodic in three directions.
    calculator : None
        Not used.
    seed : int
        Seed of the random strains.
    n_frames : int
        Number of random strains.
    max_strain : float
        Bound of a component of the tensor ε; an engineering shear reaches twice as far.
    volumetric : sequence of float
        Relative volumes V′/V, such as ``[0.9, 0.95, 1.0, 1.05, 1.1]``.

    Raises
    ------
    ValueError
        The cell is not periodic, a number is out of range, or no frame is asked for.
    """
    if not atoms.pbc.all():
        raise ValueError(f"strain needs a cell periodic in three directions; pbc is {atoms.pbc.tolist()}")
    if not 0 < max_strain < 0.5 or any(v <= 0 for v in volumetric):
        raise ValueError(
            f"strain takes max_strain between 0 and 0.5 and volumes over 0; got {max_strain}, {[*volumetric]}"
        )
    n_random = frame_count(n_frames, "strain", least=0 if len(volumetric) else 1)
    voigt = np.random.default_rng(seed).uniform(-max_strain, max_strain, (n_random, 6))
    tensors = [(v ** (1 / 3) - 1) * np.eye(3) for v in volumetric]
    tensors += [voigt_6_to_full_3x3_stress(v) for v in voigt]  # a stress has no factor 2 in its shears
    progress.report("strain", len(tensors), len(tensors))
    return [_strained(atoms, tensor) for tensor in tensors]


def _strained(atoms: Atoms, tensor: np.ndarray) -> Atoms:
    """Frame with the cell strained by a tensor."""
    principal = np.linalg.eigvalsh(tensor)
    largest = float(principal[np.argmax(np.abs(principal))])
    ratio = float(np.linalg.det(np.eye(3) + tensor))
    frame = bare_frame(atoms, strain=largest, volume_ratio=ratio)
    frame.set_cell(atoms.cell @ (np.eye(3) + tensor), scale_atoms=True)
    return frame
