"""A dataset in numbers: counts, label coverage and ranges, for each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.units import GPa

from mlffbench.data import Dataset
from mlffbench.report.datasheet.groups import groups

__all__ = ["energies_less_composition", "forces_of", "stresses_of", "summary"]


def summary(dataset: Dataset, sample: Dataset) -> dict[str, Any]:
    """Facts on a dataset and on each of its groups, as plain JSON.

    Parameters
    ----------
    dataset : Dataset
        For counts of frames and labels.
    sample : Dataset
        The dataset itself or a `subsample` of it, for everything else.

    Returns
    -------
    dict
        ``name``, ``digest`` (None if only a sample was read), ``n_frames``, ``n_looked``
        (frames of the sample), ``atoms_per_frame``, ``n_periodic`` (those periodic in three directions),
        ``elements``, ``n_formulas``, ``groups`` (by name: counts, coverage, ranges; energies in eV/atom and
        meV/atom, forces in eV/Å, pressures in GPa; None if there is no number), ``atomic_energies``,
        ``card``.
    """
    fitted = energies_less_composition(sample.frames, sample.labels.energy)
    counted, sampled = groups(dataset), groups(sample)
    return {
        "name": dataset.name,
        "digest": dataset.digest if sample is dataset else None,
        "n_frames": len(dataset),
        "n_looked": len(sample),
        "atoms_per_frame": _range([len(a) for a in sample.frames]),
        "n_periodic": sum(bool(a.pbc.all()) for a in sample.frames),
        "elements": dataset.elements,
        "n_formulas": len({a.get_chemical_formula() for a in sample.frames}),
        "groups": {
            name: _coverage(dataset, picks) | _ranges(sample, sampled[name], fitted[sampled[name]])
            for name, picks in counted.items()
        },
        "atomic_energies": dict(dataset.atomic_energies or {}) or None,
        "card": dict(dataset.card),
    }


def energies_less_composition(frames: Sequence[Atoms], energy: np.ndarray) -> np.ndarray:
    """(E − Σ_Z n_Z e_Z) / n in meV/atom, with the e_Z of least squares over these frames.

    Parameters
    ----------
    frames : sequence of n Atoms
    energy : (n,) array, eV

    Returns
    -------
    (n,) array
        NaN for frames whose energy is not finite.
    """
    numbers = np.unique(np.concatenate([a.numbers for a in frames]))
    counts = np.array([(a.numbers[:, None] == numbers).sum(axis=0) for a in frames], dtype=float)
    n_atoms = counts.sum(axis=1)
    finite = np.isfinite(energy)
    # The mean energy per atom is subtracted first: absolute energies of 1e5 eV would cost digits.
    less_mean = energy - energy[finite].sum() / max(n_atoms[finite].sum(), 1) * n_atoms
    solution = np.linalg.lstsq(counts[finite], less_mean[finite], rcond=None)[0]
    return 1000 * (less_mean - counts @ solution) / n_atoms


def forces_of(dataset: Dataset, picks: np.ndarray) -> np.ndarray:
    """Finite forces on the atoms of these frames, (n, 3), eV/Å."""
    forces = dataset.labels.forces or ()
    labelled = [f for i in picks if forces and (f := forces[i]) is not None]
    return _finite(np.concatenate(labelled)) if labelled else np.empty((0, 3))


def stresses_of(dataset: Dataset, picks: np.ndarray) -> np.ndarray:
    """Finite stresses of these frames, (n, 6), GPa."""
    stress = dataset.labels.stress or ()
    labelled = [s for i in picks if stress and (s := stress[i]) is not None]
    return _finite(np.array(labelled)) / GPa if labelled else np.empty((0, 6))


def _finite(rows: np.ndarray) -> np.ndarray:
    return rows[np.isfinite(rows).all(axis=1)]


def _coverage(dataset: Dataset, picks: np.ndarray) -> dict[str, int]:
    """Number of frames with each label."""
    return {
        "n_frames": len(picks),
        "n_energies": int(np.isfinite(dataset.labels.energy[picks]).sum()),
        "n_forces": _n_present(dataset.labels.forces, picks),
        "n_stresses": _n_present(dataset.labels.stress, picks),
    }


def _n_present(values: Any, picks: np.ndarray) -> int:
    """Number of labels that are present; labels in a file are counted without reading them."""
    if values is None:
        return 0
    if isinstance(values, tuple):
        return sum(values[i] is not None for i in picks)
    return len(picks) if values.present is None else int(values.present[picks].sum())


def _ranges(sample: Dataset, picks: np.ndarray, fitted: np.ndarray) -> dict[str, Any]:
    n_atoms = np.array([len(sample.frames[i]) for i in picks])
    forces, stress = forces_of(sample, picks), stresses_of(sample, picks)
    spread = fitted[np.isfinite(fitted)]
    return {
        "atoms_per_frame": _range(n_atoms),
        "energy_eV_per_atom": _range(sample.labels.energy[picks] / n_atoms),
        "energy_std_meV_per_atom": float(spread.std()) if len(spread) else None,
        "force_rms_eV_per_A": float(np.sqrt(np.mean(forces**2))) if len(forces) else None,
        "force_max_eV_per_A": float(np.linalg.norm(forces, axis=1).max()) if len(forces) else None,
        "pressure_GPa": _range(-stress[:, :3].mean(axis=1)),
    }


def _range(values: Sequence[int] | np.ndarray) -> Mapping[str, float] | None:
    """Smallest, mean and largest finite number; None without one."""
    array = np.asarray(values)[np.isfinite(values)]
    if not len(array):
        return None
    return {"min": array.min().item(), "mean": float(array.mean()), "max": array.max().item()}
