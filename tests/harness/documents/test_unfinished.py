"""Unfinished work: what belongs to which case, and what is removed."""

from __future__ import annotations

import pytest

from mlffbench.harness.documents.unfinished import Unfinished


def test_answers_and_checkpoints_belong_to_a_case(tmp_path):
    unfinished = Unfinished(tmp_path)
    assert unfinished.ids() == set()
    answers = {unfinished.new_answer("a.b-1") for _ in range(2)}
    assert len(answers) == 2
    unfinished.path("c-1").mkdir()
    (tmp_path / "unfinished" / "stray").write_text("a file")
    (tmp_path / "unfinished" / "link-1").symlink_to(tmp_path)
    assert unfinished.ids() == {"a.b-1", "c-1"}
    unfinished.remove_answers("c-1")
    unfinished.remove_answers("a.b")
    assert unfinished.ids() == {"a.b-1", "c-1"}
    unfinished.remove_answers("a.b-1")
    assert unfinished.ids() == {"c-1"}


def test_only_what_is_empty_is_removed(tmp_path):
    unfinished = Unfinished(tmp_path)
    unfinished.path("a-1").mkdir(parents=True)
    (unfinished.path("a-1") / "fit.json").write_text("{}")
    unfinished.remove_empty("a-1")
    assert unfinished.ids() == {"a-1"}
    unfinished.forget("a-1")
    assert not (tmp_path / "unfinished").exists()


def test_links_and_strange_ids_are_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "unfinished").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        Unfinished(tmp_path).new_answer("a-1")
    with pytest.raises(ValueError, match="no id"):
        Unfinished(tmp_path / "other").new_answer("../a")
