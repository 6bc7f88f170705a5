"""Problems in the order of the suite, and its cases that have not finished."""

from __future__ import annotations

from example_documents import outcome

from mlffbench.harness.documents import kept_suite
from mlffbench.report.formats import markdown, terminal
from mlffbench.report.suite_order import in_suite_order

SUITE = """\
name: demo
problems: [{dataset: lennard_jones}, {dataset: malonaldehyde}, {dataset: silicon}]
estimators: [atomic_reference, morse]
seeds: [0, 1]
"""


def case(dataset, label, seed=0, failure=None):
    document = outcome(label, seed=seed)
    plain = {"dataset": {"name": dataset, "params": {}}, "split": {"name": "official", "params": {}}}
    status = {"status": "failed", "failure": failure} if failure else {}
    return {**document, "case": {**document["case"], **plain}, "id": f"{label}-{dataset}-{seed}", **status}


def read(tmp_path, *documents, suite=SUITE):
    if suite:
        (tmp_path / "suite.yaml").write_text(suite)
    return in_suite_order(documents, [tmp_path])


def states(results):
    return [(c.problem.partition(" ")[0], c.method, c.seed, c.state) for c in results.unfinished]


def test_sections_come_in_the_order_of_the_suite(tmp_path):
    documents = [case("silicon", "morse"), case("other", "morse"), case("lennard_jones", "morse")]
    results = read(tmp_path, *documents)
    names = [problem.name.partition(" ")[0] for problem in results.problems]
    assert names == ["lennard_jones", "silicon", "other"]


def test_a_folder_without_a_suite_keeps_its_order(tmp_path):
    documents = [case("silicon", "morse"), case("lennard_jones", "morse")]
    for suite in ("", "problems: 5"):
        results = read(tmp_path, *documents, suite=suite)
        assert [problem.name.partition(" ")[0] for problem in results.problems] == [
            "silicon",
            "lennard_jones",
        ]
        assert results.unfinished == ()


def test_cases_without_a_document_run_or_wait(tmp_path):
    leases = tmp_path / "leases"
    leases.mkdir()
    done = [case("lennard_jones", "atomic_reference", s) for s in (0, 1)]
    done += [case("lennard_jones", "morse"), case("malonaldehyde", "atomic_reference")]
    results = read(tmp_path, *done)
    assert states(results) == [
        ("lennard_jones", "morse", 1, "waiting"),
        ("malonaldehyde", "morse", 0, "waiting"),
        ("malonaldehyde", "atomic_reference", 1, "waiting"),
        ("malonaldehyde", "morse", 1, "waiting"),
        ("silicon", "atomic_reference", 0, "waiting"),
        ("silicon", "morse", 0, "waiting"),
        ("silicon", "atomic_reference", 1, "waiting"),
        ("silicon", "morse", 1, "waiting"),
    ]
    text = markdown.render(results, "demo")
    sentence = "Unfinished: 4 of 12 cases have finished, ranks may change; 0 running, 8 waiting."
    assert sentence in text
    assert "| silicon · official | morse | 1 | waiting |" in text
    from rich.console import Console

    console = Console(width=200, record=True, quiet=True)
    with console.capture() as shown:
        console.quiet = False
        console.print(terminal.render(results, 200))
    assert sentence in shown.get()


def test_a_case_that_a_living_process_holds_is_running(tmp_path):
    from mlffbench.system.lease import Leases

    with Leases(tmp_path / "leases") as leases, leases.claim("morse-0123456789ab"):
        results = read(tmp_path, case("lennard_jones", "atomic_reference"), case("lennard_jones", "morse"))
    assert [row for row in states(results) if row[-1] == "running"] == [
        ("lennard_jones", "morse", 1, "running")
    ]


def test_a_case_that_was_lost_with_its_process_waits(tmp_path):
    lost = case("lennard_jones", "morse", failure={"kind": "worker lost", "message": "killed"})
    results = read(tmp_path, case("lennard_jones", "atomic_reference"), lost)
    assert ("lennard_jones", "morse", 0, "waiting") in states(results)


def test_unfinished_methods_are_rows_of_the_matrix(tmp_path):
    results = read(tmp_path, case("lennard_jones", "atomic_reference"), case("silicon", "atomic_reference"))
    text = markdown.render(results, "demo").split("### Methods and problems")[1]
    (line,) = [line for line in text.splitlines() if line.startswith("| morse | –")]
    assert line == "| morse | – | waiting | waiting |"


def test_a_suite_is_read_once(tmp_path, monkeypatch):
    read_files = []
    read_yaml = kept_suite.read_yaml
    monkeypatch.setattr(kept_suite, "read_yaml", lambda text: read_files.append(text) or read_yaml(text))
    results = read(tmp_path, case("silicon", "morse"))
    assert len(read_files) == 1
    assert [suite.name for suite in results.suites] == ["demo"]
