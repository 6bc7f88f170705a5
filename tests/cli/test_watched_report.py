"""Reports that are written again while a run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from example_documents import failed, outcome
from typer.testing import CliRunner

from mlffbench.cli import app, watched_report
from mlffbench.harness.documents.store import Store

SUITE = """\
name: demo
problems: [{dataset: malonaldehyde}]
estimators: [mace, soap_gpr, morse]
"""


class Run:
    """A run that does one step whenever the watcher sleeps, by a clock of its own."""

    def __init__(self, folder, *steps):
        self.store, self.steps, self.now = Store(folder), list(steps), 1000.0
        self.slept, self.stack, self.leases = [], ExitStack(), None

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        if self.steps:
            self.steps.pop(0)(self)
        assert self.now < 2000, "the watcher does not end"

    def begin(self, id):
        self.leases = self.leases or self.stack.enter_context(self.store.leases())
        self.stack.enter_context(self.leases.claim(id))

    def end(self):
        self.stack.close()


@pytest.fixture
def run(tmp_path, monkeypatch):
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "suite.yaml").write_text(SUITE)
    made = Run(folder)
    clock = SimpleNamespace(sleep=made.sleep, monotonic=lambda: made.now)
    monkeypatch.setattr(watched_report, "time", clock)
    yield made
    made.end()


def watch(run, *options):
    done = CliRunner(env={"COLUMNS": "80"}).invoke(
        app, ["report", str(run.store.folder), "--watch", *options]
    )
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done


def lines(output):
    return [line for line in output.splitlines() if ": wrote " in line]


def test_a_report_follows_each_document_until_the_run_ends(run):
    run.begin("case")
    run.steps = [
        lambda run: run.store.save(outcome("mace")),
        lambda run: None,
        lambda run: run.store.save(failed("soap_gpr")),
        lambda run: run.store.save(outcome("morse", 0.3)),
        lambda run: run.end(),
    ]
    output = watch(run).output
    shown = [line.split(maxsplit=1)[1].partition(":")[0] for line in lines(output)]
    assert shown == ["1 of 3 cases", "2 of 3 cases, 1 failed", "3 of 3 cases, 1 failed"]
    assert "Leaderboard" in output.split(lines(output)[-1])[1]
    assert "Best here: mace" in (run.store.folder / "leaderboard.md").read_text()


def test_a_run_that_dies_ends_the_watch_with_what_there_is(run):
    run.begin("case")
    run.steps = [lambda run: run.store.save(outcome("mace")), lambda run: run.end()]
    output = watch(run).output
    assert "1 of 3 cases have finished" in output
    assert watched_report.PATIENCE <= sum(run.slept) < watched_report.PATIENCE + 10


def test_a_finished_folder_is_reported_at_once(run):
    for name in ("mace", "soap_gpr", "morse"):
        run.store.save(outcome(name))
    assert "wrote" in watch(run).output
    assert run.slept == []


def test_watching_waits_for_a_run_that_has_not_begun(run):
    run.steps = [lambda run: None] * 5 + [
        lambda run: [run.store.save(outcome(name)) for name in ("mace", "soap_gpr", "morse")]
    ]
    assert "is being computed; waiting for a run, Ctrl-C ends" in " ".join(watch(run).output.split())


def test_events_are_lines_of_json(run):
    run.begin("case")
    run.steps = [
        lambda run: run.store.save(outcome("mace")),
        lambda run: run.store.save(failed("soap_gpr")),
        lambda run: run.end(),
    ]
    events = [json.loads(line) for line in watch(run, "--json").stdout.splitlines()]
    assert [(e["event"], e["cases_done"], e["cases_total"], e["cases_failed"]) for e in events] == [
        ("report", 1, 3, 0), ("report", 2, 3, 1), ("ended", 2, 3, 1),
    ]  # fmt: skip
    assert str(run.store.folder / "report.html") in events[-1]["files"]


def test_reports_take_a_fifth_of_the_time_at_most(run, monkeypatch):
    write = watched_report._write

    def slow(*given):
        run.now += 10.0
        return write(*given)

    monkeypatch.setattr(watched_report, "_write", slow)
    run.begin("case")
    saves = [lambda run, k=k: run.store.save(outcome("mace", seed=k)) for k in range(40)]
    run.steps = [*saves, lambda run: run.end()]
    output = watch(run, "--every", "2").output
    assert 2 <= len(lines(output)) <= 3  # of 40 changes in 80 s


def test_ctrl_c_ends_it(run):
    run.store.save(outcome("mace"))
    command = [
        sys.executable,
        "-m",
        "mlffbench",
        "report",
        str(run.store.folder),
        "--watch",
        "--every",
        "0.1",
    ]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "1 of 3 cases: wrote" in child.stdout.readline()
    os.kill(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == 130
    assert errors.endswith("mlffbench: interrupted\n")
    assert not [path for path in run.store.folder.iterdir() if path.name.startswith(".")]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    (tmp_path / "copper").mkdir()
    refused = CliRunner().invoke(app, ["report", str(tmp_path / "coper"), "--watch"])
    assert refused.exit_code == 2
    assert "did you mean 'copper'" in " ".join(refused.output.split())
