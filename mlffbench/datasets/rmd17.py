"""Revised MD17: ten small molecules in thermal motion, five official splits."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import numpy as np
from annotated_types import Interval
from ase import Atoms
from ase.units import kcal, mol

from mlffbench.data import Dataset, Labels
from mlffbench.datasets.sources.public import UNITS, Source, with_counts
from mlffbench.registry import suggest

__all__ = ["rmd17"]

ELEMENTS = ["H", "C", "O"]  # of the default molecule
URL = "https://raw.githubusercontent.com/andersx/rmd17-npz/4f6bb0a186822c90d47cd98b7a27991fe0b3173b/rmd17-npz"
Molecule = Literal[
    "aspirin", "azobenzene", "benzene", "ethanol", "malonaldehyde", "naphthalene", "paracetamol", "salicylic",
    "toluene", "uracil",
]  # fmt: skip
MOLECULES = get_args(Molecule)
FRAMES = 1000  # of every file
KNOWN = {  # SHA-256; the other files are known by the commit in the address
    "aspirin_train_01": "d460f0e43a1a9411b55cdcd9cdbeb9466ae62851ac91392516ab88e4ebc68143",
    "aspirin_test_01": "a3c3b61e782d01e6dd649a126004903f7873e8e7ee5034135abfdb8873be711d",
    "ethanol_train_01": "096946747b8d9dcfa042b44f8debbd3da387dfe1586b659e3be789cc4927316a",
    "ethanol_test_01": "c3594a0f93d5992e02f9eb671392fb2e5021b3fa4f902417886966d1e4f64e1e",
    "ethanol_train_02": "b4bd8ed96ffaa31fe50634ab8705684151011033c3dd73927d61931fc8fda863",
    "ethanol_test_02": "b3276f23d28d4588d008e19ad68e784278caf58e90c7139a11cd7e950b8d3eb4",
    "ethanol_train_03": "26a3a378a63486cb8b127f0f4a8af861996a1759d59e9457288cf11d86967cae",
    "ethanol_test_03": "1ba5586225c0439d5880c4b860e5a84dde042f947b90667178bb6f819241c284",
    "ethanol_train_04": "14796fc0c778e089292e514aee2592b8c4395f7ce4648c8aa22e19030421d0da",
    "ethanol_test_04": "1ec462b9333e7984ac97fefe66294ca51cceb64c8e4afd24d9d8124b81fa6fb0",
    "ethanol_train_05": "fa8b76b36482fff572fc01f62120403c7e6678f5d13f302362e4c9e1cd57a8a6",
    "ethanol_test_05": "af80798e2c0b309b8ad65a5c539651089c3d7f8d0528686c4a74e2132ecc9a1f",
    "malonaldehyde_train_01": "95723385cdfd7f8446a84cdff607f14901e4c2b3949db7a965147dc5098d8ee1",
    "malonaldehyde_test_01": "147404574d4fe3204dea7eb3799426d264e36b7900012f27fd2d26a26832fdaf",
}
SIZES = {"aspirin": 1537803, "ethanol": 673791, "malonaldehyde": 673791}  # bytes
CARD = {
    "level": "PBE/def2-SVP, ORCA, very tight convergence and a dense grid",
    "units": UNITS,
    "converted_from": "kcal/mol and kcal/mol/Å",
    "licence": "CC0-1.0",
    "citation": "A. S. Christensen and O. A. von Lilienfeld, On the role of gradients for machine learning "
    "of molecular energies and forces, Mach. Learn.: Sci. Technol. 1, 045018 (2020), "
    "doi:10.1088/2632-2153/abba6f, arXiv:2007.09593",
    "source": URL,
    "train": "train",
    "tests": ["test"],
    "in_domain": "test",
    "split": "five official splits (fold 1 to 5) of 1000 training and 1000 test frames each",
    "caution": "at most 1000 training frames, recommend the authors: the frames are a time series, and test "
    "frames may be a step away from training frames (column time_index)",
    "sampling": "MD at 500 K (MD17, S. Chmiela et al., Sci. Adv. 3, e1603015 (2017)), relabelled",
    "columns": {
        "group": "train or test",
        "trajectory": "all frames of a molecule are of one",
        "time_index": "step in the original MD17 trajectory, in order of time",
        "temperature": "K",
    },
}
PUBLISHED = {
    "aspirin": {"MACE": "2.2 / 6.6", "ACE": "6.1 / 17.9", "FCHL19": "6.2 / 20.9", "GAP": "17.7 / 44.9"},
    "ethanol": {
        **{"MACE": "0.4 / 2.1", "ACE": "1.2 / 7.3", "FCHL19": "0.9 / 6.2", "GAP": "3.5 / 18.1"},
        **{"MACE, N = 50": "6.7 / 32.6", "NequIP, N = 50": "8.7 / 40.2", "ACE, N = 50": "8.6 / 43.0"},
    },
    "malonaldehyde": {"MACE": "0.8 / 4.1", "ACE": "1.7 / 11.1", "FCHL19": "1.5 / 10.3", "GAP": "4.8 / 26.4"},
    "uracil": {"MACE": "0.5 / 2.1", "ACE": "1.1 / 6.6", "FCHL19": "0.6 / 4.2", "GAP": "3.0 / 17.6"},
}
WHAT = {"what": "MAE, energy meV / forces meV/Å, N = 1000 training frames unless said otherwise"}


def rmd17(molecule: Molecule = "ethanol", fold: Annotated[int, Interval(ge=1, le=5)] = 1) -> Dataset:
    """Revised MD17 at PBE: one of ten molecules at 500 K, by one of the five official splits.

    Groups: ``train`` and ``test``, 1000 frames each. ``print(rmd17())`` shows the card.

    Parameters
    ----------
    molecule : str
        aspirin, azobenzene, benzene, ethanol, malonaldehyde, naphthalene, paracetamol, salicylic, toluene or
        uracil.
    fold : int
        The official split, 1 to 5.

    Raises
    ------
    ValueError
        No such molecule or split.
    DownloadError
        A file is not on this machine and cannot be fetched, see `mlffbench.system.fetch.fetch`.

    References
    ----------
    A. S. Christensen and O. A. von Lilienfeld, Mach. Learn.: Sci. Technol. 1, 045018 (2020).
    """
    files = dict(zip(("train", "test"), sources(molecule, fold), strict=True))
    parts = {group: _read(source) for group, source in files.items()}
    join = lambda key: np.concatenate([p[key] for p in parts.values()])
    numbers, positions = parts["train"]["nuclear_charges"], join("coords")
    groups = np.repeat(list(parts), [len(p["energies"]) for p in parts.values()])
    columns = {
        "group": groups,
        "trajectory": np.full(len(groups), f"MD17 {molecule}"),
        "time_index": join("old_indices").astype(int),
        "temperature": np.full(len(groups), 500.0),
    }
    labels = Labels(join("energies") * kcal / mol, tuple(join("forces") * kcal / mol))
    data = Dataset("rmd17", [Atoms(numbers, p) for p in positions], labels, columns)
    return with_counts(
        data, {"title": f"rMD17 {molecule} at 500 K, split {fold}", **CARD, **_published(molecule)}
    )


def sources(molecule: str = "ethanol", fold: int = 1) -> tuple[Source, ...]:
    """Files of the training and the test group."""
    if molecule not in MOLECULES:
        raise ValueError(f"rMD17 has no molecule {molecule!r}{suggest(str(molecule), MOLECULES)}")
    if not isinstance(fold, int) or fold not in range(1, 6):
        raise ValueError(f"rMD17 has the official splits 1 to 5; got fold={fold!r}")
    return tuple(_source(molecule, f"{molecule}_{part}_{fold:02d}") for part in ("train", "test"))


def _source(molecule: str, stem: str) -> Source:
    """A file of this dataset."""
    name, sha256 = f"rmd17_{stem}.npz", KNOWN.get(stem)
    size = SIZES.get(molecule) if sha256 else None
    return Source(f"{URL}/{name}", f"rmd17/{name}", sha256, size=size, frames=FRAMES)


def _read(source: Source) -> dict[str, np.ndarray]:
    """Arrays of a file."""
    with np.load(source.fetch(), allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _published(molecule: str) -> dict[str, object]:
    """Published errors for the card."""
    errors = PUBLISHED.get(molecule)
    return {"published": {**WHAT, **errors, "source": "arXiv:2206.07697 (MACE)"}} if errors else {}
