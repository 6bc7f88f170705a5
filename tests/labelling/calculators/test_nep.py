"""NEP as a calculator: where its network comes from, and refusals."""

from __future__ import annotations

import sys
import zipfile
from types import ModuleType

import pytest
from ase import Atoms
from example_calculators import make

from mlffbench.potentials.nep import nep89, potential

TEXT = "nep4 2 Si O\ncutoff 6 4 30 12\nn_max 0 0\nbasis_size 0 0\nl_max 1 0 0\nANN 1 0\n" + 19 * "0.5\n"


@pytest.fixture
def torchnep(monkeypatch):
    """A torchnep that reads every text."""
    monkeypatch.setitem(sys.modules, "torchnep", ModuleType("torchnep"))
    monkeypatch.setattr(potential, "network", lambda text, device: text)


def test_without_torchnep_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchnep", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"the calculator nep cannot be loaded .*'torchnep>=1.0.7,<1.1'"
    ):
        make("nep")


def test_nep89_comes_out_of_its_wheel(torchnep, monkeypatch, tmp_path):
    asked = []

    def fetch(url, **known):
        asked.append((url, known["sha256"]))
        with zipfile.ZipFile(tmp_path / "wheel.whl", "w") as archive:
            archive.writestr("NepTrainKit/Config/nep89.txt", TEXT)
        return tmp_path / "wheel.whl"

    monkeypatch.setattr(nep89, "fetch", fetch)
    assert make("nep").potential.network == TEXT
    assert asked == [(nep89.URL, nep89.SHA256)]


def test_a_file_of_ones_own_is_read(torchnep, tmp_path):
    file = tmp_path / "nep.txt"
    file.write_text(TEXT)
    calculator = make("nep", file=str(file))
    assert calculator.potential.cutoff == 6.0
    with pytest.raises(ValueError, match="this NEP knows no Ar, He; it knows Si O"):
        calculator.get_potential_energy(Atoms("ArSiHe", [[0, 0, i] for i in range(3)]))
    file.write_text("no network")
    with pytest.raises(ValueError, match="no NEP4 network"):
        make("nep", file=str(file))
    with pytest.raises(FileNotFoundError):
        make("nep", file=str(tmp_path / "nothing.txt"))
