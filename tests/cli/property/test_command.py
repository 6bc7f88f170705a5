"""mlffbench property: values against the functions themselves, and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.io import read, write
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.cli.property.catalogue import property_names
from mlffbench.datasets.emt_copper import emt_copper
from mlffbench.estimators import Morse
from mlffbench.properties.elastic import elastic_constants
from mlffbench.properties.equation_of_state import equation_of_state


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["property", *map(str, words)])


def answer(*words):
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Copper, ethanol, and a Morse potential fitted to EMT copper."""
    folder = tmp_path_factory.mktemp("property")
    data = emt_copper(n_train=10, n_test=1)
    Morse().fit(data.frames[:10], data.labels[:10]).save(folder / "cu.mlff")
    write(folder / "cu.cif", bulk("Cu", a=3.62))
    write(folder / "ethanol.xyz", molecule("CH3CH2OH"))
    write(folder / "phases.extxyz", [bulk("Cu", a=3.6), bulk("Cu", "bcc", a=2.9)])
    return folder


@pytest.fixture(autouse=True)
def here(desk, monkeypatch):
    monkeypatch.chdir(desk)


def test_elastic_constants_of_a_calculator_are_those_of_the_function():
    truth = elastic_constants(EMT(), read("cu.cif"))
    result = answer("elastic", "--calculator", "emt", "cu.cif")
    assert np.allclose(result["result"]["C"], truth.C, atol=1e-3)
    assert result["units"]["C"] == result["units"]["bulk_modulus"] == "GPa"
    assert np.isclose(result["result"]["bulk_modulus"], truth.bulk_modulus)
    text = call("elastic", "--calculator", "emt", "cu.cif", "--standard-cell").output
    cubic = elastic_constants(EMT(), bulk("Cu", a=3.62, cubic=True))
    assert f"{cubic.C[0, 0]:.2f}" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_model_and_options_in_both_spellings():
    model = answer("equation_of_state", "--model", "cu.mlff", "cu.cif", "--n-volumes", "5", "-p", "span=0.04")
    from mlffbench.system.model_file import load

    truth = equation_of_state(load("cu.mlff").calculator(), read("cu.cif"), span=0.04, n_volumes=5)
    assert np.isclose(model["result"]["bulk_modulus"], truth.bulk_modulus, rtol=1e-4)
    assert model["units"]["volume"] == "Å³ per atom"
    assert model["units"]["energy"] == "eV per atom"


def test_several_structures_of_one_file():
    result = answer("phases", "--calculator", "emt", "phases.extxyz")["result"]
    assert result["order"] == ["phases-0", "phases-1"]
    one = answer("relaxation", "--calculator", "emt", "phases.extxyz@1", "--cell", "true")["result"]
    assert one["converged"] is True
    many = answer("bulk_relaxation", "--calculator", "emt", "phases.extxyz", "--cell")["result"]
    assert np.isclose(many[1]["energy"], one["energy"], atol=1e-4)


def test_a_property_without_structures():
    result = answer("diatomic", "--calculator", "emt", "--first", "Cu", "--second", "Cu", "--n", "20")
    assert len(result["result"]["energies"]) == 20


def test_molecular_dynamics_is_written_as_frames(tmp_path):
    result = call(
        *("dynamics", "--model", "cu.mlff", "cu.cif", "--temperature", 300, "--steps", 20, "--interval", 5),
        *("-o", tmp_path / "md.extxyz"),
    )
    assert result.exit_code == 0, result.output
    frames = read(tmp_path / "md.extxyz", ":")
    assert len(frames) == 5
    assert str(frames[0].symbols) == "Cu"
    assert frames[0].get_velocities().shape == (1, 3)


