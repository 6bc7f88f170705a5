"""Files and frames with labels, and the comparison of two datasets, for tests of readers."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from mlffbench.data import Dataset

FORCES = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
SIGMA = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])  # xx yy zz yz xz xy
SQUARE = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]])


def h2(info=None, arrays=None, periodic=False, **results):
    atoms = Atoms("H2", [(0, 0, 0), (0, 0, 0.75)], cell=[2.0, 2.0, 2.0], pbc=periodic, info=info or {})
    for key, value in (arrays or {}).items():
        atoms.arrays[key] = np.array(value)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def xyz(file, *infos, forces=True):
    """Extended xyz as a text editor would write it."""
    frames = []
    for info in infos:
        columns = ":forces:R:3" if forces else ""
        tail = (" 0 0 1", " 0 0 -1") if forces else ("", "")
        frames.append(f'2\nProperties=species:S:1:pos:R:3{columns} {info} pbc="F F F"')
        frames += [f"H 0 0 0{tail[0]}", f"H 0 0 0.75{tail[1]}"]
    file.write_text("\n".join(frames) + "\n")
    return str(file)


def same(one: Dataset, two: Dataset) -> None:
    """Every value of two datasets, and its presence."""
    assert len(one) == len(two)
    assert one.elements == two.elements
    assert one.atomic_energies == two.atomic_energies
    assert list(one.columns) == list(two.columns)
    for name, values in one.columns.items():
        assert values.dtype == two.columns[name].dtype
        np.testing.assert_array_equal(values, two.columns[name])
    np.testing.assert_array_equal(one.labels.energy, two.labels.energy)
    for quantity in ("forces", "stress"):
        first, second = (getattr(d.labels, quantity) for d in (one, two))
        assert (first is None) == (second is None)
        for a, b in zip(first or (), second or (), strict=True):
            assert (a is None) == (b is None)
            np.testing.assert_array_equal(a, b)
    assert all(a == b for a, b in zip(one.frames, two.frames, strict=True))
    assert one.digest == two.digest
