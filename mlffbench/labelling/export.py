"""Labels -> a dataset: one compressed file and its card."""

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
from mlffbench.labelling.journal import Ledger
from mlffbench.labelling.recipe import Recipe
from mlffbench.labelling.sampling import extxyz
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.versions import versions

__all__ = ["pack"]

PACKAGES = ("mlffbench", "ase", "matscipy", "numpy", "scipy", "pyscf", "tblite")


def pack(
    recipe: Recipe, home: Path, todo: Sequence[Job], ledger: Ledger, folder: Path
) -> tuple[Path, dict[str, Any]]:
    """Write what has been labelled: ``<name>.xyz.gz`` and its card, ``<name>.json``.

    Parameters
    ----------
    home : Path
        Where the recipe lies.
    folder : Path
        Where the files go.

    Returns
    -------
    file : Path
    card : dict
        Level, counts, failures by kind, versions, the data's checksum, and what the recipe says.
    """
    order = list(recipe.groups)
    labelled = sorted((j for j in todo if j.group and ledger.good(j.key)), key=lambda j: order.index(j.group))
    blob = gzip.compress(extxyz([_with_label(recipe, j, ledger) for j in labelled]), mtime=0)
    file = folder / f"{recipe.name}.xyz.gz"
    with atomic_write(file) as stream:
        stream.write(blob)
    card = _card(recipe, todo, labelled, ledger)
    for extra in recipe.card_from:
        card |= json.loads((home / extra).read_text(encoding="utf-8"))
    card |= {"sha256": hashlib.sha256(blob).hexdigest()}
    with atomic_write(file.with_name(f"{recipe.name}.json")) as stream:
        stream.write((json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return file, card


def _with_label(recipe: Recipe, job: Job, ledger: Ledger) -> Atoms:
    entry = ledger.good(job.key)
    assert entry is not None
    frame = bare(job.atoms)
    facts = {k: v for k, v in job.atoms.info.items() if isinstance(v, int | float | str | np.generic)}
    frame.info = {"group": job.group, **facts, **recipe.groups[job.group].columns}
    frame.info["REF_energy"] = round(entry["energy"], 8)
    frame.arrays["REF_forces"] = np.array(entry["forces"])
    if entry.get("stress") is not None:
        frame.info["REF_stress"] = np.round(entry["stress"], 10)
    return frame


def _card(recipe: Recipe, todo: Sequence[Job], labelled: Sequence[Job], ledger: Ledger) -> dict[str, Any]:
    groups = [job.group for job in labelled]
    errors = [ledger.labels[j.key]["error"]["kind"] for j in todo if "error" in ledger.labels.get(j.key, {})]
    alone = {j.atoms.get_chemical_symbols()[0]: ledger.good(j.key) for j in todo if not j.group}
    seconds = sum(ledger.labels[j.key].get("seconds", 0.0) for j in labelled)
    return {
        **recipe.card,
        "sampling": {
            name: "; ".join(f"{d.of}: {', '.join(map(str, d.by))}" for d in group.draws)
            for name, group in recipe.groups.items()
        },
        "settings": {recipe.label_with.calculator.name: dict(recipe.label_with.calculator.params)},
        "settings_of_groups": {n: g.label_params for n, g in recipe.groups.items() if g.label_params},
        "units": {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "positions": "Å"},
        "isolated_atom_energies_eV": {s: entry["energy"] for s, entry in alone.items() if entry},
        "groups": {g: groups.count(g) for g in recipe.groups if g in groups},
        "not_labelled": {kind: errors.count(kind) for kind in sorted(set(errors))},
        "labelling_seconds": round(seconds),
        "versions": versions(PACKAGES),
    }
