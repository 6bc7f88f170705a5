"""From frames as files hold them to a Dataset: labels found and checked, everything else moved to columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Labels, LazySequence
from mlffbench.datasets.formats.label_keys import LABEL_NAMES, UNITS, Label, energies, find_key
from mlffbench.datasets.formats.records import InMemory, Source
from mlffbench.system.progress import report

__all__ = ["from_frames", "from_source", "isolated_energies", "isolated_energies_of"]

Columns = Mapping[str, Sequence[Any] | np.ndarray]


def from_frames(
    name: str,
    frames: Sequence[Atoms],
    energy_key: str | None = None,
    forces_key: str | None = None,
    stress_key: str | None = None,
    card: Mapping[str, Any] | None = None,
    atomic_energies: Mapping[str, float] | None = None,
    columns: Columns | None = None,
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
    return from_source(name, InMemory(frames).source, keys, card, atomic_energies, columns)


def from_source(
    name: str,
    source: Source,
    keys: Mapping[str, str | None],
    card: Mapping[str, Any] | None = None,
    atomic_energies: Mapping[str, float] | None = None,
    columns: Columns | None = None,
    *,
    units: str = "eV",
    lazy: bool = False,
) -> Dataset:
    """The same out of any source; if `lazy`, structures, forces and stresses stay there until asked for."""
    found = {q: find_key(name, q, key, source) for q, key in keys.items()}
    all_frames = np.ones(len(source.index), dtype=bool)
    energy = energies(name, str(found["energy"]), source, all_frames, units)
    alone = _isolated(source)
    if alone.all():
        raise ValueError(f"{name}: every frame is an isolated atom; there is nothing to train on")
    kept, lone = np.flatnonzero(~alone), np.flatnonzero(alone)
    atoms = _by_symbol(name, [source.reader.bare(i) for i in lone.tolist()], energy[lone].tolist())
    table = {**_columns(source, keys, units), **{k: np.asarray(v) for k, v in (columns or {}).items()}}
    labels = [found[q] and Label(name, q, found[q] or "", source.reader, units) for q in ("forces", "stress")]
    read = _lazily if lazy else _eagerly
    frames, forces, stress = read(source, kept, labels[0] or None, labels[1] or None)
    return Dataset(
        name=name,
        frames=frames,
        labels=Labels(energy[kept], forces, stress),
        columns={k: v[kept] for k, v in table.items()},
        card=dict(card or {}),
        atomic_energies={**atoms, **(atomic_energies or {})} or None,
    )


def isolated_energies(name: str, frames: Sequence[Atoms], energy_key: str | None = None) -> dict[str, float]:
    """Energies of single-atom frames by chemical symbol, eV."""
    return isolated_energies_of(name, InMemory(frames).source, energy_key)


def isolated_energies_of(
    name: str, source: Source, energy_key: str | None = None, units: str = "eV"
) -> dict[str, float]:
    """The same out of any source."""
    for i, n in enumerate(source.index.natoms.tolist()):
        if n != 1:
            raise ValueError(f"{name}: frame {i} has {n} atoms; isolated atoms come one a frame")
    everywhere = np.ones(len(source.index), dtype=bool)
    key = str(find_key(name, "energy", energy_key, source))
    energy = energies(name, key, source, everywhere, units).tolist()
    return _by_symbol(name, [source.reader.bare(i) for i in range(len(energy))], energy)


# ---------------------------------------------------------------- now, or when asked for
def _eagerly(source: Source, kept: np.ndarray, forces: Label | None, stress: Label | None) -> tuple[Any, ...]:
    """Everything in one pass."""
    frames, found = [], []
    for done, i in enumerate(kept.tolist()):
        if done % 1000 == 0:
            report("read frames", done, len(kept))
        frames.append(source.reader.bare(i))
        found.append(tuple(None if label is None else label(i) for label in (forces, stress)))
    return (frames, *map(tuple, zip(*found, strict=True)))


def _lazily(source: Source, kept: np.ndarray, forces: Label | None, stress: Label | None) -> tuple[Any, ...]:
    """Nothing is read, apart from which labels are missing."""
    index = source.index
    has = [np.zeros(len(index), dtype=bool) if x is None else index.has(x.key) for x in (forces, stress)]
    return (
        LazySequence(source.reader.bare, kept, numbers=_numbers(source, kept)),
        forces and LazySequence(forces, kept, has[0][kept]),
        stress and LazySequence(stress, kept, (has[1] & index.periodic())[kept]),
    )


def _numbers(source: Source, kept: np.ndarray) -> frozenset[int] | None:
    """Atomic numbers among the frames kept, if the index counted them."""
    if source.index.elements is None:
        return None
    counted = dict(source.index.elements)
    for i in np.setdiff1d(np.arange(len(source.index)), kept, assume_unique=True).tolist():
        counted[int(source.reader.bare(i).numbers[0])] -= 1
    return frozenset(z for z, n in counted.items() if n > 0)


# ---------------------------------------------------------------- isolated atoms and columns
def _isolated(source: Source) -> np.ndarray:
    index = source.index
    if "config_type" not in index.scalars:
        return np.zeros(len(index), dtype=bool)
    kinds, place = np.unique(index.texts("config_type"), return_inverse=True)
    named = np.array([str(k).lower().replace("_", "") == "isolatedatom" for k in kinds])
    return named[place] & (index.natoms == 1)


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


def _columns(source: Source, keys: Mapping[str, str | None], units: str) -> dict[str, np.ndarray]:
    """One column for every number or text that is not a label; numbers named ``energ...`` become eV."""
    columns: dict[str, np.ndarray] = {}
    for word, kinds in source.index.columns().items():
        if word.lower() in LABEL_NAMES or word in keys.values() or "other" in kinds:
            continue
        if kinds == {"number"}:
            scale = UNITS[units][0] if "energ" in word.lower() else 1.0
            columns[word] = source.index.scalars[word] * scale
        else:
            columns[word] = _texts(source, word)
    return columns


def _texts(source: Source, word: str) -> np.ndarray:
    """A column of texts, and of numbers as the file writes them."""
    values = source.index.texts(word)
    numbers = np.flatnonzero(source.index.is_kind(word, "number")).tolist()
    if not numbers:
        return values
    written = {i: str(source.reader.record(i).values[word]) for i in numbers}
    return np.array([written.get(i, v) for i, v in enumerate(values.tolist())])
