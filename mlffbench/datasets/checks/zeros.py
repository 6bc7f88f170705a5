"""Labels that are exactly zero because they are missing, and labels of weight zero."""

from __future__ import annotations

import re

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import forces_of, stress_of, usable_frames
from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["zeros"]

WEIGHT = re.compile(r"^(config_?)?(?P<label>energy|forces?|stress(es)?|virials?)?_?weights?$")
REACH, SYMMETRIC = 5.0, 1e-3  # Å; sum of e^(−r/Å) over neighbours' directions that symmetry has vanish


def zeros(dataset: Dataset) -> list[Finding]:
    """Energies, stresses and forces of all atoms that are exactly zero, or have the weight zero in a column.

    Missing labels are often read as zeros. In a perfect crystal the forces do vanish: there they count only
    where the neighbours of an atom are not symmetric. Weights such as MACE's ``config_forces_weight`` are
    not used here, so that a placeholder of weight zero would be trained on.
    """
    frames = [int(i) for i in usable_frames(dataset)]
    zero_labels = {
        "energies": [i for i in frames if dataset.labels.energy[i] == 0],
        "forces": [i for i in frames if _has_zero_forces(dataset, i)],
        "stresses": [i for i in frames if (s := stress_of(dataset, i)) is not None and not s.any()],
    }
    return [
        Finding(
            "zeros",
            f"the {what} of {len(indices)} of {len(frames)} frames are exactly zero"
            f"; if they are missing, give None or leave the key out",
            tuple(indices),
        )
        for what, indices in zero_labels.items()
        if indices
    ] + [f for name in dataset.columns if (f := _weightless(dataset, name, frames)) is not None]


def _has_zero_forces(dataset: Dataset, i: int) -> bool:
    """Zero forces on all atoms: of a molecule of three or more, of a crystal that is not symmetric."""
    forces, atoms = forces_of(dataset, i), dataset.frames[i]
    if forces is None or np.any(forces) or len(atoms) < 2:
        return False
    return (len(atoms) > 2 and not atoms.pbc.any()) or (bool(atoms.pbc.any()) and not _is_symmetric(atoms))


def _is_symmetric(atoms: Atoms) -> bool:
    """True if the neighbours of every atom balance: a force of e^(−r/Å) towards each adds up to zero."""
    i, vectors, d = neighbour_list("iDd", atoms, REACH)
    pulls = np.zeros((len(atoms), 3))
    smooth = np.exp(-d) * (1 - d / REACH) ** 2
    np.add.at(pulls, i, (smooth / np.maximum(d, 1e-6))[:, None] * vectors)
    return bool(np.abs(pulls).max() < SYMMETRIC)


def _weightless(dataset: Dataset, name: str, frames: list[int]) -> Finding | None:
    """The finding of a column of weights that is zero in frames that have the label; None without one."""
    match, values = WEIGHT.match(name.lower()), np.asarray(dataset.columns[name])
    if match is None or values.dtype.kind not in "fiub":
        return None
    label = match["label"]
    weightless = [i for i in frames if values[i] == 0 and _has_label(dataset, i, label)]
    if not weightless:
        return None
    text = (
        f"{len(weightless)} of {len(frames)} frames have the weight 0 in {name!r}, and weights are not used "
        f"here; if their {label or 'labels'} are placeholders, leave them out"
    )
    return Finding("zeros", text, tuple(weightless))


def _has_label(dataset: Dataset, i: int, label: str | None) -> bool:
    """True if the frame has the label that a column of weights is about; its energy where it is about all."""
    if label is None or label == "energy":
        return True
    values = dataset.labels.forces if label.startswith("force") else dataset.labels.stress
    return values is not None and values[i] is not None
