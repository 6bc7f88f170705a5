"""Suites proposed for data of many kinds, and for budgets from tight to generous."""

from __future__ import annotations

import pytest
from ase.build import bulk, molecule
from example_proposals import dataset, walk

from mlffbench.data import Spec
from mlffbench.harness.planning.proposal import propose, suite_name
from mlffbench.harness.planning.proposal.budget import seconds
from mlffbench.harness.planning.read_suite import read_suite

SPEC = Spec("path", {"path": "my data.xyz", "forces_key": "no"})
ETHANE, SILICON = dataset(walk(molecule("C2H6"), 60)), dataset(walk(bulk("Si", cubic=True), 60), stress=True)


def rows(proposal):
    return {row.spec.name: dict(row.spec.params) for row in proposal.methods.rows}


def test_the_text_is_the_suite(tmp_path):
    proposal = propose(ETHANE, SPEC)
    (tmp_path / "suite.yaml").write_text(proposal.text)
    suite = read_suite(tmp_path / "suite.yaml")
    assert suite == proposal.suite
    assert suite.problems[0].dataset == SPEC
    assert suite.problems[0].split == proposal.split.spec
    assert {e.label: dict(e.spec.params) for e in suite.estimators} == rows(proposal)
    assert proposal.text.startswith("# yaml-language-server: $schema=")


@pytest.mark.parametrize(
    ("data", "classical", "others"),
    [
        (ETHANE, "bonded", {"sgdml"}),
        (SILICON, "stillinger_weber", set()),
        (dataset([bulk("Cu")] * 20), "embedded_atom", set()),
        (dataset([bulk("Ar", cubic=True, a=5.3)] * 20), "lennard_jones", set()),
        (dataset([bulk("NaCl", "rocksalt", 5.6)] * 20), "buckingham", set()),
        (dataset([bulk("CsCl", "cesiumchloride", 4.1)] * 20 + [molecule("CH4")] * 4), "morse", set()),
    ],
)
def test_methods_fit_the_problem(data, classical, others):
    named = set(rows(propose(data, SPEC, "30m")))
    usual = {"atomic_reference", "soap_kernel_ridge", "soap_gpr", "behler_parrinello", "mace"}
    assert named == usual | {classical} | others


@pytest.mark.parametrize("data", [ETHANE, SILICON])
@pytest.mark.parametrize("budget", ["60s", "3m", "30m", "4h"])
def test_the_whole_run_fits_the_budget(data, budget):
    proposal = propose(data, SPEC, budget)
    assert 15 + proposal.methods.seconds <= seconds(budget)
    assert len(proposal.methods.rows) >= (2 if budget == "60s" else 5)
    longest = max(row.seconds for row in proposal.methods.rows)
    assert longest < proposal.suite.time_limit == seconds(budget)


def test_networks_have_the_time_that_a_larger_budget_gives():
    times = [rows(propose(SILICON, SPEC, b))["mace"]["max_seconds"] for b in ("5m", "30m", "2h")]
    assert times[0] < times[1] < times[2]
    assert times[2] > 1000


def test_large_data_have_smaller_kernels_fewer_frames_or_neither():
    small, large = (dataset(walk(molecule("C2H6"), n)) for n in (60, 3000))
    few, many = (rows(propose(d, SPEC, "5m"))["soap_kernel_ridge"]["n_representers"] for d in (small, large))
    assert few == 3000
    assert many < 1500
    split = propose(large, SPEC, "5m").split
    assert split.spec.name == "learning_curve"
    assert len(split.split.train) < 2000


def test_what_does_not_fit_is_left_out_with_a_sentence():
    proposal = propose(dataset(walk(molecule("C2H6"), 1500)), SPEC, "2m")
    assert "mace" in proposal.methods.left_out
    assert "less than the 20 s that make sense" in proposal.methods.left_out["mace"]
    assert "# left out: mace, which would have" in " ".join(proposal.text.replace("\n  #  ", "").split())


def test_only_and_quick_choose_methods():
    assert set(rows(propose(SILICON, SPEC, "5m", only=["mace", "soap_gpr"]))) == {"mace", "soap_gpr"}
    quick = propose(ETHANE, SPEC, quick=True)
    assert quick.budget == "90s"
    assert set(rows(quick)) == {"atomic_reference", "bonded", "soap_kernel_ridge", "soap_gpr"}
    assert [task.spec.name for task in quick.tasks] == ["speed"]


def test_any_estimator_can_be_asked_for():
    assert (
        rows(propose(SILICON, SPEC, "5m", only=["equivariant_network"]))["equivariant_network"]["max_seconds"]
        > 60
    )
    with pytest.raises(LookupError, match="did you mean 'mace'"):
        propose(SILICON, SPEC, only=["macce"])
    with pytest.raises(LookupError, match="sgdml: takes no periodic frames"):
        propose(SILICON, SPEC, only=["sgdml"])


def test_methods_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr("mlffbench.harness.planning.proposal.method_choice.find_spec", lambda name: None)
    with pytest.raises(LookupError, match=r"gap: not installed \(quippy\): pip install 'mlffbench\[gap\]'"):
        propose(SILICON, SPEC, only=["gap"])


def test_dynamics_need_forces_and_time():
    with_time = {task.spec.name for task in propose(ETHANE, SPEC, "2h").tasks}
    assert with_time == {"speed", "md", "physics"}
    assert {t.spec.name for t in propose(ETHANE, SPEC, "2m").tasks} == {"speed"}
    blind = dataset(walk(molecule("C2H6"), 60), forces=False)
    assert {t.spec.name for t in propose(blind, SPEC, "2h").tasks} == {"speed"}
    assert "sgdml" not in rows(propose(blind, SPEC, "2h"))


def test_the_same_data_and_budget_give_the_same_suite():
    assert propose(SILICON, SPEC, "7m").text == propose(SILICON, SPEC, "7m").text


def test_too_few_frames_and_impossible_budgets_are_sentences():
    with pytest.raises(ValueError, match="has 9 frames, too few to train and test"):
        propose(dataset(walk(molecule("CH4"), 9)), SPEC)
    with pytest.raises(ValueError, match=r"a budget is a time such as 90s, 30m or 2h, not 'soon'"):
        propose(ETHANE, SPEC, "soon")
    with pytest.raises(ValueError, match="between 30 s and 30 days"):
        propose(ETHANE, SPEC, "1s")


def test_names_of_files_become_names_of_folders():
    assert suite_name("Ünïcode & co") == "n_code_co"
    assert suite_name("../../etc") == "etc"
    assert suite_name("日本") == "data"
