"""Bonds from distances."""

from __future__ import annotations

import pytest
from ase.build import bulk
from example_gaff import topology


@pytest.mark.parametrize("atoms", [bulk("Cu"), bulk("Ar", a=5.3), bulk("NaCl", "rocksalt", a=5.6)])
def test_metals_and_noble_gases_have_no_bonds(atoms):
    assert len(topology(atoms).bonds.source) == 0
