"""Frames of extended xyz, read at their offsets."""

from __future__ import annotations

import pytest
from ase.io import write

from mlffbench.datasets.path import path


@pytest.mark.parametrize("comment", ["job {w} E {e}", "energy: {e}", "E={f} {e}", "{e}", "E {e} step {i}"])
def test_a_number_without_a_name_is_no_energy(comment, tmp_path):
    lines = [comment.format(w="abc"[i], e=-76.4 - i, f="T", i=i) for i in range(3)]
    (tmp_path / "a.xyz").write_text("".join(f"1\n{line}\nH 0 0 0\n" for line in lines))
    with pytest.raises(ValueError, match="no energies found"):
        path(str(tmp_path / "a.xyz"))


def test_words_of_a_comment_are_no_numbers(tmp_path):
    lines = [f"frame {i} {0.5 * i} energy={i} relaxed ok={'TF'[i % 2]}" for i in range(4)]
    (tmp_path / "a.xyz").write_text("".join(f"1\n{line}\nH 0 0 0\n" for line in lines))
    for lazy in (False, True):
        data = path(str(tmp_path / "a.xyz"), lazy=lazy)
        assert data.labels.energy.tolist() == [0.0, 1.0, 2.0, 3.0]
        assert {k: v.tolist() for k, v in data.columns.items()} == {
            "frame": ["True"] * 4,
            "relaxed": ["True"] * 4,
            "ok": ["True", "False", "True", "False"],
        }


def test_a_file_that_changes_is_noticed(labelled, tmp_path):
    file = tmp_path / "a.xyz"
    write(file, labelled[:5])
    data = path(str(file), lazy=True)
    write(file, labelled[:7])
    with pytest.raises(ValueError, match="has changed since it was opened"):
        data.frames[0]
    assert len(path(str(file), lazy=True)) == 7


def test_kliff_names_its_forces_for(tmp_path):
    lines = [
        "2",
        'Lattice="4 0 0 0 5 0 0 0 6" PBC="1 1 1" Energy=-3.5 Properties=species:S:1:pos:R:3:for:R:3',
    ]
    (tmp_path / "a.xyz").write_text(
        "\n".join([*lines, "Si 0 0 0 0.1 0.2 0.3", "Si 0 0 2 -0.1 -0.2 -0.3"]) + "\n"
    )
    data = path(str(tmp_path / "a.xyz"), forces_key="for")
    assert data.labels.energy.tolist() == [-3.5]
    assert data.labels.forces[0].tolist() == [[0.1, 0.2, 0.3], [-0.1, -0.2, -0.3]]
    assert data.frames[0].pbc.all()


@pytest.mark.parametrize("properties", ["", " Properties=species:S:1:pos:R:3"])
def test_columns_without_a_name_are_named(properties, tmp_path):
    frame = f"2\nenergy=1{properties}\nH 0 0 0 0 0 1\nH 0 0 1 0 0 -1\n"
    (tmp_path / "a.xyz").write_text(3 * frame)
    for lazy in (False, True):
        data = path(str(tmp_path / "a.xyz"), lazy=lazy)
        assert data.labels.forces is None
        assert "give forces_key: columns_5_to_7" in data.card["unread"]["columns_5_to_7"]
        data = path(str(tmp_path / "a.xyz"), lazy=lazy, forces_key="columns_5_to_7")
        assert data.labels.forces[2].tolist() == [[0, 0, 1], [0, 0, -1]]


def test_flags_are_no_forces(tmp_path):
    (tmp_path / "a.xyz").write_text("1\nenergy=1 Properties=species:S:1:pos:R:3:forces:L:3\nH 0 0 0 T F T\n")
    with pytest.raises(ValueError, match=r"\['forces'\] are flags \(L\) in Properties"):
        path(str(tmp_path / "a.xyz"))


def test_species_in_any_case_and_no_false_cause(tmp_path):
    text = "1\nenergy=1 properties=Species:S:1:Pos:R:3:Force:r:3\n{s} 0 0 0 1 2 3\n"
    (tmp_path / "a.xyz").write_text(text.format(s="H"))
    assert path(str(tmp_path / "a.xyz")).labels.forces[0].tolist() == [[1, 2, 3]]
    (tmp_path / "a.xyz").write_text(text.format(s="Xy"))
    with pytest.raises(ValueError, match=r"frame 0: .*Xy"):  # the last, and not cut off
        path(str(tmp_path / "a.xyz"))
