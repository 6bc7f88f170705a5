"""Doubts about rows of other data, seeds, groups and numbers of frames."""

from __future__ import annotations

import pytest
from example_documents import measured, outcome

from mlffbench.report.formats import markdown
from mlffbench.report.grouping import group_documents
from mlffbench.report.results import Results


def doubts(*documents):
    (problem,) = group_documents(documents)
    return " ".join(problem.doubts)


def changed(document, *keys, value):
    inner = document
    for key in keys[:-1]:
        inner[key] = dict(inner.get(key) or {})
        inner = inner[key]
    inner[keys[-1]] = value
    return document


def test_rows_that_are_alike_are_not_doubted():
    assert doubts(outcome("soap"), outcome("mace"), outcome("soap", seed=1), outcome("mace", seed=1)) == ""


def test_a_reference_of_another_level_is_doubted():
    level = {"level": "tblite()", "labels": "PBE", "differs": True, "deviation": 0.31, "labels_rms": 1.0}
    said = doubts(measured("soft", 140.0, reference=level), measured("old", 150.0))
    assert "Tasks compare with tblite() (its forces are 310 meV/Å off a training frame's, 31 %" in said
    assert "the labels are of PBE: numbers marked ¶" in said
    stated = {"level": "experiment", "labels": "PBE", "differs": True}
    assert "Tasks compare with experiment, the labels" in doubts(measured("soft", 140.0, reference=stated))
    for differs in (False, None):
        assert "Tasks compare" not in doubts(measured("soft", 140.0, reference={**level, "differs": differs}))


def test_potentials_trained_elsewhere_are_doubted():
    mp = changed(outcome("mp"), "model", "fitted_here", value=False)
    tuned = changed(outcome("tuned"), "case", "estimator", "params", value={"foundation": "mp.model"})
    said = doubts(mp, tuned, outcome("mace"))
    assert "mp, tuned: trained elsewhere, on unknown data, which may contain the test structures" in said
    text = markdown.render(Results.from_documents([mp, tuned, outcome("mace")]), "suite")
    assert "mp (not fitted here)" in text
    assert "tuned (" not in text


def test_other_frames_are_doubted():
    other = changed(outcome("mace"), "split", "digest", value="another")
    assert "split differs between methods (seed 0)" in doubts(outcome("soap"), other)
    assert "split differs" in markdown.render(Results.from_documents([outcome("soap"), other]), "suite")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("dataset", "digest"), "The dataset differs"),
        (("inputs", "atomic_energies"), "The isolated-atom energies differ"),
    ],
)
def test_other_data_of_another_seed_are_doubted(keys, words):
    one, two = (changed(outcome("soap", seed=k), *keys, value=f"d{k}") for k in range(2))
    assert f"{words} between seeds" in doubts(one, two)
    both = [changed(outcome(label), *keys, value=label) for label in ("soap", "mace")]
    assert f"{words} between methods (seed 0)" in doubts(*both)


def test_other_columns_files_and_code_are_doubted():
    for part, noun in (("columns", "column"), ("files", "file or code")):
        one, two = (
            changed(outcome("soap", seed=k), "inputs", value={part: {"mine:Model": f"d{k}"}})
            for k in range(2)
        )
        assert f"the same {noun} 'mine:Model': digest d0 for soap, d1 for soap" in doubts(one, two)


def test_other_references_of_tasks_are_doubted():
    one, two = (changed(outcome(x), "inputs", value={"reference": x}) for x in "ab")
    assert doubts(one, two) == "", "no task compared with it"
    for document in (one, two):
        document["case"]["tasks"] = [{"name": "properties", "params": {}}]
    assert "reference structures or numbers differ" in doubts(one, two)


def test_other_numbers_of_frames_are_doubted():
    tests = {**outcome("mace")["split"]["tests"], "test_300K": 5}
    fewer = changed(outcome("mace"), "split", "tests", value=tests)
    text = doubts(outcome("soap"), fewer)
    assert "numbers of frames differ between methods (seed 0)" in text
    assert "mace predicted 50 of the 5 frames of test_300K" in text
    half = changed(outcome("mace"), "timings", "predict", "test_300K", "n_frames", value=25)
    assert "mace predicted 25 of the 50 frames of test_300K" in doubts(outcome("soap"), half)


def test_other_seeds_are_doubted_and_stand_in_the_row():
    documents = [outcome("soap"), *(outcome("mace", seed=k) for k in range(3))]
    assert "do not have the same seeds: 0 for soap; 0, 1, 2 for mace" in doubts(*documents)
    text = markdown.render(Results.from_documents(documents), "suite")
    assert "soap (1 seed(s))" in text.replace("\\", "")
    assert "mace (3 seed(s))" in text.replace("\\", "")


def test_one_seed_of_another_is_doubted():
    assert "do not have the same seeds" in doubts(outcome("soap", seed=0), outcome("mace", seed=1))


def test_groups_that_were_left_out_are_doubted():
    gap = outcome("gap")
    gap["scores"] = [s for s in gap["scores"] if s["test"] != "test_1200K"]
    assert "No rank for gap: no error on test_1200K, where another" in doubts(gap, outcome("soap"))
    assert "No method has an error on test_1200K" in doubts(gap)


def test_a_group_deleted_from_a_document_does_not_improve_its_worst_ratio():
    worst, best = outcome("soap_gpr", 0.01, hot=55.0), outcome("morse", 0.5, hot=2.0)
    worst["scores"] = [s for s in worst["scores"] if s["test"] != "test_1200K"]
    text = markdown.render(Results.from_documents([worst, best]), "suite").replace("\\", "")
    (row,) = [line for line in text.splitlines() if "| soap_gpr (without test_1200K) |" in line]
    assert row.startswith("| – ")
    assert "×" not in row


def test_a_task_that_some_seeds_lack_is_doubted():
    seeds = [measured("soft", 140.0, seed=k) for k in range(3)]
    assert "not all seeds" not in doubts(*seeds)
    seeds[1]["scores"] = [s for s in seeds[1]["scores"] if s.get("quantity") != "C11"]
    assert "soft: not all seeds have every number of properties" in doubts(*seeds)


def test_a_foundation_model_inside_a_search_was_trained_elsewhere():
    params = {"model": {"mace": {"foundation": "mp.model"}}, "trials": 3}
    tuned = changed(outcome("mp"), "case", "estimator", value={"name": "tuned", "params": params})
    none = {"model": {"mace": {"foundation": None}}, "trials": 3}
    own = changed(outcome("own"), "case", "estimator", value={"name": "tuned", "params": none})
    assert "mp: trained elsewhere" in doubts(tuned, own)
