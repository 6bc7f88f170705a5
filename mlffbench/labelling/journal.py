"""Journal of labels on disk, one line each: a killed run loses no finished label and repeats none."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Spec
from mlffbench.system.checksum import checksums_of_named_files
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
    """Labels and failures by key, in a file of JSON lines that only grows.

    A line cut short by a crash is dropped when the file is opened. Nothing is written through a link.

    Parameters
    ----------
    file : Path
        File of the journal; written with the first label.
    retry_failures : bool
        Ignore the failures in the file. Their lines stay; a later line with the same key counts.

    Attributes
    ----------
    entries : dict of str to dict
        Label: ``energy`` (eV), ``forces`` (eV/Å), ``stress`` (eV/Å³, Voigt) or None, ``seconds``. Failure:
        ``error`` with ``kind`` and ``message``.
    """

    def __init__(self, file: Path, retry_failures: bool = False) -> None:
        self.file = file
        self.entries: dict[str, dict[str, Any]] = {}
        if os.path.lexists(file):
            self._read()
        if retry_failures:
            self.entries = {k: v for k, v in self.entries.items() if "error" not in v}

    def _read(self) -> None:
        check_regular(self.file)
        content = self.file.read_bytes()
        complete = content[: content.rfind(b"\n") + 1]
        if len(complete) < len(content):
            with open(self.file, "r+b", opener=without_links) as stream:
                stream.truncate(len(complete))
        for number, line in enumerate(complete.splitlines(), 1):
            try:
                entry = json.loads(line)
                check_entry(entry)
                self.entries[entry["key"]] = entry
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
                raise ValueError(f"{self.file}:{number} is not a label; remove the line") from error

    def check_rights(self) -> None:
        """Raise an OSError if no label can be written, before one is computed."""
        open(self.file, "ab", opener=without_links).close()

    def append(self, key: str, label: Mapping[str, Any]) -> None:
        """Append a label or failure; it is on disk when this returns."""
        entry = {"key": key, **label}
        with open(self.file, "ab", opener=without_links) as stream:
            stream.write(json.dumps(entry).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.entries[key] = entry

    def label(self, key: str) -> dict[str, Any] | None:
        """Return the label; None if it is missing or failed."""
        entry = self.entries.get(key)
        return None if entry is None or "error" in entry else entry

    def failure(self, key: str) -> dict[str, str] | None:
        """Return ``kind`` and ``message`` of a failed label; None if it is missing or did not fail."""
        return self.entries.get(key, {}).get("error")
