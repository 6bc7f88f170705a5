"""Suites: what is read, what is refused and with which sentence, and what decides a case's id."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from example_text_mutants import mutants
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.planning.plan import SuiteError, cases
from mlffbench.harness.planning.read_suite import read_suite

GOOD = """\
name: demo
seeds: [0, 1]
problems:
  - dataset: lennard_jones
    split: {random: {train: 0.5}}
estimators:
  - atomic_reference
  - morse: {cutoff: 5.0}
  - morse: {cutoff: 6.0}
    as: morse-6
"""


def read(tmp_path, text):
    file = tmp_path / "suite.yaml"
    file.write_text(text)
    return read_suite(file)


def planned(tmp_path, text=GOOD, **kwargs):
    return cases(read(tmp_path, text), lambda spec: "0" * 64, **kwargs)


def test_every_problem_estimator_and_seed_is_a_case(tmp_path):
    found = planned(tmp_path)
    assert [(c.label, c.seed) for c in found] == [
        (label, seed) for seed in (0, 1) for label in ("atomic_reference", "morse", "morse-6")
    ]
    assert len({c.id for c in found}) == 6
    assert [c.id for c in planned(tmp_path)] == [c.id for c in found]


def test_a_case_survives_json(tmp_path):
    for case in planned(tmp_path, GOOD + "tasks: [speed: {copies: [1]}]\n"):
        assert Case.from_json(case.to_json()) == case
        assert Case.from_json(case.to_json()).id == case.id


def test_id_is_of_what_decides_the_fit(tmp_path):
    case = planned(tmp_path)[1]
    same = [{"metrics": ("mae",)}, {"tasks": (Spec("speed"),)}, {"suite": "other"}, {"label": "row"}]
    other = [
        {"seed": 7}, {"data_digest": "1" * 64}, {"split": Spec("official")},
        {"dataset": Spec("malonaldehyde")}, {"estimator": Spec("morse", {"cutoff": 5.1})},
    ]  # fmt: skip
    assert all(replace(case, **change).id == case.id for change in same)
    assert len({case.id, *(replace(case, **change).id for change in other)}) == 6


def test_device_goes_to_those_that_have_one(tmp_path):
    by_label = {c.label: c.estimator.params for c in planned(tmp_path, device="cuda")}
    assert "device" not in by_label["atomic_reference"]
    assert by_label["morse"] == {"cutoff": 5.0, "device": "cuda"}


def test_path_is_a_dataset(tmp_path):
    text = GOOD.replace("dataset: lennard_jones", "dataset: {path: a.xyz, forces_key: f}")
    assert read(tmp_path, text).problems[0].dataset == Spec("path", {"path": "a.xyz", "forces_key": "f"})


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("  - atomic_reference", "  - atomic_referense", 7, "did you mean 'atomic_reference'"),
        ("{cutoff: 5.0}", "{cutof: 5.0}", 8, "has no parameter 'cutof'"),
        ("{cutoff: 5.0}", "{cutof: 5.0}", 8, "did you mean 'cutoff'"),
        ("dataset: lennard_jones", "dataset: lenard_jones", 4, "did you mean 'lennard_jones'"),
        ("{random: {train: 0.5}}", "{random: {trian: 0.5}}", 5, "did you mean 'train'"),
        ("{random: {train: 0.5}}", "{rnadom: {train: 0.5}}", 5, "did you mean 'random'"),
        ("seeds: [0, 1]", "seed: [0, 1]", 2, "unknown key 'seed'"),
        ("seeds: [0, 1]", "seeds: [0, one]", 2, "valid integer"),
        ("name: demo\n", "", 1, "'name' is missing"),
        ("name: demo", "name: a/b", 1, "name"),
        ("name: demo", "name: ..", 1, "a file or folder will have this name, and '..' begins with '.'"),
        ("name: demo", "name: -rf", 1, "begins with '-'"),
        ("name: demo", f"name: {'a' * 101}", 1, "is longer than 100 bytes"),
        ("name: demo", "name: 5", 1, "valid string"),
        ("    split:", "    spilt:", 5, "did you mean 'split'"),
        ("seeds: [0, 1]", "metrics: [rsme]", 2, "did you mean 'rmse'"),
        ("seeds: [0, 1]", "tasks: [spead]", 2, "did you mean 'speed'"),
        ("    as: morse-6", "", 8, "name the row with 'as: another-name'"),
        ("seeds: [0, 1]", "name: again", 2, "'name' appears twice"),
        ("seeds: [0, 1]", "seeds: [0, 1", 3, "not valid YAML"),
        (
            "{cutoff: 5.0}",
            "{cutoff: '1e-3'}",
            8,
            "not the text '1e-3'; write 0.001",
        ),
        (
            "{train: 0.5}",
            "{train: half}",
            5,
            "train must be a share between 0 and 1",
        ),
        ("seeds: [0, 1]", "tasks: [speed: {copies: 8}]", 2, "copies must be a list of whole numbers"),
        ("seeds: [0, 1]", "seeds: [-1]", 2, "greater than or equal to 0"),
        ("seeds: [0, 1]", "seeds: &s [0, *s]", 2, "an anchor contains itself"),
        ("dataset: lennard_jones", "dataset: rmd17: {molecule: &m [*m]}", 4, "not valid"),
        ("{cutoff: 5.0}", "{5: 1}", 8, "no parameter 5"),
        ("as: morse-6", 'as: "a\\nb"', 9, "must be printable text in one line"),
        ("as: morse-6", "as: [a]", 9, "must be printable text in one line, not ['a']"),
        ("as: morse-6", "as: {}", 9, "must be printable text in one line"),
        ("as: morse-6", f"as: {'a' * 5000}", 9, "must be printable text in one line"),
        ("seeds: [0, 1]", "seeds: [true]", 2, "valid integer"),
        ("seeds: [0, 1]", "seeds: ['1']", 2, "valid integer"),
        ("seeds: [0, 1]", "seeds: 3", 2, "valid list"),
        ("seeds: [0, 1]", "time_limit: '60'", 2, "valid number"),
        ("seeds: [0, 1]", "time_limit: true", 2, "valid number"),
        ("seeds: [0, 1]", "time_limit: .inf", 2, "less than or equal to 1000000000"),
        ("seeds: [0, 1]", "time_limit: .nan", 2, "time_limit"),
        ("seeds: [0, 1]", "metrics: rmse", 2, "valid list"),
        ("morse: {cutoff: 5.0}", "morse: 5.0", 8, "keyword: value"),
        ("- atomic_reference", "- nowhere.at_all:Model", 7, "add --trust nowhere.at_all"),
    ],
)
def test_mistakes_are_named_with_file_and_line(tmp_path, old, new, line, words):
    assert old in GOOD
    with pytest.raises(SuiteError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    message = str(caught.value)
    assert f"suite.yaml:{line}:" in message, message
    assert words in message, message


def test_the_same_fit_twice_is_refused(tmp_path):
    with pytest.raises(SuiteError, match="the same estimator as number 2"):
        planned(tmp_path, GOOD.replace("cutoff: 6.0", "cutoff: 5.0"))


def test_a_missing_or_empty_file_is_a_sentence(tmp_path):
    with pytest.raises(SuiteError, match="No such file"):
        read_suite(tmp_path / "none.yaml")
    with pytest.raises(SuiteError, match="a suite is a mapping"):
        read(tmp_path, "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_another_encoding_is_a_sentence(tmp_path, encoding):
    file = tmp_path / "suite.yaml"
    file.write_bytes(("# Ångström\n" + GOOD).encode(encoding))
    with pytest.raises(SuiteError, match=r"suite\.yaml:1: the file is not UTF-8 .*; save it as UTF-8"):
        read_suite(file)
    file.write_bytes(GOOD.encode("utf-8-sig"))
    assert read_suite(file).name == "demo"
    with pytest.raises(SuiteError, match="directory"):
        read_suite(tmp_path)


def test_a_manifest_is_pinned_by_its_content_and_read_while_planning(tmp_path):
    file = tmp_path / "split.json"
    text = GOOD.replace("{random: {train: 0.5}}", f"{{manifest: {{file: {file}}}}}")
    empty = {"indices": [], "structures": ""}
    document = {"format": "mlffbench split 1", "dataset": {}, "train": empty, "tests": {}}
    manifest = json.dumps(document)
    file.write_text(manifest)
    first = planned(tmp_path, text)[0].id
    assert planned(tmp_path, text)[0].id == first
    file.write_text(manifest + " ")
    assert planned(tmp_path, text)[0].id != first
    with pytest.raises(
        SuiteError, match=r"suite\.yaml:5:\d+: .*split\.json is not the manifest that was asked for"
    ):
        read(tmp_path, text.replace("json}", f"json, sha256: {'ab' * 32}}}"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no split manifest"),
        (b"{}", "no split manifest"),
        (b"[" * 100_000, "is not a split manifest"),
        ("{}".encode("utf-16"), "the file is not UTF-8"),
        (b'{"format": "mlffbench split 1"}', "this lacks"),
        (
            b'{"format": "mlffbench split 1", "dataset": {}, "train": {"indices": 5}, "tests": {}}',
            "is damaged",
        ),
    ],
)
def test_a_manifest_that_is_none_is_named_with_the_line_of_the_suite(tmp_path, content, words):
    file = tmp_path / "split.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SuiteError, match=rf"suite\.yaml:5:\d+: .*{words}"):
        read(tmp_path, GOOD.replace("{random: {train: 0.5}}", f"{{manifest: {{file: {file}}}}}"))


def test_a_manifest_that_is_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SuiteError, match=r"suite\.yaml:5:\d+: .*pipe: it is a pipe"):
        read(tmp_path, GOOD.replace("{random: {train: 0.5}}", f"{{manifest: {{file: {tmp_path / 'pipe'}}}}}"))


def test_more_cases_than_can_be_listed_are_refused_at_once(tmp_path):
    text = GOOD.replace("seeds: [0, 1]", f"seeds: [{', '.join(map(str, range(40_000)))}]")
    many = text.replace(
        "estimators:", "estimators:\n  - morse: {cutoff: 7.0}\n    as: a\n  - bonded\n  - buckingham"
    )
    with pytest.raises(SuiteError, match="demo: 240000 cases, more than 200000"):
        planned(tmp_path, many)


def test_200_mutants_of_a_suite_end_in_cases_or_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = GOOD.replace("dataset: lennard_jones", "dataset: {lennard_jones: {n_train: 4, n_test: 2}}")
    text += "metrics: [rmse, mae]\ntime_limit: 60\ntasks:\n  - speed: {copies: [1, 2]}\n"
    slowest, codes = 0.0, []
    for k, mutant in enumerate(mutants(text, 200)):
        Path("suite.yaml").write_text(mutant)
        start = time.process_time()
        result = CliRunner().invoke(app, ["run", "suite.yaml", "--dry-run"])
        slowest = max(slowest, time.process_time() - start if k else 0.0)
        assert isinstance(result.exception, SystemExit | None), (mutant, result.exc_info)
        assert result.exit_code in (0, 2), mutant
        assert result.exit_code == 0 or "mlffbench: " in result.output
        assert len(result.output) < 50_000
        codes.append(result.exit_code)
    assert 20 < codes.count(0) < 180
    assert slowest < 10
    assert [p.name for p in tmp_path.iterdir()] == ["suite.yaml"]
