"""Arrays that look like labels and are not read."""

from __future__ import annotations

import pytest
from example_files import FORCES, SIGMA, h2
from planted_mistakes import check, found_by

from mlffbench.datasets.formats.to_dataset import from_frames


@pytest.mark.parametrize("key", ["vasp_force", "MACE_forces", "grad"])
def test_forces_of_another_name_are_found(key):
    data = from_frames("x", [h2({"E": 0.0}, {key: FORCES})] * 3)
    found_by("unread_labels", data, f"3 frames have '{key}', .* give forces_key: {key}", False)
    assert not check("unread_labels", from_frames("x", [h2({"E": 0.0}, {key: FORCES})], forces_key=key))


def test_a_stress_of_another_name_is_found():
    data = from_frames("x", [h2({"E": 0.0, "sigma": SIGMA}, periodic=True)])
    found_by("unread_labels", data, "stress_key: sigma", False)
    assert not check("unread_labels", from_frames("x", [h2({"E": 0.0, "sigma": SIGMA})]))  # not periodic
