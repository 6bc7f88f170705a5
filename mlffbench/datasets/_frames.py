"""From frames as ASE reads them to a Dataset: labels found and checked, everything else moved to columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Labels
from mlffbench.datasets._labels import LABEL_NAMES, find_labels

__all__ = ["from_frames", "isolated_energies"]


def from_frames(
    name: str,
    frames: Sequence[Atoms],
    energy_key: str | None = None,
    forces_key: str | None = None,
    stress_key: str | None = None,
    card: Mapping[str, Any] | None = None,
    atomic_energies: Mapping[str, float] | None = None,
    columns: Mapping[str, Sequence[Any] | np.ndarray] | None = None,
) -> Dataset:
    """Bare frames, labels and columns out of frames as ``ase.io.read`` returns them.

    Labels are looked for in the frames' calculators, ``info`` and ``arrays``, under ASE's names and
    well-known spellings (``dft_energy``, ``REF_forces``, ``virial`` ...), in any case. ``free_energy`` is
    read only where there is no other energy. Every other number or text in ``info`` becomes a column: numbers
    as floats, NaN where missing; text as "" where missing. Velocities, constraints and other arrays are lost.

    Parameters
    ----------
    name : str
        The dataset's name, with which error messages begin.
    frames : sequence of Atoms
        Energies in eV, forces in eV/Å, stresses in eV/Å³. Single-atom frames whose ``config_type`` is
        ``isolated_atom`` (``IsolatedAtom``) become `atomic_energies`. Forces or stresses that a frame lacks
        are None; a stress is read only for frames periodic in three directions.
    energy_key, forces_key, stress_key : str, optional
        Where the labels are, if not under a well-known name or under several. Stresses are 3×3, 9 numbers, or
        6 in Voigt order (xx yy zz yz xz xy). A key that contains ``virial`` is a virial in eV: σ = −virial/V.
    card : mapping, optional
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV; they win over those found among the frames.
    columns : mapping of str to sequence, optional
        More columns, one entry for each of `frames`; they win over ``info``.

    Raises
    ------
    ValueError
        No energies, or not for every frame; a key that no frame has; several spellings that disagree; labels
        that are not finite or of a wrong shape.
    """
    keys = {"energy": energy_key, "forces": forces_key, "stress": stress_key}
    found = {q: find_labels(name, q, keys[q], frames) for q in keys}
    alone = np.array([_is_isolated(a) for a in frames], dtype=bool)
    if alone.all():
        raise ValueError(f"{name}: every frame is an isolated atom; there is nothing to train on")
    kept, lone = np.flatnonzero(~alone).tolist(), np.flatnonzero(alone).tolist()
    atoms = _by_symbol(name, [frames[i] for i in lone], [found["energy"][i] for i in lone])
    table = {**_columns(frames, keys), **{k: np.asarray(v) for k, v in (columns or {}).items()}}
    forces, stress = (tuple(found[q][i] for i in kept) for q in ("forces", "stress"))
    return Dataset(
        name=name,
        frames=[_bare(frames[i]) for i in kept],
        labels=Labels(np.array([found["energy"][i] for i in kept], dtype=float), forces, stress),
        columns={k: v[kept] for k, v in table.items()},
        card=dict(card or {}),
        atomic_energies={**atoms, **(atomic_energies or {})} or None,
    )


def isolated_energies(name: str, frames: Sequence[Atoms], energy_key: str | None = None) -> dict[str, float]:
    """Energies of single-atom frames by chemical symbol, eV."""
    for i, atoms in enumerate(frames):
        if len(atoms) != 1:
            raise ValueError(f"{name}: frame {i} has {len(atoms)} atoms; isolated atoms come one a frame")
    return _by_symbol(name, frames, find_labels(name, "energy", energy_key, frames))


def _is_isolated(atoms: Atoms) -> bool:
    kind = str(atoms.info.get("config_type", "")).lower().replace("_", "")
    return len(atoms) == 1 and kind == "isolatedatom"


def _by_symbol(name: str, frames: Sequence[Atoms], energies: Sequence[float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for atoms, energy in zip(frames, energies, strict=True):
        symbol = atoms.get_chemical_symbols()[0]
        if abs(found.setdefault(symbol, energy) - energy) > 1e-6:
            raise ValueError(
                f"{name}: isolated {symbol} has two energies, {found[symbol]} and {energy} eV; keep one, or "
                "give the energies as a mapping"
            )
    return found


def _columns(frames: Sequence[Atoms], keys: Mapping[str, str | None]) -> dict[str, np.ndarray]:
    """One column for every number or text in the frames' info that is not a label."""
    words = dict.fromkeys(k for a in frames for k in a.info)
    words = {k: None for k in words if k.lower() not in LABEL_NAMES and k not in keys.values()}
    columns = {}
    for word in words:
        values = [a.info.get(word) for a in frames]
        present = [v for v in values if v is not None]
        if all(_is_number(v) for v in present):
            columns[word] = np.array([np.nan if v is None else float(v) for v in values])
        elif all(_is_number(v) or isinstance(v, str) for v in present):
            columns[word] = np.array(["" if v is None else str(v) for v in values])
    return columns


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating | np.bool_)


def _bare(atoms: Atoms) -> Atoms:
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
