"""Results as a user of Python has them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from example_documents import TESTS, failed, measured, outcome, predictions

import mlffbench
from mlffbench.data import Labels
from mlffbench.estimators import AtomicReference
from mlffbench.harness.documents.store import Store

ROOT = Path(__file__).parents[2]
ABSENT = {"torch", "mace", "e3nn", "dscribe", "gpytorch", "matscipy", "phonopy"}


def save(folder, *documents):
    """Write documents as a run does, those that did well with predictions."""
    for document in documents:
        document["case"]["estimator"]["name"] = document["case"]["label"]
        arrays = predictions(document["case"]["label"]) if document["status"] == "ok" else None
        if arrays is not None:
            kept = {test: 2 for test in TESTS}
            document["split"] = {**document["split"], "tests": kept}
        Store(folder).save(document, arrays)
    return folder


@pytest.fixture
def folder(tmp_path):
    return save(tmp_path / "r", measured("soft", 140.0), outcome("mace"), outcome("bare"), failed("gap"))


def test_tables_of_a_folder(folder):
    results = mlffbench.load_results(folder)
    assert set(results.scores["method"]) == {"soft", "mace", "bare"}
    assert results.scores.query("quantity == 'C11'")["predicted"].tolist() == [140.0]
    assert results.leaderboard()["method"].iloc[-1] == "gap"
    assert results.leaderboard("malonaldehyde").equals(results.leaderboard())
    assert results.failures[["method", "kind"]].values.tolist() == [["gap", "out of memory"]]
    assert results.skipped["quantity"].tolist() == ["surface_energy_111"]
    assert set(results.curves["method"]) == {"soft"}
    assert results.methods == ["bare", "gap", "mace", "soft"]
    assert repr(results) == "<Results of quickstart: 1 problems, 4 methods, 4 fits, 1 failed>"


def test_predictions_are_labels_of_one_test_group(folder):
    results = mlffbench.load_results(str(folder))
    true, predicted = results.predictions("mace")
    assert predicted.energy.tolist() == [-30.0, -30.6]
    assert true.forces[0] is None  # no label
    assert np.allclose(predicted.forces[1] - true.forces[1], 0.01)
    assert results.predictions("mace", test="proton_transfer")[1].energy.tolist() == [-30.0, -30.6]
    with pytest.raises(LookupError, match=r"no test group 'test_300'.*did you mean 'test_300K'"):
        results.predictions("mace", test="test_300")
    with pytest.raises(ValueError, match=r"holds no predictions of bare on test_300K; .*--force"):
        results.predictions("bare")
    with pytest.raises(LookupError, match="the fit of gap has failed: out of memory"):
        results.predictions("gap")


def test_a_kept_model_is_loaded(tmp_path):
    with_model = outcome("atomic_reference")
    with_model["case"]["estimator"]["name"] = "atomic_reference"
    model = AtomicReference().fit([molecule("H2"), molecule("O2")], Labels([-6.0, -8.0]))
    model.save(tmp_path / "x.mlff")
    Store(tmp_path / "r").save(with_model, None, tmp_path / "x.mlff")
    save(tmp_path / "r", outcome("bare"))
    results = mlffbench.load_results(tmp_path / "r")
    assert results.model("atomic_reference").predict([molecule("H2O")]).energy.round(6).tolist() == [-10.0]
    with pytest.raises(ValueError, match=r"no model of bare: its model was not kept; .*--force"):
        results.model("bare")
    (tmp_path / "r" / "models" / "atomic_reference-0.mlff").write_bytes(b"another file")
    with pytest.raises(ValueError, match="its model file is damaged, or belongs to another fit"):
        mlffbench.load_results(tmp_path / "r").model("atomic_reference")


def test_a_notebook_shows_the_leaderboard_and_no_html_of_strangers(tmp_path):
    save(tmp_path, outcome("mace"))
    bad = outcome("<script>")
    bad["id"], bad["case"]["suite"] = "bad", "<b>"
    Store(tmp_path).save(bad)
    html = mlffbench.load_results(tmp_path)._repr_html_()
    assert "mace" in html
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<b>" not in html


def test_folders_are_merged_and_the_newer_fit_counts(tmp_path):
    old, new = outcome("mace", 0.02), outcome("mace", 0.03)
    new["provenance"] = {**new["provenance"], "date": "2027-01-01T00:00:00+00:00"}
    save(tmp_path / "a", old)
    save(tmp_path / "b", new, outcome("morse"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.json").write_text("{}")
    for folders in (tmp_path, [tmp_path / "a", str(tmp_path / "b")]):
        results = mlffbench.load_results(folders)
        assert len(results.documents) == 3
        forces = results.scores.query("test == 'test_300K' and quantity == 'forces' and method == 'mace'")
        assert forces["value"].tolist() == [0.03]
        results.predictions("mace")
    with pytest.raises(ValueError, match="several folders; name the folder"):
        results.report()
    assert {"scores.csv", "leaderboard.md"} <= {p.name for p in results.report(tmp_path / "out")}


def test_folders_without_results_are_a_sentence(folder):
    (folder.parent / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no results; 'mlffbench run SUITE'"):
        mlffbench.load_results(folder.parent / "empty")
    with pytest.raises(FileNotFoundError, match=r"no results folder .*emty'; did you mean 'empty'"):
        mlffbench.load_results(folder.parent / "emty")


def test_a_damaged_file_is_named_and_the_others_count(folder):
    (folder / "broken.json").write_text("{")
    with pytest.warns(UserWarning, match=r"1 files were set aside, the first: .*broken\.json"):
        results = mlffbench.load_results(folder)
    assert len(results.documents) == 4
    assert [path.name for path in results.set_aside] == ["broken.json"]


def test_the_kept_suite_is_there_to_read(folder):
    assert mlffbench.load_results(folder).suite is None
    (folder / "suite.yaml").write_text("name: quickstart\n")
    assert mlffbench.load_results(folder).suite == "name: quickstart\n"


def test_committed_results_are_read_without_the_frameworks_of_the_methods():
    """Their import is refused, as where they are not installed."""
    code = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
import json, mlffbench
results = mlffbench.load_results("results/silicon")
c11 = results.scores[(results.scores.quantity == "C11") & (results.scores.method == "mace")]
print(json.dumps([len(results.scores), sorted(c11.predicted.round(1))]), len(results._repr_html_()) > 1000)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    numbers, shown = done.stdout.rsplit(maxsplit=1)
    n_rows, c11 = json.loads(numbers)
    assert n_rows > 1800
    assert len(c11) == 3
    assert shown == "True"
