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
