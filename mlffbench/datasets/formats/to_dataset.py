"""Conversion of a source into a Dataset: labels found and checked, all other values as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Labels, LazySequence
from mlffbench.datasets.formats.chemical_symbols import HEAVIEST, fault_of_numbers
from mlffbench.datasets.formats.electronic_columns import with_electronic_columns
from mlffbench.datasets.formats.isolated_atoms import energies_by_symbol, isolated_atoms
from mlffbench.datasets.formats.label_keys import LABEL_NAMES, SPELLINGS, Label, energies, find_key
from mlffbench.datasets.formats.placeholders import notes_on, without_weight
from mlffbench.datasets.formats.records import InMemory, Reader, Source
from mlffbench.datasets.formats.unread import unread_labels
from mlffbench.datasets.formats.unread_cells import refuse_unread_cell
from mlffbench.system.progress import report

__all__ = ["from_frames", "from_source", "isolated_energies", "isolated_energies_of"]

Bare = Callable[[int], Atoms]
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
    """Build a dataset from frames as ``ase.io.read`` returns them.

    Labels are searched in the frames' calculators, ``info`` and ``arrays``, under ASE's names and
    well-known spellings (``dft_energy``, ``REF_forces``, ``virial`` ...), in any case. ``free_energy`` is
    read only where there is no other energy. Every other number or text in ``info`` becomes a column: numbers
    as floats, NaN where missing; text as "" where missing; True and False as texts. Velocities, constraints
    and other arrays are lost.

    Parameters
    ----------
    name : str
        The dataset's name; error messages begin with it.
    frames : sequence of Atoms
        Energies in eV, forces in eV/Å, stresses in eV/Å³. Single-atom frames with the text
        ``isolated_atom`` (``IsolatedAtom``, ``isolated-atoms`` ...) become `atomic_energies`. Forces or
        stresses that a frame lacks, or that are NaN throughout, are None; a stress is read only for frames
        periodic in three directions.
    energy_key, forces_key, stress_key : str, optional
        Keys of labels that have no well-known name or several. Stresses are 3×3, 9 numbers, or
        6 in Voigt order (xx yy zz yz xz xy). A key that contains ``virial`` is a virial in eV: σ = −virial/V.
    card : mapping, optional
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV; they win over those among the frames.
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
    lazy: bool = False,
) -> Dataset:
    """Build a dataset from any source; if `lazy`, structures, forces and stresses are read on request.

    `keys` are the given keys of ``energy``, ``forces`` and ``stress``.
    """
    refuse_unread_cell(name, source)
    source = replace(source, index=with_electronic_columns(source.index, source.reader))
    found_keys = {q: find_key(name, q, key, source) for q, key in keys.items()}
    all_frames = np.ones(len(source.index), dtype=bool)
    energy = energies(name, str(found_keys["energy"]), source, all_frames, source.units)
    _refuse_no_elements(name, source)
    is_isolated = isolated_atoms(source.index)
    if is_isolated.all():
        raise ValueError(f"{name}: every frame is an isolated atom; there is nothing to train on")
    kept, isolated = np.flatnonzero(~is_isolated), np.flatnonzero(is_isolated)
    atoms = energies_by_symbol(name, map(source.reader.bare, isolated.tolist()), energy[isolated].tolist())
    table = _columns(source, keys)
    table |= {k: np.asarray(v) for k, v in (columns or {}).items()}
    labels = {q: _label(name, q, key, source) for q, key in found_keys.items() if key}
    notes = [*source.notes, *notes_on(source.index, found_keys)]
    read = _read_lazily if lazy else _read_all
    bare = partial(_bare, name, source.reader)
    frames, forces, stress = read(source, kept, bare, labels.get("forces"), labels.get("stress"))
    return Dataset(
        name=name,
        frames=frames,
        labels=Labels(energy[kept], forces, stress),
        columns={k: v[kept] for k, v in table.items()},
        card={
            **(card or {}),
            **({"notes": notes} if notes else {}),
            **_reading(source, found_keys, labels, kept),
        },
        atomic_energies={**atoms, **(atomic_energies or {})} or None,
    )


def _refuse_no_elements(name: str, source: Source) -> None:
    """Refuse atoms without an element, as far as the index counts elements."""
    counted = source.index.elements or {}
    if (fault := fault_of_numbers(np.array(list(counted), dtype=int))) is not None:
        n = sum(count for z, count in counted.items() if z < 1 or z > HEAVIEST)
        raise ValueError(f"{name}: {n} {fault}")


def _label(name: str, quantity: str, key: str, source: Source) -> Label:
    """Reader of a label, which is missing where its weight is zero."""
    unused = without_weight(source.index, quantity, key)
    missing = frozenset(np.flatnonzero(unused).tolist()) if quantity != "energy" else frozenset()
    return Label(name, quantity, key, source.reader, source.units, missing)


