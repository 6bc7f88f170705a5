"""recipe -> frames: every group's samples, kept on disk once they are made."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.io import read, write

from mlffbench import registry
from mlffbench.data import Spec, bare
from mlffbench.labelling.recipe import Draw, Group, Recipe, structure
from mlffbench.system.atomic_write import atomic_write

__all__ = ["extxyz", "sample"]


def sample(
    recipe: Recipe, home: Path, folder: Path, sampled: Callable[[str, int], None]
) -> dict[str, list[Atoms]]:
    """The frames of every group, from disk where they were made before.

    Parameters
    ----------
    home : Path
        Where the recipe lies.
    folder : Path
        Where samples are kept: a file each group, named by what decides it.
    sampled : callable
        Told the name of each group, and its number of frames.
    """
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    found = {}
    for name, group in recipe.groups.items():
        file = folder / "samples" / f"{name}-{_digest(recipe, group)}.xyz"
        if not file.exists():
            frames = [frame for draw in group.draws for frame in _drawn(recipe, draw, home)]
            with atomic_write(file) as stream:
                stream.write(extxyz(frames))
        found[name] = read(file, ":", format="extxyz")
        sampled(name, len(found[name]))
    return found


def _digest(recipe: Recipe, group: Group) -> str:
    """What decides a group's frames: its draws, their structures and calculators."""
    decides = [
        [recipe.structures[d.of], d.seed, [str(s) for s in d.by], str(d.calculator or recipe.sample_with)]
        for d in group.draws
    ]
    return hashlib.sha256(json.dumps(decides, default=str).encode()).hexdigest()[:8]


def _drawn(recipe: Recipe, draw: Draw, home: Path) -> list[Atoms]:
    """The draw's samplers in a row, every frame of one handed to the next."""
    frames = [structure(recipe, draw.of, home)]
    calculator = _calculator(draw.calculator or recipe.sample_with)
    for step, sampler in enumerate(draw.by):
        act = registry.load("samplers", sampler.name)
        made = []
        for i, atoms in enumerate(frames):
            for frame in act(bare(atoms), calculator, _seed(draw, step, i), **sampler.params):
                frame.info = {**atoms.info, **frame.info}
                made.append(frame)
        frames = made
    return frames


def _seed(draw: Draw, step: int, frame: int) -> int:
    """The draw's own for a lone sampler; of several in a row, one for each and each of their frames."""
    if len(draw.by) == 1:
        return draw.seed
    return int(np.random.SeedSequence([draw.seed, step, frame]).generate_state(1)[0])


def _calculator(spec: Spec | None) -> Any:
    return None if spec is None else registry.load("calculators", spec.name)(**spec.params)


def extxyz(frames: Sequence[Atoms]) -> bytes:
    """The frames as an extended xyz file."""
    text = io.StringIO()
    write(text, frames, format="extxyz", write_results=False)
    return text.getvalue().encode()
