"""The minimum-energy path between two minima, by the nudged elastic band: see `reaction_path`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.io import read

from mlffbench.labelling.samplers.common.frames import centred, count, needed, sampled
from mlffbench.properties.reaction_path import permuted, reaction_path
from mlffbench.properties.relaxation import relaxed

__all__ = ["neb"]


def neb(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    end: Atoms | str | Path | Mapping[str, Any],
    n_frames: int,
    climb: bool = True,
    fmax: float = 0.05,
    steps: int = 500,
    spring: float = 0.1,
    ends_fmax: float = 0.01,
    coordinate: Sequence[Sequence[int]] | None = None,
) -> list[Atoms]:
    """The images of a converged band, both ends included.

    The column ``coordinate`` is the length of the path up to the image, Å, or a difference of two distances.

    Parameters
    ----------
    atoms : Atoms
        The structure at the start; its constraints hold.
    calculator : Calculator
    seed : int
        Of the shoves that part atoms which a straight path would lead through one another.
    end : Atoms, path, or mapping
        The same atoms at the end. ``{permutation: [...]}`` is the relaxed start with atom i where atom
        permutation[i] was; ``mirror: true`` beside it takes its mirror image.
    n_frames : int
        Number of images, with the ends.
    climb, fmax, steps, spring, ends_fmax : bool, float, int, float, float
        As in `reaction_path`.
    coordinate : two pairs of ints, optional
        ``[[a, b], [c, d]]`` makes the coordinate r_ab − r_cd, Å.

    Raises
    ------
    ValueError
        No calculator, ends that do not match or are the same, or a relaxation that does not arrive.
    """
    n_frames = count(n_frames, "neb", least=3)
    first = relaxed(needed(calculator, "neb"), atoms, fmax=ends_fmax)
    path = reaction_path(
        first.calc, first, _end(first, end), n_frames, climb, fmax, steps, spring, ends_fmax, seed
    )
    along = path.lengths if coordinate is None else _difference(path.images, coordinate)
    return [sampled(centred(a), coordinate=float(s)) for a, s in zip(path.images, along, strict=True)]


def _end(start: Atoms, end: Atoms | str | Path | Mapping[str, Any]) -> Atoms:
    """The structure at the end."""
    if isinstance(end, Mapping):
        return permuted(start, **end)
    return end if isinstance(end, Atoms) else read(end)


def _difference(images: Sequence[Atoms], pairs: Sequence[Sequence[int]]) -> np.ndarray:
    """r_ab − r_cd of every image, Å."""
    (a, b), (c, d) = pairs
    return np.array([i.get_distance(a, b, mic=True) - i.get_distance(c, d, mic=True) for i in images])
