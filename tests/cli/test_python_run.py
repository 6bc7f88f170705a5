"""A suite run from Python gives its results."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write

import mlffbench

SUITE = {
    "name": "small",
    "problems": [{"dataset": {"lennard_jones": {"n_train": 8, "n_test": 4}}}],
    "estimators": ["atomic_reference"],
}


def test_a_suite_is_run_once_and_read_twice(tmp_path, capfd):
    results = mlffbench.run(SUITE, tmp_path / "out")
    assert results.leaderboard()["status"].tolist() == ["ok"]
    assert "atomic_reference on lennard_jones" in capfd.readouterr().err
    assert {"leaderboard.md", "scores.csv"} <= {p.name for p in (tmp_path / "out").iterdir()}
    (document,) = (tmp_path / "out").glob("atomic_reference-*.json")
    before = document.stat().st_mtime_ns
    again = mlffbench.run(json.dumps(SUITE, indent=1), tmp_path / "out", progress=False)
    assert document.stat().st_mtime_ns == before
    assert again.scores["value"].equals(results.scores["value"])
    assert again.predictions("atomic_reference", test="test_hot")[0].energy.shape == (4,)
    renamed = {**SUITE, "estimators": [{"atomic_reference": None, "as": "b"}]}
    assert mlffbench.run(renamed, tmp_path / "out", progress=False).methods == ["b"]
    assert mlffbench.run(tmp_path / "out", progress=False).suite.count("as: b") == 1
    assert len(list((tmp_path / "out").glob("*.json"))) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"estimators": ["atomic_referenc"]}, "did you mean 'atomic_reference'"),
        ({"estimator": []}, "estimator"),
        ({"problems": [{"dataset": {"path": "no.xyz"}}]}, r"no data file matches 'no\.xyz'"),
    ],
)
def test_mistakes_are_exceptions_with_a_sentence(tmp_path, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        mlffbench.run({**SUITE, **change}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_text_that_is_no_suite_is_refused():
    with pytest.raises(ValueError, match="suite:1:1: a suite is a mapping"):
        mlffbench.run("- one\n- two\n")
    with pytest.raises(ValueError, match=r"nothing\.yaml: No such file"):
        mlffbench.run("nothing.yaml")


def test_rows_of_a_suite_are_chosen(tmp_path):
    with pytest.raises(LookupError, match=r"no row 'morse' in the suite"):
        mlffbench.run(SUITE, tmp_path / "out", only=["morse"])


def test_a_removed_model_is_a_warning_and_numbers_of_numpy_are_kept(tmp_path):
    suite = {**SUITE, "estimators": [{"lennard_jones": {"cutoff": np.float64(6)}}], "keep_models": "best"}
    suite["estimators"].append("atomic_reference")
    with pytest.warns(UserWarning, match=r"removed 1 model, .*atomic_reference on lennard_jones, seed 0"):
        results = mlffbench.run(
            suite, tmp_path / "out", only="lennard_jones,atomic_reference", progress=False
        )
    assert "cutoff: 6.0" in results.suite
    assert results.model("best").cutoff == 6.0


def test_options_for_data_are_refused_beside_a_suite():
    with pytest.raises(TypeError, match="budget, job: options for data, not for a suite"):
        mlffbench.run(SUITE, budget="1h", job=2)


def test_data_are_read_checked_and_refused_as_by_the_command(tmp_path):
    frames = [molecule("H2O") for _ in range(3)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
        atoms.info["dft"] = -14.0 + 0.1 * i
    write(tmp_path / "few.xyz", frames, format="extxyz")
    with pytest.raises(ValueError, match="3 frames"):
        mlffbench.run(tmp_path / "few.xyz", tmp_path / "out", energy_key="dft")
    with pytest.raises(LookupError, match=r"no parameter 'energy_kye'.*did you mean 'energy_key'|energy_key"):
        mlffbench.run(tmp_path / "few.xyz", tmp_path / "out", energy_kye="dft")
    assert not (tmp_path / "out").exists()
