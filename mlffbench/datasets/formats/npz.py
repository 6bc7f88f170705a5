"""Reader of .npz arrays, as of MD17 and PhysNet, memory-mapped if they are not compressed."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mlffbench.datasets.formats.index import Entry, Index, Layout, is_missing
from mlffbench.datasets.formats.label_keys import LABEL_NAMES, SPELLINGS
from mlffbench.datasets.formats.nan_labels import first_is_nan, missing_arrays, with_missing
from mlffbench.datasets.formats.npz_cells import cells_and_pbc
from mlffbench.datasets.formats.npz_structures import NUMBERS, POSITIONS, structures
from mlffbench.datasets.formats.records import Reader, Record, Source
from mlffbench.datasets.formats.stated_units import names_unit, stated_in
from mlffbench.datasets.formats.unread_cells import is_cell_name

__all__ = ["open_arrays", "stated_units"]

TENSORS = ((3, 3), (9,), (6,))  # shapes of the stress of one frame
LOCAL_HEADER = struct.Struct("<26xHH")  # header of a zip member: lengths of name and extra field at its end


def open_arrays(file: Path, mapped: bool = False) -> Source:
    """Open the frames of an .npz, in its own units; if `mapped`, arrays stay on the disk unless compressed.

    Raises
    ------
    ValueError
        No positions or numbers among the arrays, or labels for another number of frames.
    """
    arrays = Arrays(file, mapped)
    rows, vectors = arrays.rows, arrays.vectors
    firsts = {k: next((x for x in v if not is_missing(x)), v[0]) for k, v in rows.items() if len(v)}
    entries = [Entry.of(k, value, True) for k, value in firsts.items()]
    entries += [Entry(k, v.ndim - 1, "other", False) for k, v in vectors.items()]
    entries += [Entry(k, v.ndim - 1, "other", False) for k, v in arrays.tensors.items()]
    entries = [Entry(e.name, e.ndim, "missing", e.column) if e.name in arrays.missing else e for e in entries]
    n = len(arrays)
    kinds, counts = np.unique(arrays.numbers[arrays.numbers > 0], return_counts=True)
    each = n if arrays.numbers.ndim == 1 else 1
    texts = list(dict.fromkeys(str(t) for v in rows.values() if v.dtype.kind == "U" for t in v))
    index = Index(
        np.broadcast_to((arrays.numbers > 0).sum(axis=-1), n).astype(np.int32),
        np.asarray(arrays.pbc.all(axis=1), dtype=np.int32),
        (Layout(tuple(entries), periodic=False), Layout(tuple(entries), periodic=True)),
        {k: _scalars(v, texts) for k, v in rows.items() if k not in arrays.missing},
        texts,
        {int(z): int(c) * each for z, c in zip(kinds, counts, strict=True)},
    )
    return Source(arrays, with_missing(index, arrays.missing_by_frame()), stated=stated_units(file))


def _scalars(values: np.ndarray, texts: list[str]) -> np.ndarray:
    """Return numbers as floats, and texts as their place in `texts`."""
    if values.dtype.kind != "U":
        return np.array(values, dtype=float)
    code = {text: i for i, text in enumerate(texts)}
    return np.array([code[str(t)] for t in values], dtype=float)


class Arrays(Reader):
    """Reader of frames in arrays.

    A number a frame, one or three numbers an atom (also in one row), and 6 or 9 numbers a frame are possible
    labels. Molecules of different size are padded with atomic number 0, or -1, in one array: such rows are no
    atoms.
    """

    def __init__(self, file: Path, mapped: bool) -> None:
        self.file, self.mapped = file.resolve(), mapped
        self._load()

    def _load(self) -> None:
        """Load the arrays, again after unpickling."""
        data = _load(self.file, self.mapped)
        self.positions, self.numbers = structures(self.file, data)
        self.cells, self.pbc = cells_and_pbc(self.file, data, len(self.positions))
        others = {k: v for k, v in data.items() if k not in (*NUMBERS, *POSITIONS) and k.lower() != "pbc"}
        others = {k: v for k, v in others.items() if not is_cell_name(k)}
        self.rows, self.vectors, self.tensors = _per_frame(self.file, others, self.positions.shape)
        labels = {**self.rows, **self.vectors, **self.tensors}
        self.missing = {
            k for k, v in labels.items() if k.lower() in LABEL_NAMES and is_missing(v[:1]) and is_missing(v)
        }

    def __len__(self) -> int:
        return len(self.positions)

    def read(self, i: int) -> Record:
        numbers = self.numbers if self.numbers.ndim == 1 else self.numbers[i]
        atoms = numbers > 0
        values = {k: v[i] for part in (self.tensors, self.rows) for k, v in part.items()}
        vectors = {k: v[i][atoms] for k, v in self.vectors.items()}
        positions = np.array(self.positions[i], dtype=float)[atoms]
        return Record(numbers[atoms], positions, self.cells[i], self.pbc[i], {**vectors, **values})

    def missing_by_frame(self) -> dict[int, frozenset[str]]:
        """Names of the arrays that are NaN throughout in a frame, by frame."""
        arrays = {k: v for k, v in {**self.vectors, **self.tensors}.items() if k not in self.missing}
        nans = {k: first_is_nan(v) for k, v in arrays.items()}
        frames = np.flatnonzero(np.any(list(nans.values()), axis=0)) if nans else np.empty(0, dtype=int)
        return {i: missing_arrays(self.record(i), nans) for i in frames.tolist()}

    def __getstate__(self) -> dict[str, object]:
        return {"file": self.file, "mapped": self.mapped}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._load()


def _per_frame(
    file: Path, data: Mapping[str, np.ndarray], shape: tuple[int, ...]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the arrays with a number or text a frame, one or three numbers an atom, and 6 or 9 a frame.

    Flags become the texts True and False.
    """
    rows, vectors, tensors = {}, {}, {}
    for key, values in data.items():
        if key.lower() in LABEL_NAMES and values.shape[:1] != shape[:1]:
            raise ValueError(f"{file.name}: {shape[0]} frames, but {key!r} has shape {values.shape}")
        if values.shape[:1] != shape[:1]:
            continue
        if key.lower() in SPELLINGS["stress"] and values.shape[1:] in TENSORS:
            tensors[key] = values  # also where a frame has three atoms
        elif values.size == shape[0] and values.dtype.kind in "biufU":
            rows[key] = np.array(values).reshape(-1).astype(str if values.dtype.kind == "b" else values.dtype)
        elif _is_of_atoms(key, values, shape):
            vectors[key] = values if values.shape == shape[:2] else values.reshape(shape)
        elif key.lower() in LABEL_NAMES:
            kind = "" if values.dtype.kind in "biufU" else f" of type {values.dtype}"
            raise ValueError(
                f"{file.name}: {key!r} has shape {values.shape}{kind}; energies of {shape[0]} frames have "
                f"({shape[0]},), forces on {shape[1]} atoms {shape}, stresses ({shape[0]}, 3, 3)"
            )
        elif values.shape[1:] in TENSORS and values.dtype.kind in "iuf":
            tensors[key] = values
    return rows, vectors, tensors


