"""mlearn: six elements as crystals, melts, vacancies, strained cells and surfaces, with stress."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from ase import Atoms
from ase.units import GPa

from mlffbench.data import Dataset, Labels
from mlffbench.datasets.sources.mlearn_elastic import reference
from mlffbench.datasets.sources.public import UNITS, Source, with_counts
from mlffbench.registry import suggest

__all__ = ["mlearn"]

ELEMENTS = ["Si"]  # of the default parameters
URL = "https://raw.githubusercontent.com/materialsvirtuallab/mlearn/10c427a5480c6281c15c64efaf869b03be04818f/data"
FRAMES = {  # training, test
    "Ni": (263, 31),
    "Cu": (262, 31),
    "Li": (241, 29),
    "Mo": (194, 23),
    "Si": (214, 25),
    "Ge": (228, 25),
}
KNOWN = {  # SHA-256, bytes; the other files are known by the commit in the address
    "Si/training": ("ae6d4b0a65b00e0fcf7ba0a6fad366716710d2f0d21d70199203089c6866b500", 2669946),
    "Si/test": ("d452b30a89f23bff76f7cc529b7b6c2d159ea81ccd5a4599fb1a18207654fa91", 309803),
    "Ge/training": ("43dee02009a5167f94c7aafce19051222bcfc328c46181750cc2a2018187ca00", 2796663),
    "Ge/test": ("737ea6159c9dd27ebee7fb8ffae22f15e20466884927771248ca4f5b2cd3f093", 311848),
}
PUBLISHED = {  # MAE: energy meV/atom / forces eV/Å of GAP, MTP, and mean energy with zero forces
    "Ni": ("0.42 / 0.02", "0.48 / 0.01", "150.8 / 0.498"),
    "Cu": ("0.46 / 0.01", "0.41 / 0.01", "135.0 / 0.451"),
    "Li": ("0.49 / 0.01", "0.49 / 0.01", "49.6 / 0.206"),
    "Mo": ("2.24 / 0.09", "2.83 / 0.09", "339.8 / 0.950"),
    "Si": ("2.91 / 0.07", "2.21 / 0.06", "286.2 / 0.566"),
    "Ge": ("2.06 / 0.05", "1.79 / 0.05", "221.3 / 0.424"),
}
DUPLICATES = {"Si": 3, "Ge": 3}  # test frames with a duplicate in train; not counted for other elements
VASP_TO_VOIGT = [0, 1, 2, 4, 5, 3]  # xx yy zz xy yz zx to xx yy zz yz xz xy
VASP_TO_ASE = -0.1 * GPa  # kbar, positive under compression, to eV/Å³, negative under compression
SNAPSHOT = re.compile(r"Snapshot (\d+) of (\d+) of (.*\bat (\d+) K)")
CARD = {
    "level": "PBE, VASP PAW",
    "units": {**UNITS, "stress": "eV/Å³, Voigt order, ASE's sign"},
    "converted_from": "stress in kbar, VASP's sign and order xx yy zz xy yz zx",
    "licence": "BSD-3-Clause",
    "citation": "Y. Zuo et al., Performance and cost assessment of machine learning interatomic potentials, "
    "J. Phys. Chem. A 124, 731 (2020), doi:10.1021/acs.jpca.9b08723",
    "source": URL,
    "train": "train",
    "tests": ["test"],
    "in_domain": "test",
    "split": "the published one: training.json and test.json, about 9 to 1 of every kind",
    "columns": {
        "group": "train or test",
        "kind": "AIMD-NVT, Vacancy, Elastic, Surface, ...",
        "temperature": "K, of the MD kinds",
        "trajectory": "frames of one MD run share it",
        "time_index": "MD step of the AIMD-NVT frames",
        "description": "as in the files",
    },
}


def mlearn(element: Literal["Ni", "Cu", "Li", "Mo", "Si", "Ge"] = "Si") -> Dataset:
    """Ni, Cu, Li, Mo, Si or Ge at PBE: AIMD, vacancies, elastic strains and surfaces, by the published split.

    Groups: ``train`` and ``test``; the column ``kind`` is AIMD-NVT, Vacancy, Elastic or Surface.
    ``print(mlearn())`` shows the card.

    Parameters
    ----------
    element : {"Ni", "Cu", "Li", "Mo", "Si", "Ge"}

    Raises
    ------
    ValueError
        No such element.
    DownloadError
        A file is not on this machine and cannot be fetched, see `mlffbench.system.fetch.fetch`.

    Notes
    -----
    The files do not give the unit, sign and order of their ``virial_stress``. They follow from the elastic
    frames: along each of the six strained directions of Si and Ge, dE/ds = V σ : (dF/ds F⁻¹) holds within 2 %
    for σ = −0.1 GPa × ``virial_stress`` read as xx yy zz xy yz zx; read as xx yy zz yz xz xy, the shears
    account for a tenth of the energy at most.

    References
    ----------
    Y. Zuo et al., J. Phys. Chem. A 124, 731 (2020).
    """
    files = dict(zip(("train", "test"), sources(element), strict=True))
    records = {g: json.loads(s.fetch().read_text(encoding="utf-8")) for g, s in files.items()}
    rows = [row for part in records.values() for row in part]
    groups = np.repeat(list(records), [len(part) for part in records.values()])
    data = Dataset("mlearn", [_atoms(row) for row in rows], _labels(rows), _columns(rows, groups))
    known = reference(element, data.frames, data.labels, data.columns["description"].tolist())
    title = f"mlearn {element}: MD, vacancy, strain, surface"
    return with_counts(replace(data, reference=known), {"title": title, **CARD, **_facts(element)})


def sources(element: str = "Si") -> tuple[Source, ...]:
    """Files of the training and the test group."""
    if element not in FRAMES:
        raise ValueError(f"mlearn has no element {element!r}{suggest(str(element), FRAMES)}")
    stems = (f"{element}/training", f"{element}/test")
    return tuple(_source(stem, frames) for stem, frames in zip(stems, FRAMES[element], strict=True))


def _source(stem: str, frames: int) -> Source:
    """A file of this dataset."""
    sha256, size = KNOWN.get(stem, (None, None))
    return Source(f"{URL}/{stem}.json", f"mlearn/{stem}.json", sha256, size=size, frames=frames)


def _atoms(row: Mapping[str, Any]) -> Atoms:
    """Convert a pymatgen structure; its sites are ordered, one species each."""
    sites = row["structure"]["sites"]
    symbols = [site["species"][0]["element"] for site in sites]
    cell = row["structure"]["lattice"]["matrix"]
    return Atoms(symbols, [site["xyz"] for site in sites], cell=cell, pbc=True)


def _labels(rows: Sequence[Mapping[str, Any]]) -> Labels:
    """Energies, forces and stresses, the latter converted from VASP's unit, sign and order."""
    outputs = [row["outputs"] for row in rows]
    stress = [VASP_TO_ASE * np.array(o["virial_stress"])[VASP_TO_VOIGT] for o in outputs]
    return Labels(
        np.array([o["energy"] for o in outputs]), tuple(o["forces"] for o in outputs), tuple(stress)
    )


