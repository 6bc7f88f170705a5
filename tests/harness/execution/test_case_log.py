"""Log file of a case: bounded, plain, replaced, never through a link."""

from __future__ import annotations

import re

import pytest

from mlffbench.harness.execution import case_log
from mlffbench.harness.execution.case_log import CaseLog

TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ", re.MULTILINE)


def test_lines_have_times_and_are_whole(tmp_path):
    path = tmp_path / "logs" / "a.log"
    with CaseLog(path) as log:
        log.say("begun")
        log.printed(b"half a ")
        log.printed(b"line\n10%\r50%\r100%\n\x1b[31mred\x1b[0m \xff\nrest")
        assert path.read_text().count("\n") == 4, "what is said can be read at once"
    text = path.read_text()
    assert len(TIME.findall(text)) == len(text.splitlines())
    assert TIME.sub("", text) == "begun\nhalf a line\n100%\nred �\nrest\n"


def test_a_stage_is_logged_when_it_begins_and_every_minute(tmp_path, monkeypatch):
    with CaseLog(tmp_path / "a.log") as log:
        for epoch in range(100):
            log.progressed("epoch", epoch, 100, {"loss": 0.5})
        log.progressed("md", 3, None, {})
        monkeypatch.setattr(case_log, "MINUTE", 0.0)
        log.progressed("md", 4, None, {})
    assert TIME.sub("", log.path.read_text()) == "epoch 0 of 100, loss 0.5\nmd 3\nmd 4\n"


def test_a_flood_is_cut_and_its_end_kept(tmp_path):
    with CaseLog(tmp_path / "a.log") as log:
        for k in range(30):
            log.printed(f"{k} {'x' * 99_000}\n".encode() * 3)
        log.printed("".join(f"short {k}\n" for k in range(20_000 * 3)).encode())
        log.printed(b"the end\n")
    text = log.path.read_text()
    assert len(text) < 1_300_000
    assert "lines left out" in text
    assert text.endswith("the end\n")


def test_a_rerun_replaces_the_log_and_no_link_is_followed(tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (tmp_path / "logs").mkdir()
    path = tmp_path / "logs" / "a.log"
    path.symlink_to(mine)
    for text in ("one", "two"):
        with CaseLog(path) as log:
            log.say(text)
    assert path.read_text().endswith("two\n")
    assert "one" not in path.read_text()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "logs").symlink_to(tmp_path / "elsewhere")
    with CaseLog(tmp_path / "out" / "logs" / "a.log") as log:
        log.say("nowhere")
    assert not log.exists
    assert (mine.read_text(), list((tmp_path / "elsewhere").iterdir())) == ("mine", [])


@pytest.mark.parametrize("error", [OSError(28, "No space left on device")])
def test_a_log_without_room_ends_no_case(tmp_path, error):
    class Full:
        def write(self, content):
            raise error

        def close(self):
            """Close."""

    with CaseLog(tmp_path / "a.log") as log:
        log._file.close()
        log._file = Full()
        log.say("lost")
        log.printed(b"lost, too\n")