def _is_of_atoms(key: str, values: np.ndarray, shape: tuple[int, ...]) -> bool:
    """True for one or three numbers an atom, also in one row, unless the row may be a stress."""
    if values.shape == shape:
        return True
    flat = values.shape[1:] == (3 * shape[1],)
    if key.lower() in LABEL_NAMES:
        return flat and key.lower() in SPELLINGS["forces"]
    of_atoms = flat or values.shape == shape[:2]
    return of_atoms and values.shape[1:] not in TENSORS and values.dtype.kind in "iuf"


# ---------------------------------------------------------------- from the disk
def stated_units(file: Path) -> dict[str, str | float]:
    """Units in arrays such as sGDML's ``e_unit`` and ``r_unit``; arrays of other names are not read."""
    _require_archive(file)
    with np.load(file, allow_pickle=False) as stored:
        named = {k: np.asarray(stored[k]) for k in stored.files if names_unit(k)}
    return stated_in({k: _text(v) for k, v in named.items() if v.size == 1 and v.dtype.kind in "US"})


def _text(array: np.ndarray) -> str:
    """The text in an array of one text or bytes."""
    value = array.reshape(-1)[0]
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _require_archive(file: Path) -> None:
    """Refuse a file that is no archive."""
    if not zipfile.is_zipfile(file):
        raise ValueError(f"{file.name} is no .npz archive, or an incomplete one")


def _load(file: Path, mapped: bool) -> dict[str, np.ndarray]:
    """Load all arrays; if `mapped`, those that are not compressed as memory maps."""
    _require_archive(file)
    with np.load(file, allow_pickle=False) as stored, zipfile.ZipFile(file) as archive:
        stored_plainly = {m.filename: m for m in archive.infolist() if m.compress_type == zipfile.ZIP_STORED}
        members = {k: stored_plainly.get(f"{k}.npy") if mapped else None for k in stored.files}
        return {
            k: _stored(file, stored, k) if m is None else _memory_map(file, m) for k, m in members.items()
        }


def _stored(file: Path, stored: Mapping[str, np.ndarray], key: str) -> np.ndarray:
    """Read an array; refuse one of Python objects."""
    try:
        return stored[key]
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        raise ValueError(_of_objects(file, key)) from None


def _of_objects(file: Path, key: str) -> str:
    """Return the error message of an array of Python objects."""
    return (
        f"{file.name}: {key!r} is an array of Python objects, a pickle, which may run code when it is "
        "opened; save numbers (molecules of different size padded with atomic number 0)"
    )


def _memory_map(file: Path, member: zipfile.ZipInfo) -> np.ndarray:
    """Memory-map an array inside an archive, as ``np.load`` does for .npy files only."""
    with file.open("rb") as stream:
        stream.seek(member.header_offset)
        stream.seek(sum(LOCAL_HEADER.unpack(stream.read(LOCAL_HEADER.size))), 1)
        version = np.lib.format.read_magic(stream)
        read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}[version[0]]
        shape, fortran, dtype = read(stream)
        if dtype.hasobject:
            raise ValueError(_of_objects(file, member.filename.removesuffix(".npy")))
        if not np.prod(shape):
            return np.empty(shape, dtype=dtype)
        order = "F" if fortran else "C"
        return np.memmap(file, dtype=dtype, mode="r", offset=stream.tell(), shape=shape, order=order)  # type: ignore[call-overload]
