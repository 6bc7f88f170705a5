"""GRACE in an environment of its own: the contract, its authors' calculator, and weights that are no code."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from example_environments import run_code

from mlffbench.data import Labels
from mlffbench.estimators import GRACE
from mlffbench.system.python_environment import PythonEnvironment

AUTHORS = """
import logging
import time
from pathlib import Path
import numpy as np
import mlffbench
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators import GRACE
from mlffbench.system.python_environment import PythonEnvironment
from mlffbench.potentials.grace.network import model as authors_model
from mlffbench.testing import check_forcefield

check_forcefield(GRACE)
from tensorpotential.calculator import TPCalculator

SMALL = dict(GRACE.test_params(), max_epochs=5)
for data, xla in ((malonaldehyde(), True), (lennard_jones(n_train=20, n_test=2), False)):
    frames, labels = data.frames[:20], data.labels[:20]
    model = GRACE(**{**SMALL, "xla": xla}).fit(frames, labels)
    again = GRACE(**{**SMALL, "xla": xla}).fit(frames, labels)
    assert all(np.array_equal(a, b) for a, b in zip(model.weights_, again.weights_, strict=True))
    predicted = model.predict(frames)
    authors = TPCalculator(authors_model(model.config_, model.weights_))
    for i in (0, 7):
        atoms = frames[i].copy()
        atoms.calc = authors
        own = sum(model.atomic_energies_[s] + model.shift_ for s in atoms.symbols)
        assert abs(atoms.get_potential_energy() + own - predicted.energy[i]) < 1e-8
        assert np.abs(atoms.get_forces() - predicted.forces[i]).max() < 1e-8
        if frames[i].pbc.all():
            assert np.abs(atoms.get_stress() - predicted.stress[i]).max() < 1e-9
    assert len(model.history_) == 5 and model.stopped_by_ == "epochs"
    model.save("model.mlff")
    loaded = mlffbench.load("model.mlff")  # without trust
    assert np.array_equal(loaded.predict(frames[:3]).energy, model.predict(frames[:3]).energy)

begun = time.monotonic()
timed = GRACE(**{**SMALL, "max_epochs": 100_000, "warm_start": True}, max_seconds=40).fit(frames, labels)
assert timed.stopped_by_ == "time"
assert time.monotonic() - begun < 80
losses = [row["validation"] for row in timed.history_]
assert min(losses) < losses[0]
assert timed.history_[-1]["learning_rate"] < 0.1 * timed.learning_rate
assert timed.set_params(max_epochs=1).fit(frames, labels).history_[0]["validation"] < losses[0]
assert not logging.getLogger().handlers
print("equal")
"""


def test_it_brings_no_cuda():
    assert GRACE.extra is None
    requirements = GRACE.environment["requirements"]
    assert [text for text in requirements if text.startswith("tensorflow")] == ["tensorflow-cpu>=2.19,<=2.20"]
    alone = PythonEnvironment.of(GRACE.environment).without_dependencies
    assert [text.partition(">")[0].partition("<")[0] for text in alone] == ["tensorpotential", "tf_keras"]


@pytest.mark.skipif(find_spec("tensorpotential") is not None, reason="tensorpotential is installed")
def test_it_is_no_dependency_and_says_where_it_runs():
    with pytest.raises(ImportError, match=r"environment of its own"):
        GRACE._check_installed()


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"n_radial": (5, 3), "l_max": (2, 2, 1)}, r"n_radial has 2 and l_max 3 numbers"),
        ({"n_radial": (5,) * 5, "l_max": (2,) * 5}, r"n_radial has 5 and l_max 5 numbers: .* order up to 4"),
        ({"n_radial": (3, 5), "l_max": (2, 2)}, r"n_radial is \(3, 5\)"),
    ],
)
def test_orders_have_matching_sizes(params, sentence, monkeypatch):
    monkeypatch.setattr(GRACE, "requires", ())
    with pytest.raises(ValueError, match=sentence):
        GRACE(**params).fit([], Labels(np.zeros(0)))


def test_labels_without_weight_are_not_learned():
    assert GRACE().learned_labels() == ("energy", "forces", "stress")
    assert GRACE(stress_weight=0.0).learned_labels() == ("energy", "forces")


@pytest.mark.slow
@pytest.mark.network
def test_the_contract_holds_and_the_authors_agree(tmp_path):
    done = run_code(GRACE, AUTHORS, tmp_path)
    assert done.stdout == "equal\n", done.stderr  # tensorpotential's own lines go nowhere
    assert sorted(tmp_path.iterdir()) == [tmp_path / "model.mlff"]
