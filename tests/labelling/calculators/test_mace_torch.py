"""Files of mace-torch as calculators: trust, checksums, heads, and what is no model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from example_mace import small
from example_water import springs

import mlffbench
from mlffbench import registry
from mlffbench.labelling.calculators.mace_torch import MACETorch
from mlffbench.system.checksum import Checksum


@pytest.fixture(scope="module")
def water(tmp_path_factory):
    """A fitted model, and its file."""
    file = tmp_path_factory.mktemp("mace") / "water.model"
    model = small(max_epochs=1).fit(*springs(4))
    model.export(file)
    return model, file


def test_energies_forces_and_settings(water):
    model, file = water
    frames, _ = springs(4)
    calculator = MACETorch(str(file), sha256=Checksum("").of(file))
    expected, before = model.predict(frames), torch.get_default_dtype()
    for atoms, energy, forces in zip(frames, expected.energy, expected.forces, strict=True):
        assert calculator.get_property("energy", atoms) == pytest.approx(energy, abs=1e-8)
        np.testing.assert_allclose(calculator.get_property("forces", atoms), forces, atol=1e-8)
    assert torch.get_default_dtype() == before
    single = MACETorch(str(file), dtype="float32")
    assert (calculator.dtype, single.dtype) == ("float64", "float32")
    assert single.get_property("energy", frames[0]) == pytest.approx(expected.energy[0], rel=1e-5)


def test_a_suite_or_recipe_needs_trust(water, monkeypatch):
    file = str(water[1])
    monkeypatch.setenv("MLFFBENCH_TRUST", "")
    with pytest.raises(LookupError, match="'file' of calculator 'mace_torch' is a pickle"):
        registry.make({"mace_torch": {"file": file}}, ("calculators",))
    mlffbench.trust(file)
    assert registry.make({"mace_torch": {"file": file}}, ("calculators",)).dtype == "float64"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"sha256": "0" * 64}, "is another file than before"),
        ({"head": "dft"}, r"has no head 'dft'; there are \['Default'\]"),
        ({"dtype": "float16"}, "dtype must be"),
        ({"device": "cuda:99"}, "is not here"),
    ],
)
def test_what_does_not_fit_is_a_sentence(water, params, words):
    with pytest.raises(ValueError, match=words):
        MACETorch(str(water[1]), **params)


def test_another_pickle_is_a_sentence(tmp_path):
    torch.save({"weights": 1}, tmp_path / "x.model")
    with pytest.raises(ValueError, match="holds a dict, not a model of mace-torch"):
        MACETorch(str(tmp_path / "x.model"))
    with pytest.raises(FileNotFoundError, match="no MACE model file"):
        MACETorch(str(tmp_path / "y.model"))