def _columns(rows: Sequence[Mapping[str, Any]], groups: np.ndarray) -> dict[str, np.ndarray]:
    """Metadata of the frames, from their descriptions."""
    texts = [str(row["description"]) for row in rows]
    matches = [SNAPSHOT.match(text) for text in texts]
    kinds = np.array([str(row["group"]) for row in rows])
    steps = np.array([np.nan if m is None else float(m[1]) for m in matches])
    return {
        "group": groups,
        "kind": kinds,
        "temperature": np.array([np.nan if m is None else float(m[4]) for m in matches]),
        "trajectory": np.array([t if m is None else m[3] for m, t in zip(matches, texts, strict=True)]),
        "time_index": np.where(kinds == "AIMD-NVT", steps, np.nan),  # numbers of the others are no times
        "description": np.array(texts),
    }


def _facts(element: str) -> dict[str, object]:
    """Published errors of this element, and known duplicates in its split."""
    names = ("GAP", "MTP", "floor (mean energy, zero forces)")
    published = {
        "what": "MAE of the test set: energy meV/atom / forces eV/Å",
        **dict(zip(names, PUBLISHED[element], strict=True)),
        "source": "doi:10.1021/acs.jpca.9b08723; floor computed from the labels",
    }
    n = DUPLICATES.get(element)
    overlap = {"overlap": f"{n} test frames have copies in train: same energy, permuted cell"} if n else {}
    return {**overlap, "published": published}
