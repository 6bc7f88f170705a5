"""Frames of the minimum-energy path between two minima, by the nudged elastic band; see `reaction_path`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.datasets.formats.structure_file import read_structures
from mlffbench.labelling.samplers.common.frames import bare_frame, centred, frame_count, required_calculator
from mlffbench.properties.reaction_path import permuted, reaction_path
from mlffbench.properties.relaxation import relaxed
from mlffbench.system.ranges import Count, Natural, Positive

__all__ = ["neb"]


def neb(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    end: Atoms | str | Path | Mapping[str, Any],
    n_frames: Count,
    climb: bool = True,
    fmax: Positive = 0.05,
    steps: Natural = 500,
    spring: Positive = 0.1,
    ends_fmax: Positive = 0.01,
    coordinate: Sequence[Sequence[int]] | None = None,
) -> list[Atoms]:
    """Sample the images of a converged band, both ends included.

    Column: ``coordinate``, the length of the path up to the image, Å, or a difference of two distances, Å.

    Parameters
    ----------
    atoms : Atoms
        Start of the path; its constraints hold.
    calculator : Calculator
        Calculator with forces.
    seed : int
        Seed of the random displacements that separate atoms which collide on the straight path.
    end : Atoms, path, or mapping
        The same atoms at the end of the path. ``{permutation: [...]}`` is the relaxed start with atom i at
        the position of atom permutation[i]; ``mirror: true`` beside it takes its mirror image.
    n_frames : int
        Number of images with both ends.
    climb, fmax, steps, spring, ends_fmax : bool, float, int, float, float
        See `reaction_path`.
    coordinate : two pairs of ints, optional
        ``[[a, b], [c, d]]`` makes the coordinate r_ab − r_cd, Å.

    Raises
    ------
    ValueError
        There is no calculator, the ends do not match or are the same, or a relaxation does not converge.
    """
    n_frames = frame_count(n_frames, "neb", least=3)
    first = relaxed(required_calculator(calculator, "neb"), atoms, fmax=ends_fmax)
    path = reaction_path(
        first.calc, first, _end_structure(first, end), n_frames, climb, fmax, steps, spring, ends_fmax, seed
    )
    values = path.lengths if coordinate is None else _distance_difference(path.images, coordinate)
    return [bare_frame(centred(a), coordinate=float(s)) for a, s in zip(path.images, values, strict=True)]


def _end_structure(start: Atoms, end: Atoms | str | Path | Mapping[str, Any]) -> Atoms:
    """End of the path: given, read from a file, or a permutation of the start."""
    if isinstance(end, Mapping):
        return permuted(start, **end)
    return end if isinstance(end, Atoms) else read_structures(end, "-1")[0]


def _distance_difference(images: Sequence[Atoms], pairs: Sequence[Sequence[int]]) -> np.ndarray:
    """r_ab − r_cd of every image, Å."""
    (a, b), (c, d) = pairs
    return np.array([i.get_distance(a, b, mic=True) - i.get_distance(c, d, mic=True) for i in images])
