"""NequIP and Allegro in their environment: beside MACE in one leaderboard, and as their authors compute."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_environments import lock_of, run_code, run_suite

import mlffbench
from mlffbench.estimators import NequIP
from mlffbench.system.distant_model import is_distant
from mlffbench.system.python_environment import PythonEnvironment
from mlffbench.testing import check_forcefield

SUITE = """
name: excluding
problems:
  - dataset: malonaldehyde
    split: {random: {groups: train_300K, train: 60, test: 40}}
estimators:
  - atomic_reference
  - mace: {preset: small, max_seconds: 30, max_epochs: 200}
  - nequip: {num_channels: 16, num_layers: 2, max_seconds: 30, max_epochs: 200, uncertainty: llpr}
  - allegro: {num_scalar_features: 16, max_seconds: 30, max_epochs: 200, dtype: float64}
"""
AUTHORS = """
import sys
import numpy as np
import torch
from allegro.model import AllegroModel
from ase.build import bulk, molecule
import mlffbench
from mlffbench.testing import check_forcefield
from nequip.data.transforms import ChemicalSpeciesToAtomTypeMapper, NeighborListTransform
from nequip.integrations.ase import NequIPCalculator
from nequip.model import NequIPGNNModel

ours = mlffbench.load(sys.argv[1])
check_forcefield(type(ours))
assert torch.get_default_dtype() == torch.float32
torch.set_default_dtype(torch.float64)
config = {"seed": 0, "model_dtype": ours.dtype, **ours.config_}
if type(ours).__name__ == "NequIP":
    theirs = NequIPGNNModel(**config)
else:
    radial = {"_target_": "allegro.nn.TwoBodyBesselScalarEmbed", "num_bessels": config.pop("num_bessels")}
    width = config.pop("mlp_width")
    theirs = AllegroModel(
        radial_chemical_embed=radial, scalar_embed_mlp_hidden_layers_width=width,
        allegro_mlp_hidden_layers_width=width, readout_mlp_hidden_layers_width=width, **config
    )
theirs.load_state_dict(ours.module_.state_dict())
types = ChemicalSpeciesToAtomTypeMapper(model_type_names=ours.elements_)
neighbours = NeighborListTransform(r_max=ours.cutoff)
calculator = NequIPCalculator(theirs.eval(), "cpu", transforms=[types, neighbours])
for atoms in (molecule("CH3OH"), bulk("C", "diamond", a=3.6, cubic=True)):
    atoms.positions += np.random.default_rng(0).normal(scale=0.05, size=atoms.positions.shape)
    labels = ours.predict([atoms])
    assert labels.energy_std is None or (labels.energy_std > 0).all()
    atoms.calc = calculator
    energy = labels.energy[0] - sum(ours.atomic_energies_[s] for s in atoms.symbols)
    assert abs(energy - atoms.get_potential_energy()) < 1e-9
    assert np.abs(labels.forces[0] - atoms.get_forces()).max() < 1e-6 < np.abs(atoms.get_forces()).max()
    if atoms.pbc.all():
        assert np.abs(labels.stress[0] - atoms.get_stress()).max() < 1e-8
print("equal")
"""


@pytest.mark.slow
@pytest.mark.network
def test_mace_nequip_and_allegro_are_fitted_in_one_suite(tmp_path, monkeypatch):
    """Their packages need e3nn 0.4.4 and 0.6: no Python can have both."""
    monkeypatch.chdir(tmp_path)
    documents = run_suite(SUITE)
    packages = {label: d["provenance"]["packages"] for label, d in documents.items()}
    assert packages["mace"]["e3nn"] == "0.4.4"
    assert "nequip" not in packages["mace"]
    assert packages["nequip"]["e3nn"] >= "0.5"
    assert "mace-torch" not in packages["nequip"]
    assert packages["nequip"] == packages["allegro"]  # one environment
    assert f"e3nn=={packages['nequip']['e3nn']}" in lock_of(documents["nequip"])
    revisions = {d["provenance"]["revision"] for d in documents.values()}
    assert len(revisions) == 1  # one mlffbench in both
    scores = mlffbench.load_results("out").scores
    errors = scores.query("task == '' and quantity == 'forces' and metric == 'rmse'")
    worst = errors.set_index("method")["value"]
    for name in ("mace", "nequip", "allegro"):
        assert worst[name] < worst["atomic_reference"]
    assert {"mace", "nequip", "allegro"} <= set(
        Path("out/leaderboard.md").read_text().replace("|", " ").split()
    )


@pytest.mark.slow
@pytest.mark.network
def test_tasks_that_are_added_run_in_the_environment_and_the_authors_agree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = SUITE.replace("  - atomic_reference\n", "").replace("max_seconds: 30", "max_seconds: 5")
    suite = "".join(line for line in text.splitlines(True) if "mace" not in line)
    before = run_suite(suite)
    tasks = "tasks:\n  - speed: {copies: [1], batches: [1], repeats: 1, max_seconds: 2}\n"
    after = run_suite(suite + tasks)
    for name in ("nequip", "allegro"):
        assert after[name]["timings"]["fit"] == before[name]["timings"]["fit"]
        assert [s["task"] for s in after[name]["scores"] if s["task"] not in ("", "training")]
        assert not after[name]["task_failures"]
        done = run_code(NequIP, AUTHORS, tmp_path, f"out/models/{after[name]['id']}.mlff")
        assert done.stdout.endswith("equal\n"), done.stderr


@pytest.mark.slow
@pytest.mark.network
def test_from_a_python_without_its_package_the_contract_holds():
    if not is_distant(NequIP):
        pytest.skip("nequip is installed in this Python")
    try:
        PythonEnvironment.of(NequIP.environment).ready()
    except ImportError as error:
        pytest.skip(str(error))
    check_forcefield(NequIP)
