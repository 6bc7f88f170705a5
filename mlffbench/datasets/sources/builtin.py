"""Datasets that come with the package: a compressed file and its card, written by a labelling recipe."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
from ase.io import read

from mlffbench.data import Dataset
from mlffbench.datasets.formats.to_dataset import from_frames

__all__ = ["builtin"]


def builtin(name: str) -> Dataset:
    """Load the dataset of ``builtin/<name>.xyz.gz``.

    Raises
    ------
    ValueError
        The file does not have the checksum of the card.
    """
    folder = files("mlffbench.datasets") / "builtin"
    blob = (folder / f"{name}.xyz.gz").read_bytes()
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    if hashlib.sha256(blob).hexdigest() != card["sha256"]:
        raise ValueError(f"{name}.xyz.gz does not match its card's sha256; reinstall mlffbench")
    frames = read(io.StringIO(gzip.decompress(blob).decode()), ":", format="extxyz")
    stress = "REF_stress" if "REF_stress" in frames[0].info else None
    isolated = card["isolated_atom_energies_eV"]
    data = from_frames(name, frames, "REF_energy", "REF_forces", stress, card, isolated)
    temperature = np.asarray(data.columns["temperature"], dtype=float)
    return replace(data, columns={**data.columns, "temperature": temperature})
