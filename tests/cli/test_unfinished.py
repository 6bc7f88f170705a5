"""Reports of runs that have not ended say so."""

from __future__ import annotations

from mlffbench.cli.unfinished import say_unfinished

SUITE = """\
name: demo
problems: [{dataset: lennard_jones}, {dataset: silicon}]
estimators: [atomic_reference, {"my:Method": {}, as: mine}]
seeds: [0, 1]
"""


def documents(*rows):
    return [{"case": {"label": label, "seed": seed}} for label, seed in rows]


def test_cases_that_lack_are_counted_and_named(tmp_path, capsys):
    (tmp_path / "suite.yaml").write_text(SUITE)
    rows = [
        ("atomic_reference", 0),
        ("atomic_reference", 0),
        ("atomic_reference", 1),
        ("mine", 0),
        ("old", 0),
    ]
    say_unfinished(tmp_path, documents(*rows))
    said = capsys.readouterr().err
    assert "4 of 8 cases have finished" in said
    assert "atomic_reference, seed 1; mine, seed 0; mine, seed 1 (2 problems);" in said
    assert f"'mlffbench run {tmp_path}' goes on" in said


def test_a_whole_run_and_a_folder_without_a_suite_need_no_word(tmp_path, capsys):
    say_unfinished(tmp_path, documents(("mine", 0)))
    (tmp_path / "suite.yaml").write_text(SUITE)
    say_unfinished(
        tmp_path, documents(*[(row, k) for row in ("atomic_reference", "mine") for k in (0, 1)] * 2)
    )
    (tmp_path / "suite.yaml").write_text("problems: 5")
    say_unfinished(tmp_path, [])
    assert capsys.readouterr().err == ""


def test_cases_that_were_interrupted_or_lost_have_not_finished(tmp_path, capsys):
    (tmp_path / "suite.yaml").write_text(SUITE)
    (lost,) = documents(("mine", 0))
    say_unfinished(tmp_path, [{**lost, "failure": {"kind": "worker lost", "message": "killed"}}])
    assert "0 of 8 cases have finished" in capsys.readouterr().err
