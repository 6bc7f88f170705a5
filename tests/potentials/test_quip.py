"""Virials and their noise as gap_fit reads them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from example_structures import copper

from mlffbench.descriptors.neighbours import periodic_box
from mlffbench.potentials import quip

pytest.importorskip("quippy")
PARAMETERS = {
    "cutoff": 3.0, "cutoff_width": 0.5, "n_max": 3, "l_max": 2, "sigma": 0.5, "zeta": 2.0, "delta": 1.0,
    "n_sparse": 20, "sparse_method": "cur_points",
}  # fmt: skip


def soap_arguments(frames):
    """Arguments of gap_fit for SOAP descriptors of these frames."""
    return {
        "gap": quip.soap_descriptors(frames, **PARAMETERS),
        "default_sigma": "{0.001 0.01 0.001 0}",
        "e0_method": "average",
        "rnd_seed": 1,
    }


def test_the_noise_of_a_virial_is_that_of_its_frame() -> None:
    """Virials of infinite noise are as good as none, whatever gap_fit is told for frames that say nothing."""
    frames, labels = copper(6)
    stresses = []
    none = replace(labels, stress=None)
    for given, noise in ((labels, 1e8), (none, 1e8), (labels, 1e-4)):
        potential = quip.potential(quip.gap_fit(frames, given, soap_arguments(frames), 3.0, noise))
        potential.calculate(frames[0], ["energy", "forces", "stress"])
        stresses.append(potential.results["stress"])
    np.testing.assert_allclose(stresses[0], stresses[1], atol=1e-6)
    assert np.abs(stresses[2] - stresses[1]).max() > 1e-3


def test_vacuum_costs_nothing_and_changes_no_virial() -> None:
    """A layer of copper in cells of 20 and 400 Å: the same energy, forces and V σ, in a fit and from it."""
    frames, labels = copper(6)
    virials = []
    for height in (20.0, 400.0):
        layers, stresses = [], []
        for atoms, stress in zip(frames, labels.stress, strict=True):
            cell = atoms.cell.array.copy()
            cell[2] *= height / np.linalg.norm(cell[2])
            layer = type(atoms)(atoms.numbers, atoms.positions, cell=cell, pbc=True)
            layers.append(layer)
            stresses.append(stress * atoms.get_volume() / layer.get_volume())
        noise = 1e-3 / layers[0].get_volume()
        given = replace(labels, stress=tuple(stresses))
        potential = quip.potential(quip.gap_fit(layers, given, soap_arguments(layers), 3.0, noise))
        results, _ = quip.calculate(potential, layers[0], 3.0, variance=False)
        assert periodic_box(layers[0], 3.0).cell.lengths()[2] < 30
        virials.append(np.append(results["energy"], results["stress"] * layers[0].get_volume()))
    np.testing.assert_allclose(*virials, atol=1e-4)


# ---------------------------------------------------------------- files of a stranger
@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    frames, labels = copper(6)
    return quip.gap_fit(frames, labels, soap_arguments(frames), 3.0, 1e-4)


@pytest.mark.parametrize(
    "arguments", ["FilePot command={program}", "Sum init_args_pot1={{FilePot command={program}}}"]
)
def test_a_potential_that_would_run_a_program_is_read_as_a_gap(
    files, tmp_path, monkeypatch, arguments
) -> None:
    """QUIP takes the kind of potential from the XML, and one of its kinds runs a shell command."""
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    head, rest = files["gap.xml"].split('init_args="', 1)
    evil = f'{head}init_args="{arguments.format(program=program)}"{rest.partition(chr(34))[2]}'
    frame = copper(6)[0][0]
    expected, _ = quip.calculate(quip.potential(files), frame, 3.0, variance=False)
    results, _ = quip.calculate(quip.potential(files | {"gap.xml": evil}), frame, 3.0, variance=False)
    assert results["energy"] == pytest.approx(expected["energy"], abs=1e-12)
    assert [p.name for p in tmp_path.iterdir()] == ["program.sh"]


@pytest.mark.parametrize(
    "name", ["../escaped", "/tmp/escaped", "gap.xml/../../escaped", "other.xml", "gap.xml\n", ""]
)
def test_files_of_a_potential_stay_in_their_folder(files, name) -> None:
    with pytest.raises(ValueError, match="is no file of a GAP"):
        quip.potential(files | {name: "x"})


@pytest.mark.parametrize(
    "change",
    [
        {"sparse_method": "cur_points} core_ip_args={FilePot command=evil"},
        {"sparse_method": "cur_points n_sparse=3"},
        {"cutoff_width": "0.5} core_ip_args={FilePot command=evil"},
        {"zeta": "2.0\n"},
        {"l_max": ""},
    ],
)
def test_no_value_adds_an_argument_of_gap_fit(change) -> None:
    with pytest.raises(ValueError, match="of a GAP must be a number or a word"):
        quip.soap_descriptors(copper(1)[0], **{**PARAMETERS, **change})
