"""Labels on disk: none lost, none repeated, a torn line dropped."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from mlffbench.data import Spec
from mlffbench.labelling.journal import Journal, label_key
from mlffbench.system.lease import LeaseLost, Leases
from mlffbench.system.process_identity import ProcessIdentity


def label(energy):
    return {"energy": energy, "forces": [[0.0, 0.0, 0.1]], "stress": None, "seconds": 0.1}


def test_a_label_is_there_after_reopening(tmp_path):
    Journal(tmp_path / "labels.jsonl").append("a", label(-1.5))
    assert Journal(tmp_path / "labels.jsonl").label("a")["energy"] == -1.5


def test_a_torn_line_is_dropped_and_the_next_label_follows_the_last_whole_one(tmp_path):
    file = tmp_path / "labels.jsonl"
    journal = Journal(file)
    journal.append("a", label(1.0))
    journal.append("b", label(2.0))
    file.write_bytes(file.read_bytes()[:-7])
    again = Journal(file)
    assert set(again.entries) == {"a"}
    again.append("c", label(3.0))
    assert set(Journal(file).entries) == {"a", "c"}


GOOD = '{"key": "a", "energy": 1.0, "forces": [[0, 0, 0]], "stress": null}'


@pytest.mark.parametrize(
    "line",
    [
        "hello", "[]", "5", "null", '{"energy": 1.0}', '{"key": "a"}', "[" * 100_000, "\x00", '{"key": {}',
        GOOD.replace('"a"', "[]"), GOOD.replace('"a"', "5"),
        *(GOOD.replace("1.0", energy) for energy in ("NaN", '"1.0"', "1e999", "9" * 400, "[1.0]", "null")),
        *(GOOD.replace("[[0, 0, 0]]", f) for f in ("[0, 0, 0]", "null", "[[0, 0]]", "[[0, 0, Infinity]]")),
        GOOD.replace("null", "[1, 2, 3]"), GOOD.replace("null", '{"a": 1}'),
        GOOD.replace("}", ', "seconds": "soon"}'), GOOD.replace("}", ', "seconds": [1]}'),
        '{"key": "a", "error": "no"}', '{"key": "a", "error": {"kind": 5, "message": "no"}}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_label_is_named(tmp_path, line):
    (tmp_path / "labels.jsonl").write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(ValueError, match=r"labels.jsonl:2 is not a label; remove the line"):
        Journal(tmp_path / "labels.jsonl")


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "labels.jsonl").write_bytes(f"{GOOD}\n".encode() + b"\xff\xfe\n")
    with pytest.raises(ValueError, match=r"labels.jsonl:2 is not a label"):
        Journal(tmp_path / "labels.jsonl")


def test_nothing_is_written_through_a_link(tmp_path):
    victim, file = tmp_path / "victim", tmp_path / "labels.jsonl"
    victim.write_text("precious, and no line")
    file.symlink_to(victim)
    with pytest.raises(OSError, match="nothing is written through links"):
        Journal(file).append("a", label(1.0))  # would cut the torn line off
    assert victim.read_text() == "precious, and no line"
    victim.write_text(f"{GOOD}\n")
    journal = Journal(file)
    for write in (journal.check_rights, lambda: journal.append("b", label(1.0))):
        with pytest.raises(OSError, match="nothing is written through links"):
            write()
    victim.unlink()
    with pytest.raises(FileNotFoundError):
        Journal(file)
    assert not victim.exists()


def test_a_pipe_or_folder_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a pipe"):
        Journal(tmp_path / "pipe")
    with pytest.raises(IsADirectoryError):
        Journal(tmp_path)


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


def test_two_runs_write_a_file_each_and_read_both(tmp_path):
    file = tmp_path / "labels.jsonl"
    Journal(file).append("a", label(1.0))
    one, two = Journal(file), Journal(file)
    here, there = (Leases(tmp_path / "leases", replace(ProcessIdentity.own(), machine=m)) for m in "ab")
    with one.writing(here), two.writing(there):
        one.append("b", label(2.0))
        two.append("c", {"error": {"kind": "timed out", "message": "no"}})
        one.refresh()
        two.refresh()
        assert set(one.entries) == set(two.entries) == {"a", "b", "c"}
        one.append("c", label(3.0))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels.2.jsonl", "labels.jsonl", "leases"]
    assert Journal(file).label("c")["energy"] == 3.0, "a label counts more than a failure"
    assert set(Journal(file, retry_failures=True).entries) == {"a", "b", "c"}


def test_a_torn_line_of_another_run_is_neither_read_nor_cut(tmp_path):
    file = tmp_path / "labels.jsonl"
    one, two = Journal(file), Journal(file)
    leases = Leases(tmp_path / "leases")
    with one.writing(leases), two.writing(leases):
        two.append("b", label(2.0))
        second = tmp_path / "labels.2.jsonl"
        line = second.read_bytes()
        second.write_bytes(line + line.replace(b'"b"', b'"c"')[:20])
        one.refresh()
        one.append("a", label(1.0))
        assert set(one.entries) == {"a", "b"}
        second.write_bytes(line + line.replace(b'"b"', b'"c"'))
        one.refresh()
        assert set(one.entries) == {"a", "b", "c"}


def test_who_was_stopped_does_not_write_into_the_file_of_another(tmp_path):
    file = tmp_path / "labels.jsonl"
    journal, leases = Journal(file), Leases(tmp_path / "leases")
    with journal.writing(leases):
        (tmp_path / "leases" / "labels.jsonl.2").write_text("another run\n0\n")
        with pytest.raises(LeaseLost):
            journal.append("a", label(1.0))
    assert file.read_text() == ""
