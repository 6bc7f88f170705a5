"""Deep potential of deepmd-kit: as its authors compute it, with room for any number of neighbours."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from ase.build import bulk
from example_environments import lock_of, run_suite

import mlffbench
from mlffbench.estimators import DeePMD
from mlffbench.system.distant_model import is_distant
from mlffbench.system.python_environment import PythonEnvironment
from mlffbench.testing import check_forcefield, solids

needs_deepmd = pytest.mark.skipif(find_spec("deepmd") is None, reason="deepmd-kit is not installed")
SMALL = DeePMD.test_params()
SUITE = """
name: own
problems:
  - dataset: silicon
    split: {random: {groups: train, train: 40, test: 20}}
estimators:
  - atomic_reference
  - deepmd: {cutoff: 4.5, embedding: [8, 16], axis_neurons: 4, hidden: [32, 32], max_epochs: 40}
"""


def test_it_brings_its_environment():
    assert [text.partition(">")[0] for text in DeePMD.environment["requirements"]] == [
        "deepmd-kit", "mpich", "e3nn", "torch",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.network
def test_a_suite_fits_it_in_its_own_environment(tmp_path, monkeypatch):
    """Without mpich, which deepmd-kit does not ask for, its import fails."""
    monkeypatch.chdir(tmp_path)
    documents = run_suite(SUITE)
    assert documents["deepmd"]["provenance"]["packages"]["deepmd-kit"].startswith("3.2.")
    assert "\nmpich==" in lock_of(documents["deepmd"])
    errors = mlffbench.load_results("out").scores.query("quantity == 'forces' and metric == 'rmse'")
    worst = errors.groupby("method")["value"].max()
    assert worst["deepmd"] < 0.5 * worst["atomic_reference"]


@pytest.mark.slow
@pytest.mark.network
def test_from_a_python_without_its_package_the_contract_holds():
    if not is_distant(DeePMD):
        pytest.skip("deepmd-kit is installed in this Python")
    try:
        PythonEnvironment.of(DeePMD.environment).ready()
    except ImportError as error:
        pytest.skip(str(error))
    check_forcefield(DeePMD)


@pytest.fixture(scope="module")
def fitted():
    data = solids()
    return DeePMD(**SMALL).fit(list(data.frames), data.labels), list(data.frames)


@pytest.mark.slow
@needs_deepmd
def test_it_meets_the_contract():
    check_forcefield(DeePMD)


@pytest.mark.slow
@needs_deepmd
def test_the_authors_model_of_these_weights_predicts_the_same(fitted):
    from deepmd.pt.model.model import get_standard_model

    model, frames = fitted
    module = model.module_
    theirs = get_standard_model({
        "type_map": model.elements_,
        "descriptor": {
            "type": "se_e2_a", "sel": module.slots, "rcut": model.cutoff, "set_davg_zero": True,
            "rcut_smth": model.smoothing * model.cutoff, "neuron": [4, 8], "axis_neuron": 2,
            "precision": "float64",
        },
        "fitting_net": {"neuron": [8, 8], "precision": "float64"},
    })  # fmt: skip
    theirs.atomic_model.descriptor.load_state_dict(module.descriptor.state_dict())
    theirs.atomic_model.fitting_net.load_state_dict(module.fitting.state_dict())
    for atoms in frames[:3]:
        if not atoms.pbc.all():
            continue
        types = torch.tensor([[model.elements_.index(s) for s in atoms.symbols]])
        box = torch.tensor(atoms.cell.array.reshape(1, 9))
        out = theirs(torch.tensor(atoms.get_positions(wrap=True)[None]), types, box=box)
        scale = (sum(module.slots) / module.divisor) ** 2
        assert scale == 1
        energy = len(atoms) * model.shift_ + model.scale_ * out["energy"].item()
        labels = model.predict([atoms])
        baseline = sum(model.atomic_energies_[s] for s in atoms.symbols)
        assert labels.energy[0] - baseline == pytest.approx(energy, abs=1e-9)
        forces = model.scale_ * out["force"][0].detach().numpy()
        np.testing.assert_allclose(labels.forces[0], forces, atol=1e-9)


@pytest.mark.slow
@needs_deepmd
def test_a_denser_frame_is_predicted_and_no_other_energy_changes(fitted):
    model, frames = fitted
    before, slots = model.predict(frames[:2]), list(model.module_.slots)
    dense = bulk(model.elements_[0], "fcc", a=2.2, cubic=True)
    energy = model.predict([dense]).energy
    assert sum(model.module_.slots) > sum(slots)
    after = model.predict(frames[:2])
    np.testing.assert_allclose(after.energy, before.energy, rtol=1e-12)
    np.testing.assert_allclose(after.forces[1], before.forces[1], atol=1e-12)
    np.testing.assert_allclose(model.predict([dense.repeat((2, 1, 1))]).energy, 2 * energy, rtol=1e-9)
