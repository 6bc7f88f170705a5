"""Journal of labels on disk, one line each: a killed run loses no finished label; no label is made twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Spec
from mlffbench.system.checksum import checksums_of_named_files
from mlffbench.system.lease import Lease, Leases
from mlffbench.system.regular_file import check_regular, without_links

__all__ = ["Journal", "check_entry", "label_key"]


def label_key(atoms: Atoms, calculator: Spec) -> str:
    """Key of a label: digest of the structure, to 1e-8 Å, of the calculator with its parameters and files."""
    arrays = [
        atoms.numbers,
        np.round(atoms.positions, 8) + 0.0,
        np.round(atoms.cell.array, 8) + 0.0,
        atoms.pbc,
    ]
    files = checksums_of_named_files(calculator.params)  # a fitted model under its old name is another one
    inputs = [*(a.tolist() for a in arrays), calculator.name, calculator.params, *([files] if files else [])]
    text = json.dumps(inputs, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def check_entry(entry: Mapping[str, Any]) -> None:
    """Refuse an entry that is neither a label of finite numbers nor a failure with its reason.

    Raises
    ------
    ValueError, KeyError, TypeError, OverflowError
        It is none.
    """
    texts = [entry["key"], *((entry["error"][k] for k in ("kind", "message")) if "error" in entry else ())]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a key, kind or message is no text")
    if "error" not in entry:
        energy, forces = (np.array(entry[name], dtype=float) for name in ("energy", "forces"))
        stress = np.zeros(6) if entry.get("stress") is None else np.array(entry["stress"], dtype=float)
        if (
            energy.shape
            or forces.shape[1:] != (3,)
            or stress.shape != (6,)
            or isinstance(entry["energy"], str)
        ):
            raise ValueError("a label is an energy, n forces and six stresses or none")
        if not (np.isfinite(energy) and np.isfinite(forces).all()):
            raise ValueError("the energy or a force is not finite")
    float(entry.get("seconds") or 0.0)


class Journal:
    """Labels and failures by key, in files of JSON lines that only grow.

    Runs that label at the same time, here or on other machines, write a file each,
    ``labels.jsonl``, ``labels.2.jsonl`` ... A line cut short by a
    crash is dropped by the next writer of its file. Nothing is written through a link.

    Parameters
    ----------
    file : Path
        The first of the files; written with the first label.
    retry_failures : bool
        Ignore the failures in the files. Their lines stay; a label with the same key counts.

    Attributes
    ----------
    entries : dict of str to dict
        Label: ``energy`` (eV), ``forces`` (eV/Å), ``stress`` (eV/Å³, Voigt) or None, ``seconds``. Failure:
        ``error`` with ``kind`` and ``message``.
    """

    def __init__(self, file: Path, retry_failures: bool = False) -> None:
        self.file = self._own = file
        self._lease: Lease | None = None
        self.entries: dict[str, dict[str, Any]] = {}
        self._read: dict[Path, tuple[int, int]] = {}  # bytes and lines
        self.refresh()
        if retry_failures:
            self.entries = {k: v for k, v in self.entries.items() if "error" not in v}

    def refresh(self) -> None:
        """Read what other runs have added."""
        for file in self._files():
            check_regular(file)
            n_bytes, n_lines = self._read.get(file, (0, 0))
            with file.open("rb") as stream:
                stream.seek(n_bytes)
                content = stream.read()
            whole = content[: content.rfind(b"\n") + 1]
            lines = whole.splitlines()
            for number, line in enumerate(lines, n_lines + 1):
                self._take(line, f"{file}:{number}")
            self._read[file] = n_bytes + len(whole), n_lines + len(lines)

    def _files(self) -> list[Path]:
        """Files that exist, the first one first."""
        pattern = re.compile(rf"{re.escape(self.file.stem)}(?:\.([1-9][0-9]*))?{re.escape(self.file.suffix)}")
        names = os.listdir(self.file.parent) if self.file.parent.is_dir() else []
        numbers = {name: int(match[1] or 1) for name in names if (match := pattern.fullmatch(name))}
        return [self.file.with_name(name) for name in sorted(numbers, key=lambda name: numbers[name])]

    def _take(self, line: bytes, place: str) -> None:
        """Enter a line; a label counts more than a failure, else the later line."""
        try:
            entry = json.loads(line)
            check_entry(entry)
            if "error" not in entry or "error" in self.entries.get(entry["key"], {"error": None}):
                self.entries[entry["key"]] = entry
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError(f"{place} is not a label; remove the line") from error

    @contextmanager
    def writing(self, leases: Leases) -> Iterator[None]:
        """Write into the first file that no other run writes, inside the ``with`` block."""
        for number in count(1):
            own = self.file if number == 1 else self.file.with_suffix(f".{number}{self.file.suffix}")
            with leases.claim(own.name) as lease:
                if lease is not None:
                    self._own, self._lease = own, lease
                    self.refresh()
                    self.check_rights()
                    yield
                    return

    def check_rights(self) -> None:
        """Raise an OSError if no label can be written, before one is computed; cut off a torn line."""
        with open(self._own, "ab", opener=without_links) as stream:
            stream.truncate(self._read.get(self._own, (0, 0))[0])

    def append(self, key: str, label: Mapping[str, Any]) -> None:
        """Append a label or failure; it is on disk when this returns.

        Raises
        ------
        LeaseLost
            Another run writes this file now.
        """
        if self._lease is None:
            self.check_rights()
        else:
            self._lease.check()
        entry = {"key": key, **label}
        line = json.dumps(entry).encode() + b"\n"
        with open(self._own, "ab", opener=without_links) as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        n_bytes, n_lines = self._read.get(self._own, (0, 0))
        self._read[self._own] = n_bytes + len(line), n_lines + 1
        self.entries[key] = entry

    def label(self, key: str) -> dict[str, Any] | None:
        """Return the label; None if it is missing or failed."""
        entry = self.entries.get(key)
        return None if entry is None or "error" in entry else entry

    def failure(self, key: str) -> dict[str, str] | None:
        """Return ``kind`` and ``message`` of a failed label; None if it is missing or did not fail."""
        return self.entries.get(key, {}).get("error")