def test_values_are_written(tmp_path):
    words = ("compression", "--calculator", "emt", "cu.cif", "--n", "5")
    assert call(*words, "-o", tmp_path / "x.json").exit_code == 0
    assert call(*words, "-o", tmp_path / "x.npz").exit_code == 0
    values, arrays = json.loads((tmp_path / "x.json").read_text()), np.load(tmp_path / "x.npz")
    assert np.allclose(arrays["energies"], values["energies"])
    again = call(*words, "-o", tmp_path / "x.npz")
    assert (again.exit_code, "--overwrite" in again.output) == (2, True)
    assert call(*words, "-o", tmp_path / "x.npz", "--overwrite").exit_code == 0


def test_a_structure_that_is_not_at_rest_is_said():
    words = ("vibrations", "--calculator", "emt", "ethanol.xyz")
    careful = call(*words)
    assert "careful: vibrations is for a structure at rest" in careful.output
    assert "careful" not in call(*words, "--at-rest").output


def test_the_list_has_every_property():
    text = call("--list").output
    assert all(name in text for name in property_names())
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("elastik --calculator emt cu.cif", "did you mean 'elastic'?"),
        ("diffusion --calculator emt cu.cif", "takes positions over time"),
        ("elastic cu.cif", "give either --model FILE or --calculator NAME"),
        ("elastic --calculator emt --model cu.mlff cu.cif", "give either --model FILE or"),
        ("elastic --calculator emt", "elastic takes 1 structure (atoms), and none were given"),
        ("elastic --calculator emt phases.extxyz", "FILE@0 picks the first"),
        ("reaction_path --calculator emt cu.cif", "takes 2 structures (start and end)"),
        ("diatomic --calculator emt cu.cif --first Cu --second Cu", "takes no structure"),
        ("elastic --calculator emt cu.cif --strian 0.1", "did you mean 'strain'?"),
        ("elastic --calculator emt cu.cif --strain x", "strain must be a number, not the text 'x'"),
        ("elastic --calculator emt cu.cif --steps 2.5", "steps must be a whole number"),
        ("elastic --calculator emt cu.cif --strain", "--strain needs a value"),
        ("elastic --calculator emt cu.cif --fmax 1 --fmax 2", "--fmax stands twice"),
        ("dynamics --calculator emt cu.cif --steps 3", "dynamics needs --temperature (float: Temperature"),
        ("elastic --calculator emtt cu.cif", "did you mean 'emt'?"),
        ("elastic --calculator os:system cu.cif", "if you trust it, add --trust os"),
        ("elastic --calculator '{lennard_jones: {sigm: 3}}' cu.cif", "did you mean 'sigma'?"),
        ("elastic --calculator '{lennard_jones: {sigma: [}}' cu.cif", "--calculator"),
        ("elastic --calculator emt ethanol.xyz", "not periodic in all directions"),
        ("elastic --calculator emt cu.cif@99", "cu.cif has no structure 99"),
        ("elastic --calculator emt nope.cif", "nope.cif: No such file or directory"),
        ("elastic --model cu.cif cu.cif", "cu.cif is not a model that mlffbench saved"),
        ("elastic --model . cu.cif", "'mlffbench model . best'"),
        ("compression --model cu.mlff ethanol.xyz", "trained on ['Cu']"),
        ("elastic --calculator emt cu.cif -o x.txt", "write .json or .npz"),
        ("elastic --calculator emt cu.cif -o cu.cif", "write .json"),
        ("hessian --calculator emt cu.cif -o x.xyz", "has no structures to write"),
    ],
)
def test_refusals_are_one_sentence(words, sentence):
    import shlex

    result = call(*shlex.split(words))
    assert result.exit_code == 2, result.output
    assert sentence in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_what_a_calculator_raises_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "odd_calculator.py").write_text(
        "from ase.calculators.emt import EMT\n"
        "class Odd(EMT):\n"
        "    def calculate(self, *args, **kwargs):\n"
        "        raise RuntimeError('no [such] thing')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    words = ("--calculator", "odd_calculator:Odd", "--trust", "odd_calculator")
    result = call("compression", *words, "cu.cif")
    assert result.exit_code == 2
    assert "compression: RuntimeError: no [such] thing" in result.output
