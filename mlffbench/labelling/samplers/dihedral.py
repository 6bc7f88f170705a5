"""Scan of one dihedral angle, rigid or relaxed; see `dihedral_scan`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import bare_frame, centred, frame_count, required_calculator
from mlffbench.properties.torsion import dihedral_scan
from mlffbench.system import progress
from mlffbench.system.ranges import AnyNumber, Count, Natural, Positive

__all__ = ["dihedral"]


def dihedral(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    indices: Sequence[int],
    n_frames: Count,
    start: AnyNumber = 0.0,
    stop: AnyNumber = 180.0,
    relax: bool = False,
    move: Sequence[int] | None = None,
    hold: Sequence[Sequence[int]] = (),
    fmax: Positive = 0.005,
    steps: Natural = 300,
) -> list[Atoms]:
    """Sample structures with the dihedral i-j-k-l at equally spaced angles, both ends included.

    Column: ``coordinate``, the angle in degrees.

    Parameters
    ----------
    atoms : Atoms
        Molecule.
    calculator : Calculator or None
        Calculator of a relaxed scan.
    seed : int
        Not used.
    indices : four ints
        Atoms i, j, k, l of the dihedral.
    n_frames : int
        Number of angles.
    start, stop : float
        First and last angle, degrees. 0 and 360 are the same structure: for a full turn stop one spacing
        short.
    relax : bool
        Minimise everything but the angle.
    move, hold, fmax, steps : ints, fours of ints, float, int
        See `dihedral_scan`.

    Raises
    ------
    ValueError
        The atoms do not exist, the bond is in a ring, a relaxed scan has no calculator, or a point does not
        relax.
    """
    angles = np.linspace(start, stop, frame_count(n_frames, "dihedral")).tolist()
    optimizer = required_calculator(calculator, "a relaxed dihedral") if relax else None
    structures = dihedral_scan(optimizer, atoms, indices, angles, move, hold, fmax, steps)
    frames: list[Atoms] = []
    for angle, structure in zip(angles, structures, strict=True):
        frames.append(bare_frame(centred(structure), coordinate=angle))
        progress.report("dihedral", len(frames), n_frames)
    return frames
