"""Reference crystals from the elastic frames of mlearn."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("offline")


@pytest.mark.parametrize(
    ("element", "lattice", "bulk"),  # PBE: Materials Project, mp-149 and mp-32
    [("Si", 5.469, 89), ("Ge", 5.76, 61)],
)
def test_the_elastic_frames_of_mlearn_give_the_crystal(mirror, element, lattice, bulk):
    from mlffbench.datasets.mlearn import mlearn

    known = mlearn(element).reference
    values = known.values["diamond"]
    assert list(known.structures) == ["diamond"]
    assert len(known.structures["diamond"]) == 8
    assert values["lattice_constant"] == pytest.approx(lattice, rel=0.01)
    assert values["bulk_modulus"] == pytest.approx(bulk, rel=0.06)
    assert values["C11"] > values["C12"] > 0
    assert "C44" not in values, "the ions of the sheared cells did not relax"
