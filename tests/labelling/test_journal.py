"""Labels on disk: none lost, none repeated, a torn line dropped."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from mlffbench.data import Spec
from mlffbench.labelling.journal import Journal, label_key


def test_a_label_is_there_after_reopening(tmp_path):
    Journal(tmp_path / "labels.jsonl").append("a", {"energy": -1.5})
    assert Journal(tmp_path / "labels.jsonl").label("a")["energy"] == -1.5


def test_a_torn_line_is_dropped_and_the_next_label_follows_the_last_whole_one(tmp_path):
    file = tmp_path / "labels.jsonl"
    journal = Journal(file)
    journal.append("a", {"energy": 1.0})
    journal.append("b", {"energy": 2.0})
    file.write_bytes(file.read_bytes()[:-7])
    again = Journal(file)
    assert set(again.entries) == {"a"}
    again.append("c", {"energy": 3.0})
    assert set(Journal(file).entries) == {"a", "c"}


def test_a_line_that_is_no_label_is_named(tmp_path):
    (tmp_path / "labels.jsonl").write_text('{"key": "a"}\nhello\n')
    with pytest.raises(ValueError, match=r"labels.jsonl:2 is not a label"):
        Journal(tmp_path / "labels.jsonl")


def test_failures_are_kept_and_forgotten_on_request(tmp_path):
    file = tmp_path / "labels.jsonl"
    Journal(file).append("a", {"error": {"kind": "not converged", "message": "no"}})
    assert Journal(file).label("a") is None
    assert "a" in Journal(file).entries
    assert "a" not in Journal(file, retry_failures=True).entries


def test_the_key_tells_structures_and_settings_apart():
    water, spec = molecule("H2O"), Spec("emt", {"x": 1})
    moved = water.copy()
    moved.positions[0, 0] += 1e-6
    noise = water.copy()
    noise.positions += 1e-12
    other = Atoms(water, cell=np.eye(3), pbc=True)
    keys = [label_key(a, spec) for a in (water, moved, other)] + [label_key(water, Spec("emt", {"x": 2}))]
    assert len(set(keys)) == 4
    assert label_key(noise, spec) == keys[0]


def test_a_changed_model_file_gives_another_key(tmp_path):
    file, atoms = tmp_path / "model.mlff", molecule("H2O")
    calculator = Spec("fitted", {"file": str(file)})
    keys = [label_key(atoms, calculator)]
    for text in ("one", "two", "two"):
        file.write_text(text)
        keys.append(label_key(atoms, calculator))
    assert len(set(keys)) == 3
    assert keys[2] == keys[3]
