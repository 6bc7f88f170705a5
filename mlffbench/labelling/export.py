"""Labels -> dataset: one compressed extxyz file and its card."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import bare
from mlffbench.labelling.jobs import Job
from mlffbench.labelling.journal import Journal
from mlffbench.labelling.recipe import Recipe, read_card
from mlffbench.labelling.sampling import to_extxyz
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.versions import versions

__all__ = ["export"]

PACKAGES = ("mlffbench", "ase", "matscipy", "numpy", "scipy", "pyscf", "tblite")


def export(
    recipe: Recipe, recipe_folder: Path, jobs: Sequence[Job], journal: Journal, folder: Path
) -> tuple[Path, dict[str, Any]]:
    """Write the labelled frames, ``<name>.xyz.gz``, and their card, ``<name>.json``.

    Parameters
    ----------
    recipe_folder : Path
        Folder of the recipe.
    folder : Path
        Folder of the dataset.

    Returns
    -------
    file : Path
    card : dict
        Entries of the recipe's card, and sampling, settings, counts, failures by kind, versions and the
        checksum of the data.
    """
    order = list(recipe.groups)
    labelled = sorted(
        (j for j in jobs if j.group and journal.label(j.key)), key=lambda j: order.index(j.group)
    )
    blob = gzip.compress(to_extxyz([_labelled_frame(recipe, j, journal) for j in labelled]), mtime=0)
    file = folder / f"{recipe.name}.xyz.gz"
    with atomic_write(file) as stream:
        stream.write(blob)
    card = _card(recipe, jobs, labelled, journal)
    for extra in recipe.card_from:
        card |= read_card(recipe_folder / extra)
    card |= {"sha256": hashlib.sha256(blob).hexdigest()}
    with atomic_write(file.with_name(f"{recipe.name}.json")) as stream:
        stream.write((json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return file, card


def _labelled_frame(recipe: Recipe, job: Job, journal: Journal) -> Atoms:
    """Frame with its label as ``REF_energy``, ``REF_forces`` and ``REF_stress``, and its facts in `info`."""
    label = journal.label(job.key)
    assert label is not None
    frame = bare(job.atoms)
    facts = {k: v for k, v in job.atoms.info.items() if isinstance(v, int | float | str | np.generic)}
    frame.info = {"group": job.group, **facts, **recipe.groups[job.group].columns}
    frame.info["REF_energy"] = round(label["energy"], 8)
    frame.arrays["REF_forces"] = np.array(label["forces"])
    if label.get("stress") is not None:
        frame.info["REF_stress"] = np.round(label["stress"], 10)
    return frame


def _card(recipe: Recipe, jobs: Sequence[Job], labelled: Sequence[Job], journal: Journal) -> dict[str, Any]:
    groups = [job.group for job in labelled]
    failures = [failure["kind"] for job in jobs if (failure := journal.failure(job.key))]
    isolated = {j.atoms.get_chemical_symbols()[0]: journal.label(j.key) for j in jobs if not j.group}
    seconds = sum(journal.entries[j.key].get("seconds", 0.0) for j in labelled)
    return {
        **recipe.card,
        "sampling": {
            name: "; ".join(f"{d.of}: {', '.join(map(str, d.by))}" for d in group.draws)
            for name, group in recipe.groups.items()
        },
        "settings": {recipe.label_with.calculator.name: dict(recipe.label_with.calculator.params)},
        "settings_of_groups": {n: g.label_params for n, g in recipe.groups.items() if g.label_params},
        "units": {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "positions": "Å"},
        "isolated_atom_energies_eV": {s: label["energy"] for s, label in isolated.items() if label},
        "groups": {g: groups.count(g) for g in recipe.groups if g in groups},
        "not_labelled": {kind: failures.count(kind) for kind in sorted(set(failures))},
        "labelling_seconds": round(seconds),
        "versions": versions(PACKAGES),
    }
