"""Labels on disk, one line each, as soon as they are known: a killed run loses none and repeats none."""

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

__all__ = ["Ledger", "label_key"]


def label_key(atoms: Atoms, calculator: Spec) -> str:
    """What decides a label: the structure to 1e-8 Å and the calculator with its parameters."""
    arrays = [
        atoms.numbers,
        np.round(atoms.positions, 8) + 0.0,
        np.round(atoms.cell.array, 8) + 0.0,
        atoms.pbc,
    ]
    text = json.dumps([*(a.tolist() for a in arrays), calculator.name, calculator.params], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Ledger:
    """Label by key, in a file of JSON lines that only grows.

    A line cut short by a crash is dropped when the file is opened.

    Parameters
    ----------
    file : Path
    forget_failures : bool
        Read only the labels that went well; the lines stay, a later one of the same key wins.

    Attributes
    ----------
    labels : dict of str to dict
        ``energy`` (eV), ``forces`` (eV/Å), ``stress`` (eV/Å³, Voigt) or None, ``seconds``; or ``error`` with
        ``kind`` and ``message``.
    """

    def __init__(self, file: Path, forget_failures: bool = False) -> None:
        self.file = file
        self.labels: dict[str, dict[str, Any]] = {}
        if file.exists():
            self._read()
        if forget_failures:
            self.labels = {k: v for k, v in self.labels.items() if "error" not in v}

    def _read(self) -> None:
        content = self.file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with self.file.open("r+b") as stream:
                stream.truncate(len(whole))
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                entry = json.loads(line)
                self.labels[entry["key"]] = entry
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{self.file}:{number} is not a label; remove the line") from error

    def add(self, key: str, label: Mapping[str, Any]) -> None:
        """Keep a label; it is on the disk when this returns."""
        entry = {"key": key, **label}
        with self.file.open("ab") as stream:
            stream.write(json.dumps(entry).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.labels[key] = entry

    def good(self, key: str) -> dict[str, Any] | None:
        """The label, None if there is none or its computation failed."""
        entry = self.labels.get(key)
        return None if entry is None or "error" in entry else entry
