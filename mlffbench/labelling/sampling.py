"""Recipe -> samples: the frames of every group, cached on disk."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.io import write

from mlffbench import registry
from mlffbench.data import Spec, bare
from mlffbench.datasets.formats.structure_file import read_structures
from mlffbench.labelling.recipe import Draw, Group, Recipe, structure
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.checksum import checksums_of_named_files
from mlffbench.system.lease import Lease, Leases

__all__ = ["sample", "to_extxyz"]


def sample(
    recipe: Recipe,
    recipe_folder: Path,
    folder: Path,
    leases: Leases,
    sampled: Callable[[str, int], None],
    waiting: Callable[[str], object] = lambda _: None,
) -> dict[str, list[Atoms]]:
    """Sample the frames of every group, or read them from disk where they were sampled before.

    Parameters
    ----------
    recipe_folder : Path
        Folder of the recipe.
    folder : Path
        Work folder; each group has a file in ``samples``, named by a digest of its draws.
    leases : Leases
        Of the files: a group that another run samples is left to it.
    sampled : callable
        Called with the name of each group and its number of frames.
    waiting : callable
        Called, again and again, with the name of a group that another run samples.
    """
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    samples = {}
    for name, group in recipe.groups.items():
        file = folder / "samples" / f"{name}-{_digest(recipe, group, recipe_folder)}.xyz"
        if not file.exists():
            with leases.wait_for(file.stem, partial(waiting, name)) as lease:
                if not file.exists():  # another run has made it meanwhile
                    _write(file, recipe, group, recipe_folder, lease)
        samples[name] = _read(file)
        sampled(name, len(samples[name]))
    return samples


def _write(file: Path, recipe: Recipe, group: Group, recipe_folder: Path, lease: Lease) -> None:
    frames = [frame for draw in group.draws for frame in _sample_draw(recipe, draw, recipe_folder)]
    with atomic_write(file, allowed=lease.check) as stream:
        stream.write(to_extxyz(frames))


def _read(file: Path) -> list[Atoms]:
    """Read the samples of an earlier run, or of this one."""
    try:
        return read_structures(file, format="extxyz")
    except ValueError as error:
        raise ValueError(f"{error}; remove the file to sample again") from error


def _digest(recipe: Recipe, group: Group, recipe_folder: Path) -> str:
    """Digest of a group's draws, their structures, samplers, seeds and calculators and files."""
    inputs: list[Any] = [
        [recipe.structures[d.of], d.seed, [str(s) for s in d.by], str(d.calculator or recipe.sample_with)]
        for d in group.draws
    ]
    structures = [recipe.structures[d.of].get("file") for d in group.draws]
    calculators = [(d.calculator or recipe.sample_with or Spec("")).params for d in group.draws]
    samplers = [s.params for d in group.draws for s in d.by]
    files = [
        checksums_of_named_files(structures, recipe_folder),
        checksums_of_named_files([calculators, samplers]),
    ]
    inputs += [named for named in files if named]
    return hashlib.sha256(json.dumps(inputs, default=str).encode()).hexdigest()[:8]


def _sample_draw(recipe: Recipe, draw: Draw, recipe_folder: Path) -> list[Atoms]:
    """Apply the draw's samplers one after the other, each to every frame of the one before."""
    frames = [structure(recipe, draw.of, recipe_folder)]
    calculator = _calculator(draw.calculator or recipe.sample_with)
    for step, spec in enumerate(draw.by):
        sampler = registry.load("samplers", spec.name)
        samples = []
        for i, atoms in enumerate(frames):
            for frame in sampler(bare(atoms), calculator, _seed(draw, step, i), **spec.params):
                frame.info = {**atoms.info, **frame.info}
                samples.append(frame)
        frames = samples
    return frames


def _seed(draw: Draw, step: int, frame: int) -> int:
    """Seed of a sampler: the draw's own for a single sampler, else one for each step and input frame."""
    if len(draw.by) == 1:
        return draw.seed
    return int(np.random.SeedSequence([draw.seed, step, frame]).generate_state(1)[0])


def _calculator(spec: Spec | None) -> Any:
    return None if spec is None else registry.load("calculators", spec.name)(**spec.params)


def to_extxyz(frames: Sequence[Atoms]) -> bytes:
    """Content of an extended XYZ file of the frames."""
    text = io.StringIO()
    write(text, frames, format="extxyz", write_results=False)
    return text.getvalue().encode()
