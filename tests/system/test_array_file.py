"""Files of arrays come back as they were, in shape, type and value."""

from __future__ import annotations

import numpy as np

from mlffbench.system.array_file import read_array_file, write_array_file


def test_arrays_come_back_and_may_be_written_to(tmp_path):
    arrays = {
        "flags": np.array([True, False, True]),
        "numbers": np.arange(6, dtype=np.int32).reshape(2, 3),
        "values": np.array([[np.nan, -0.0], [1e-300, np.inf]]).T,
        "none": np.zeros((0, 3)),
        "ä\n": np.array(10.5),
    }
    write_array_file(tmp_path / "arrays", arrays)
    back = read_array_file(tmp_path / "arrays")
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(back[name], array)
        back[name][...] = 0
