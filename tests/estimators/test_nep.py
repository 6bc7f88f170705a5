"""NEP in an environment of its own: the contract, its authors' calculator, and what GPUMD reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from example_environments import run_code

from mlffbench.data import Labels
from mlffbench.estimators import NEP
from mlffbench.labelling.calculators.nep import NEP as NEPCalculator

AUTHORS = """
import time
from pathlib import Path
import numpy as np
from ase.build import bulk
from torchnep.ase_calculator import NEP as Authors
import mlffbench
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators import NEP, Pretrained
from mlffbench.potentials.weights import weights_of
from mlffbench.testing import check_forcefield

check_forcefield(NEP)
SMALL = dict(NEP.test_params(), max_epochs=5, dtype="float32")

for data in (malonaldehyde(), lennard_jones(n_train=20, n_test=2)):
    frames, labels = data.frames[:20], data.labels[:20]
    model = NEP(**SMALL).fit(frames, labels)
    again = NEP(**SMALL).fit(frames, labels)
    assert model.text_ == again.text_ != NEP(**SMALL, random_state=1).fit(frames, labels).text_
    predicted = model.predict(frames)
    (file,) = model.export("nep.txt").files
    authors = Authors("nep.txt")
    calculator = Pretrained({"nep": {"file": "nep.txt"}}).fit(frames, labels).calculator()
    for i in (0, 7):
        for there in (authors, calculator):
            atoms = frames[i].copy()
            atoms.calc = there
            assert abs(atoms.get_potential_energy() - predicted.energy[i]) < 1e-8
            assert np.abs(atoms.get_forces() - predicted.forces[i]).max() < 1e-8
            if atoms.pbc.all():
                assert np.abs(atoms.get_stress() - predicted.stress[i]).max() < 1e-9
    assert len(model.history_) == 5 and model.stopped_by_ == "epochs"
    assert model.n_parameters_ > 100

authors = Authors(str(weights_of("nep89")[0]))
universal = Pretrained("nep", refit_atomic_energies=True).fit(frames, labels)
atoms = bulk("Si", a=5.5)
atoms.rattle(0.1, seed=1)
atoms.calc = authors
theirs = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
atoms.calc = universal.submodels()[0].calculator
for a, b in zip(theirs, (atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()), strict=True):
    assert np.abs(a - b).max() < 1e-9

begun = time.monotonic()
timed = NEP(**{**SMALL, "max_epochs": 100_000}, max_seconds=10).fit(frames, labels)
assert timed.stopped_by_ == "time"
assert time.monotonic() - begun < 15
losses = [row["validation"] for row in timed.history_]
assert min(losses) < losses[0]

warm = NEP(**SMALL, warm_start=True).fit(frames, labels)
first = warm.history_[0]["validation"]
assert warm.fit(frames, labels).history_[0]["validation"] < first
print("equal")
"""


def test_it_is_no_dependency_and_says_where_it_runs():
    assert NEP.extra is None
    assert NEPCalculator.environment == NEP.environment
    pytest.importorskip("torch")
    try:
        import torchnep  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match=r"environment of its own.*'torchnep>=1.0.7,<1.1'"):
            NEP._check_installed()


def test_stresses_are_learned_where_virials_weigh():
    assert NEP().learned_labels() == ("energy", "forces", "stress")
    assert NEP(virial_weight=0.0).learned_labels() == ("energy", "forces")
    assert NEP(energy_weight=0.0, virial_weight=0.0, stage_two=0.5).learned_labels()[0] == "energy"


def test_angular_neighbours_are_among_the_radial_ones(monkeypatch):
    monkeypatch.setattr(NEP, "requires", ())
    with pytest.raises(ValueError, match=r"angular_cutoff is 5\.0 Å, but cutoff is 4\.0 Å"):
        NEP(cutoff=4.0, angular_cutoff=5.0).fit([], Labels(np.zeros(0)))


@pytest.mark.slow
@pytest.mark.network
def test_the_contract_holds_and_the_authors_agree(tmp_path):
    done = run_code(NEP, AUTHORS, tmp_path)
    assert done.stdout.endswith("equal\n"), done.stderr
    assert done.stdout == "equal\n"  # torchnep's own lines go nowhere
    assert sorted(Path(tmp_path).iterdir()) == [tmp_path / "nep.txt"]