def _reading(
    source: Source, keys: Mapping[str, str | None], labels: Mapping[str, Label], kept: np.ndarray
) -> dict[str, Any]:
    """Entries of the card: the names that are read as labels, those unread, and the numbers of NaN labels."""
    index, missing = source.index, {}
    for quantity in ("forces", "stress"):
        names = SPELLINGS[quantity]
        names_ = [k for k in index.names_of_kind("missing") if k.lower() in names or k == keys[quantity]]
        nans = np.any([np.zeros(len(index), bool), *(index.is_kind(k, "missing") for k in names_)], axis=0)
        nans &= ~index.has(keys[quantity] or "")
        nans[list(labels[quantity].missing if quantity in labels else ())] = True
        if nans[kept].any():
            missing[quantity] = int(nans[kept].sum())
    unread = unread_labels(source, keys)
    facts = {"labels": {q: key or "none" for q, key in keys.items()}, "missing": missing, "unread": unread}
    return {k: v for k, v in facts.items() if v}


def isolated_energies(name: str, frames: Sequence[Atoms], energy_key: str | None = None) -> dict[str, float]:
    """Energies of single-atom frames by chemical symbol, eV."""
    return isolated_energies_of(name, InMemory(frames).source, energy_key)


def isolated_energies_of(name: str, source: Source, energy_key: str | None = None) -> dict[str, float]:
    """Energies of a source of single-atom frames by chemical symbol, eV."""
    for i, n in enumerate(source.index.natoms.tolist()):
        if n != 1:
            raise ValueError(f"{name}: frame {i} has {n} atoms; isolated atoms come one a frame")
    all_frames = np.ones(len(source.index), dtype=bool)
    key = str(find_key(name, "energy", energy_key, source))
    energy = energies(name, key, source, all_frames, source.units).tolist()
    return energies_by_symbol(name, [source.reader.bare(i) for i in range(len(energy))], energy)


# ---------------------------------------------------------------- at once, or on request
def _bare(name: str, reader: Reader, i: int) -> Atoms:
    """Structure of frame `i` without labels; refuse an atom of no element."""
    if (fault := fault_of_numbers(np.asarray(reader.record(i).numbers))) is not None:
        raise ValueError(f"{name}: frame {i} has {fault}")
    return reader.bare(i)


def _read_all(
    source: Source, kept: np.ndarray, bare: Bare, forces: Label | None, stress: Label | None
) -> tuple[Any, ...]:
    """Read frames, forces and stresses in one pass."""
    frames, rows = [], []
    for done, i in enumerate(kept.tolist()):
        if done % 1000 == 0:
            report("read frames", done, len(kept))
        frames.append(bare(i))
        rows.append(tuple(None if label is None else label(i) for label in (forces, stress)))
    return (frames, *map(tuple, zip(*rows, strict=True)))


def _read_lazily(
    source: Source, kept: np.ndarray, bare: Bare, forces: Label | None, stress: Label | None
) -> tuple[Any, ...]:
    """Return frames, forces and stresses as lazy sequences; only missing labels are known."""
    index = source.index
    has = [np.zeros(len(index), dtype=bool) if x is None else x.present(index) for x in (forces, stress)]
    return (
        LazySequence(bare, kept, numbers=_numbers(source, kept)),
        forces and LazySequence(forces, kept, has[0][kept]),
        stress and LazySequence(stress, kept, (has[1] & index.periodic())[kept]),
    )


def _numbers(source: Source, kept: np.ndarray) -> frozenset[int] | None:
    """Atomic numbers in the kept frames, if the index counted them."""
    if source.index.elements is None:
        return None
    counted = dict(source.index.elements)
    for i in np.setdiff1d(np.arange(len(source.index)), kept, assume_unique=True).tolist():
        counted[int(source.reader.bare(i).numbers[0])] -= 1
    return frozenset(z for z, n in counted.items() if n > 0)


# ---------------------------------------------------------------- columns
def _columns(source: Source, keys: Mapping[str, str | None]) -> dict[str, np.ndarray]:
    """Columns of all numbers and texts that are no labels; numbers named ``energ...`` are converted to eV."""
    columns: dict[str, np.ndarray] = {}
    for word, kinds in source.index.columns().items():
        if word.lower() in LABEL_NAMES or word in keys.values() or "other" in kinds:
            continue
        if kinds == {"number"} and not _is_beyond_float(source, word):
            scale = source.units.size("energy", word) if "energ" in word.lower() else 1.0
            columns[word] = source.index.scalars[word] * scale
        else:
            columns[word] = _texts(source, word)
    return columns


def _is_beyond_float(source: Source, word: str) -> bool:
    """True for whole numbers of more digits than a float holds: identifiers, which stay texts."""
    values = source.index.scalars[word]
    large = np.flatnonzero(np.abs(values) >= 2**53)
    return len(large) > 0 and isinstance(source.reader.record(int(large[0])).values[word], int | np.integer)


def _texts(source: Source, word: str) -> np.ndarray:
    """Column of texts, with numbers as the file writes them."""
    values = source.index.texts(word)
    numbers = np.flatnonzero(source.index.is_kind(word, "number")).tolist()
    if not numbers:
        return values
    written = {i: str(source.reader.record(i).values[word]) for i in numbers}
    return np.array([written.get(i, v) for i, v in enumerate(values.tolist())])
