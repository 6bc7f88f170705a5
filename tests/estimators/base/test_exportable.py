"""The choice of a format, and the files that an export writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.exceptions import NotFittedError

from mlffbench import registry
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.estimators import GAP, MACE, Morse


@pytest.fixture(scope="module")
def argon() -> Morse:
    data = lennard_jones(n_train=4, n_test=1)
    return Morse(cutoff=6.0, n_starts=1, max_iterations=2).fit(data.frames[:4], data.labels[:4])


def test_a_suffix_or_a_name_chooses_the_format(argon: Morse, tmp_path: Path) -> None:
    for written in (argon.export(tmp_path / "ar.lammps"), argon.export(tmp_path / "in.potential", "lammps")):
        include, table = written.files
        assert table.name == f"{include.name}.table"
        assert f"include {include.name}" in written.usage.splitlines()
        for line in include.read_text().splitlines():
            assert line.startswith("#") or line in written.usage
    assert len(list(tmp_path.iterdir())) == 4


def test_a_format_that_is_not_there(argon: Morse, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'ar.xml' has no suffix of Morse, which writes .lammps \(lammps\)"):
        argon.export(tmp_path / "ar.xml")
    with pytest.raises(ValueError, match="'quip' is no format of Morse"):
        argon.export(tmp_path / "ar.lammps", "quip")
    with pytest.raises(ValueError, match=r"LAMMPS cannot include 'ar gon.lammps'"):
        argon.export(tmp_path / "ar gon.lammps")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cls", [Morse, GAP, MACE])
def test_nothing_fitted_is_nothing_to_export(cls: type, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        cls().export(tmp_path / "x.lammps")


def test_a_link_is_replaced_and_not_followed(argon: Morse, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "ar.lammps.table").symlink_to(precious)
    argon.export(tmp_path / "ar.lammps")
    assert precious.read_text() == "mine"
    assert not (tmp_path / "ar.lammps.table").is_symlink()


@pytest.mark.parametrize("name", registry.names("estimators"))
def test_the_docs_say_where_a_method_runs(name: str) -> None:
    """LAMMPS is claimed where there is a file for it, and the table has one line for every method."""
    cls = registry.load("estimators", name)
    assert ("LAMMPS" in cls.runs_in) == ("lammps" in getattr(cls, "export_formats", ()))
    text = (Path(__file__).parents[3] / "docs" / "estimators.md").read_text(encoding="utf-8")
    table = text.partition("## Where it runs")[2].partition("\n## ")[0]
    (row,) = (line for line in table.splitlines() if f"`{name}`" in line)
    assert row.split(" | ")[1].split(", ") == list(cls.runs_in)
