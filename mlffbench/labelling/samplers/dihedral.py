"""A scan of one dihedral angle, rigid or relaxed: see `turned`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.labelling.samplers.common.frames import centred, count, needed, sampled
from mlffbench.properties.torsion import turned
from mlffbench.system import progress

__all__ = ["dihedral"]


def dihedral(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    indices: Sequence[int],
    n_frames: int,
    start: float = 0.0,
    stop: float = 180.0,
    relax: bool = False,
    move: Sequence[int] | None = None,
    hold: Sequence[Sequence[int]] = (),
    fmax: float = 0.005,
    steps: int = 300,
) -> list[Atoms]:
    """Frames with the dihedral i-j-k-l at equally spaced angles, both ends included.

    The column is ``coordinate``: the angle, degrees.

    Parameters
    ----------
    atoms : Atoms
    calculator : Calculator or None
        Needed to relax.
    seed : int
        Nothing is random here.
    indices : four ints
        The atoms i, j, k, l.
    n_frames : int
    start, stop : float
        Degrees. 0 and 360 are the same structure: for a whole turn stop one spacing short.
    relax : bool
        Minimise everything but the angle.
    move, hold, fmax, steps : ints, fours of ints, float, int
        As in `turned`.

    Raises
    ------
    ValueError
        No such atoms, a bond in a ring, no calculator to relax with, or a point that does not relax.
    """
    angles = np.linspace(start, stop, count(n_frames, "dihedral")).tolist()
    by = needed(calculator, "a relaxed dihedral") if relax else None
    found = turned(by, atoms, indices, angles, move, hold, fmax, steps)
    frames: list[Atoms] = []
    for angle, frame in zip(angles, found, strict=True):
        frames.append(sampled(centred(frame), coordinate=angle))
        progress.report("dihedral", len(frames), n_frames)
    return frames
