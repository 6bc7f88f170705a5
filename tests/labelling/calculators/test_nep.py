"""NEP as a calculator: where its network comes from, and refusals."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from ase import Atoms
from example_calculators import make

from mlffbench.labelling.calculators.nep import NEP
from mlffbench.potentials.nep import potential

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


def test_nep89_comes_out_of_its_package(torchnep, monkeypatch, tmp_path):
    (tmp_path / "nep89.txt").write_text(TEXT)
    monkeypatch.setattr(potential, "weights_of", lambda name: [tmp_path / f"{name}.txt"])
    assert make("nep").potential.network == TEXT
    assert "functional" not in NEP.origin  # of several datasets: nothing to compare labels with


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
