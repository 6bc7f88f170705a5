"""Models that another Python fits and serves: the same numbers, labelled failures, no process left."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from example_cases import DATASET
from example_distant import PACKAGE, Coded, Distant
from example_processes import alive, marked
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

import mlffbench
from mlffbench.data import Labels, Spec
from mlffbench.estimators import Committee, DeltaLearning
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.run import run
from mlffbench.system import elsewhere, model_process, progress
from mlffbench.system.deadline import deadline
from mlffbench.system.distant_model import is_distant
from mlffbench.system.failures import LostProcessError, TooLongError, failure_of
from mlffbench.system.python_environment import WITHIN, PythonEnvironment
from mlffbench.testing import check_forcefield, solids

TESTS = Path(__file__).parents[1]
DATA = solids()
ENVIRONMENT = PythonEnvironment("stand-in", ("numpy",), sys.executable)
TRUST = ["example_distant"]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A folder with the package, which only the other Python has."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / f"{PACKAGE}.py").write_text("NUMBER = 7\n")
    yield folder
    end_all()


@pytest.fixture(autouse=True)
def _other_python(package, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(package), prepend=os.pathsep)
    monkeypatch.setenv("MLFFBENCH_PYTHON_STAND_IN", sys.executable)
    monkeypatch.setenv("MARK", str(package))


@pytest.fixture
def here(package, monkeypatch):
    """A function that makes the package one of this Python, too."""

    def bring():
        monkeypatch.syspath_prepend(package)
        assert not is_distant(Distant)

    yield bring
    sys.modules.pop(PACKAGE, None)


def end_all():
    """End the processes of the tests before, which wait half a minute for another model."""
    for process in list(model_process._running.values()):
        process.close()


def fitted(**params):
    return Distant(**params).fit(DATA.frames, DATA.labels)


def equal(one, other):
    for name in ("energy", "energy_std"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("forces", "stress", "forces_std"):
        np.testing.assert_array_equal(np.array(getattr(one, name)), np.array(getattr(other, name)))


def test_fits_and_predictions_are_those_of_a_python_with_the_package(here):
    model, reports = Distant(), []
    with progress.listen(lambda *report: reports.append(report)):
        assert model.fit(DATA.frames, DATA.labels) is model
    assert reports == [("epoch", 1, 2, {"loss": 0.5})]
    labels = model.predict(DATA.frames)
    energies = model.evaluate(model.prepare(DATA.frames), ["energy"])
    assert model.process_ != os.getpid()
    assert model.history_ == [{"epoch": 1, "loss": 0.5}]
    assert model.array_.tolist() == [0.0, 1.0, 2.0]
    assert PACKAGE not in sys.modules

    here()
    native = Distant().fit(DATA.frames, DATA.labels)
    equal(native.predict(DATA.frames), labels)
    assert native.atomic_energies_ == model.atomic_energies_
    assert energies.forces is None
    np.testing.assert_array_equal(energies.energy, labels.energy)


def test_the_child_is_described():
    child = fitted().child_
    assert child["name"] == "stand-in"
    assert child["interpreter"] == sys.executable
    assert child["packages"]["numpy"] == np.__version__
    assert child["cpu_seconds"] >= 0
    assert 20 < child["peak_memory_mb"] < 5000


def test_the_contract_holds():
    check_forcefield(Distant)


def test_copies_and_files_are_whole_models(tmp_path, here):
    model = fitted()
    labels, file = model.predict(DATA.frames), tmp_path / "model.mlff"
    model.set_params(act="print").save(file)
    pickled = pickle.dumps(model)
    loaded = mlffbench.load(file, trust=TRUST)
    for same in (pickle.loads(pickled), copy.deepcopy(model), loaded):
        equal(same.predict(DATA.frames), labels)
        assert same.depth_ == model.depth_
    assert not hasattr(clone(model), "elements_")
    loaded.save(tmp_path / "again.mlff")

    here()
    for native in (mlffbench.load(tmp_path / "again.mlff", trust=TRUST), pickle.loads(pickled)):
        assert "model_file_" not in vars(native)
        assert native.act == "print"
        equal(native.predict(DATA.frames), labels)


def test_one_process_serves_the_members_of_a_committee_and_its_file(tmp_path):
    committee = Committee(Distant(), n=3, random_state=0).fit(DATA.frames, DATA.labels)
    assert len({member.process_ for member in committee.members_}) == 1
    assert len({member.depth_ for member in committee.members_}) == 3
    committee.save(tmp_path / "committee.mlff")
    loaded = mlffbench.load(tmp_path / "committee.mlff", trust=TRUST)
    equal(loaded.predict(DATA.frames), committee.predict(DATA.frames))
    both = DeltaLearning("atomic_reference", Distant()).fit(DATA.frames, DATA.labels)
    assert np.isfinite(both.predict(DATA.frames).energy).all()


def test_scikit_learn_the_calculator_partial_fits_and_exports(tmp_path):
    assert np.isfinite(cross_val_score(Distant(), DATA.frames, DATA.labels, cv=2)).all()
    model = fitted()
    atoms = DATA.frames[0].copy()
    atoms.calc = model.calculator()
    np.testing.assert_array_equal(atoms.get_stress(), model.predict([atoms]).stress[0])
    assert atoms.calc.get_property("energy_std", atoms) == pytest.approx(0.7)
    same = copy.deepcopy(model)
    model.partial_fit(DATA.frames[:3], DATA.labels[:3])
    assert (model.number_, same.number_) == (8, 7)
    assert same.predict([atoms]).energy_std[0] == pytest.approx(0.7)
    assert model.predict([atoms]).energy_std[0] == pytest.approx(0.8)
    export = model.export(tmp_path / "number.txt")
    assert export.files == (tmp_path / "number.txt",)
    assert export.files[0].read_text() == "number 8\n"


def test_missing_labels_stay_missing(here):
    forces = [values if i % 2 else None for i, values in enumerate(DATA.labels.forces)]
    labels = Labels(DATA.labels.energy, forces)
    there = Distant().fit(DATA.frames, labels)
    here()
    assert there.depth_ == Distant().fit(DATA.frames, labels).depth_


def test_errors_and_warnings_are_those_of_the_method():
    with pytest.raises(FloatingPointError, match=r"^the loss is NaN\n") as caught:
        fitted(act="raise")
    assert "example_distant.py" in caught.value.__notes__[0]
    assert failure_of(caught.value)["kind"] == "diverged"
    with pytest.raises(ValueError, match="cutoff"):
        fitted(cutoff=-1.0)
    with pytest.warns(UserWarning, match="the data are few"):
        fitted(act="warn")
    model = fitted(act="print")  # into the pipe of the answers
    assert model.number_ == 7
    with pytest.raises(ValueError, match="cannot predict"):
        model.predict([DATA.frames[0].__class__("Xe")])


def test_a_death_is_a_failure_with_its_kind_and_the_next_call_has_a_new_process():
    model = fitted(act="later die")
    with pytest.raises(LostProcessError) as caught:
        model.predict(DATA.frames)
    assert failure_of(caught.value)["kind"] == "worker lost"
    other = fitted()
    assert other.process_ != model.process_
    with pytest.raises(TooLongError, match="late"), deadline(0.3, "late"):  # a signal, as Ctrl-C
        fitted(act="sleep")
    assert not marked(os.environ["MARK"])
    assert len(other.predict(DATA.frames)) == len(DATA.frames)  # from its file


@pytest.mark.slow
def test_crashes_time_limits_and_interrupts_end_the_process():
    with pytest.raises(RuntimeError, match="SIGABRT") as caught:
        fitted(act="crash")
    assert failure_of(caught.value)["kind"] == "internal error"
    fitted()
    with pytest.raises(TooLongError, match=r"time_limit of 0\.3 s"), elsewhere.time_limit(0.3):
        fitted(act="sleep")

    def interrupt(stage, *_):
        if stage == "sleeping":
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), progress.listen(interrupt):
        fitted(act="sleep")
    assert not marked(os.environ["MARK"])


def test_threads_wait_for_each_other():
    models = [Distant(cutoff=cutoff).fit(DATA.frames, DATA.labels) for cutoff in (3.0, 4.0)]
    alone = [model.predict(DATA.frames).energy for model in models]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda i: models[i % 2].predict(DATA.frames).energy, range(12)))
    for i, energy in enumerate(answers):
        np.testing.assert_array_equal(energy, alone[i % 2])


@pytest.mark.slow
def test_the_process_ends_after_the_last_model(monkeypatch):
    monkeypatch.setattr(model_process, "KEPT_SECONDS", 0.05)
    end_all()
    models = [fitted(), fitted()]
    process = models[0].process_
    assert process == models[1].process_
    del models[0]
    gc.collect()
    time.sleep(0.1)
    assert alive(process)
    models.clear()
    gc.collect()
    end = time.monotonic() + 10
    while alive(process) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(process)


def test_a_fork_leaves_the_process_to_its_parent():
    model = fitted()
    if (pid := os.fork()) == 0:
        usable = vars(model)["_process"].is_usable
        vars(model)["_process"].close()
        os._exit(usable)
    assert os.waitpid(pid, 0)[1] == 0
    assert model.predict(DATA.frames[:1]).energy.shape == (1,)
    assert alive(model.process_)


def test_a_file_with_code_of_another_program_needs_trust(tmp_path, here):
    model = Coded().fit(DATA.frames, DATA.labels)
    model.save(file := tmp_path / "coded.mlff")
    Coded().save(tmp_path / "unfitted.mlff")
    mlffbench.load(tmp_path / "unfitted.mlff", trust=TRUST)
    end_all()
    with pytest.raises(ValueError, match=r"holds a program of .*load with trust=\['.*coded.mlff'\]"):
        mlffbench.load(file, trust=TRUST)
    assert not marked(os.environ["MARK"])
    loaded = mlffbench.load(file, trust=[*TRUST, str(file)])
    equal(loaded.predict(DATA.frames), model.predict(DATA.frames))
    here()
    with pytest.raises(ValueError, match="holds a program"):
        mlffbench.load(file.rename(tmp_path / "other.mlff"), trust=TRUST)


def test_what_cannot_be_computed_elsewhere_says_so(monkeypatch):
    monkeypatch.setattr(Distant, "__module__", "__main__")
    with pytest.raises(ImportError, match="cannot import it from a script or a notebook"):
        fitted()
    monkeypatch.undo()
    monkeypatch.setenv("MLFFBENCH_PYTHON_STAND_IN", "/gone/python")
    with pytest.raises(ImportError, match="'stand-in' names no Python that is here: /gone/python"):
        fitted()
    monkeypatch.setenv("MLFFBENCH_PYTHON_STAND_IN", sys.executable)
    monkeypatch.setenv(WITHIN, ENVIRONMENT.digest)
    with pytest.raises(ImportError, match="'stand-in' lacks a_package_elsewhere"):
        fitted()


def test_an_environment_is_announced_before_it_is_made(monkeypatch, tmp_path, capfd):
    monkeypatch.delenv("MLFFBENCH_PYTHON_STAND_IN")
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path))

    def refuse(self, run=""):
        raise ImportError("no network")

    monkeypatch.setattr(PythonEnvironment, "ready", refuse)
    with pytest.raises(ImportError, match="no network"):
        fitted()
    assert "environment stand-in: to be made by" in capfd.readouterr().err


def test_a_case_names_the_pythons_that_computed_for_it(monkeypatch, trust):
    monkeypatch.setenv("MLFFBENCH_TRUST", f"{trust},example_distant")
    spec = Spec("committee", {"model": {"example_distant:Distant": {}}, "n": 2})
    digest = load_dataset(DATASET).digest
    outcome, _ = run(Case("demo", "row", DATASET, Spec("official"), spec, 0, digest))
    assert outcome.failure is None, outcome.failure
    (child,) = outcome.provenance["elsewhere"]
    assert child["name"] == "stand-in"
    assert child["cpu_seconds"] > 0
    assert outcome.timings["fit"]["peak_memory_mb"] > child["peak_memory_mb"]


DRIVER = """
import time
from example_distant import Distant
from mlffbench.testing import solids
data = solids()
model = Distant().fit(data.frames, data.labels)
print(model.process_, flush=True)
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_its_parent(sign, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}", prepend=os.pathsep)
    monkeypatch.setenv("MARK", str(tmp_path))
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with driver:
        process = int(driver.stdout.readline())
        assert alive(process)
        driver.send_signal(sign)
        driver.wait()
    end = time.monotonic() + 10
    while marked(tmp_path) and time.monotonic() < end:
        time.sleep(0.05)
    assert not marked(tmp_path)


@pytest.mark.slow
def test_a_request_in_a_thread_is_ended_with_the_others(monkeypatch):
    errors = []

    def fit():
        try:
            fitted(act="sleep")
        except Exception as error:
            errors.append(error)

    model = fitted()
    thread = threading.Thread(target=fit)
    thread.start()
    time.sleep(0.3)
    vars(model)["_process"].close()
    thread.join(10)
    assert failure_of(errors[0])["kind"] == "worker lost"
