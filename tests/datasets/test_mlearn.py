"""mlearn: unit, sign and order of the stress, columns, known duplicates."""

from __future__ import annotations

import numpy as np
import pytest
from ase.units import GPa
from example_datasets import load, rows, sources

pytestmark = pytest.mark.usefixtures("offline")


def test_frames_of_mlearn_are_those_of_the_manifest(manifest):
    for element in ("Ni", "Cu", "Li", "Mo", "Si", "Ge"):
        train, test = (s.frames for s in sources("mlearn", element=element))
        assert f"{element} {train}/{test}" in manifest["mlearn"]["note"]


@pytest.mark.parametrize("element", ["Si", "Ge"])
def test_stress_of_mlearn_does_the_work_of_straining(mirror, element):
    """dE/ds = V σ : (dF/ds F⁻¹) along six directions of strain: unit, sign and order are right."""
    from scipy.interpolate import CubicSpline

    data = load("mlearn", element=element)
    texts = data.columns["description"]
    for mode in range(6):
        part = [i for i, text in enumerate(texts) if f"mode {mode}, strain" in text]
        strain = np.array([float(texts[i].rpartition(" ")[2]) for i in part])
        part, strain = np.array(part)[np.argsort(strain)], np.sort(strain)
        assert len(part) == 10
        cells = np.array([data.frames[i].cell[:] for i in part])
        rates = np.linalg.solve(cells, CubicSpline(strain, cells)(strain, 1))  # cell⁻¹ dcell/ds
        xx, yy, zz, yz, xz, xy = np.array([data.labels.stress[i] for i in part]).T
        stress = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]).transpose(2, 0, 1)
        work = np.linalg.det(cells) * np.einsum("nij,nij->n", stress, rates)
        slope = CubicSpline(strain, data.labels.energy[part])(strain, 1)
        assert work == pytest.approx(slope, rel=0.022)


def test_stress_of_mlearn_is_negative_under_compression(mirror):
    data = load("mlearn", element="Si")
    (i,) = np.flatnonzero(data.columns["description"] == "Si 2x2x2 cell, mode 0, strain -0.1")
    assert -20 < data.labels.stress[i][0] / GPa < -10


@pytest.mark.parametrize("element", ["Si", "Ge"])
def test_columns_of_mlearn(mirror, element):
    data = load("mlearn", element=element)
    kinds, temperature = data.columns["kind"], data.columns["temperature"]
    assert set(kinds.tolist()) == {"AIMD-NVT", "Vacancy", "Elastic", "Surface"}
    assert np.array_equal(np.isfinite(temperature), np.isin(kinds, ["AIMD-NVT", "Vacancy"]))
    assert temperature[np.isfinite(temperature)].min() == 300
    assert len(set(data.columns["trajectory"][kinds == "AIMD-NVT"])) == 5
    steps = data.columns["time_index"]
    assert np.array_equal(np.isfinite(steps), kinds == "AIMD-NVT")
    assert (np.nanmin(steps), np.nanmax(steps)) == (20000, 96000)
    assert all(a.pbc.all() for a in data.frames)


@pytest.mark.parametrize("element", ["Si", "Ge"])
def test_the_published_split_of_mlearn_has_its_known_twins(mirror, element):
    data = load("mlearn", element=element)
    train, test = (data.labels.energy[rows(data, g)] for g in ("train", "test"))
    twins = int(np.sum(np.abs(test[:, None] - train).min(axis=1) < 1e-6))
    assert twins == 3
    assert data.card["overlap"].startswith("3 test frames")
