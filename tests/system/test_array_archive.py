"""Arrays of strangers: no pickle, no bomb."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from example_mutations import damaged

from mlffbench.system.array_archive import read_arrays


def archive(**members):
    """A zip archive of members given as bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(f"{name}.npy", content)
    return file


def saved(array, **options):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_there_and_back(save):
    arrays = {
        "T 1/x": np.arange(6.0).reshape(2, 3), "n": np.array([1, 2]), "empty": np.zeros((0, 3)),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "text": np.array(["a", "bc"]),
        "one": np.array(3.0),
    }  # fmt: skip
    file = io.BytesIO()
    save(file, **arrays)
    read = read_arrays(file)
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        assert read[name].tolist() == array.tolist()
    read["n"] += 1  # writable


@pytest.mark.parametrize(
    "members",
    [
        {"a": saved(np.array([{}], dtype=object), allow_pickle=True)},
        {"a": saved(np.zeros(3)).replace(b"(3,)", b"(9,)")},
        {"a": saved(np.zeros(3)).replace(b"(3,), }        ", b"(900000000,), }")},
        {"a": saved(np.zeros(3)).replace(b"(3,)", b"(1,)")},
        {"a": b"text"},
        {"a": b""},
    ],
)
def test_what_is_no_array_of_its_size_is_refused(members):
    with pytest.raises(ValueError, match=r".+"):
        read_arrays(archive(**members))


def test_a_bomb_is_refused_before_it_is_read():
    with pytest.raises(ValueError, match="would take"):
        read_arrays(archive(a=saved(np.zeros(100_000))), largest=10_000)


def test_damaged_bytes_are_a_sentence():
    file = io.BytesIO()
    np.savez_compressed(file, x=np.arange(30.0), y=np.arange(4))
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        try:
            read_arrays(io.BytesIO(damaged(file.getvalue(), rng)))
        except ValueError as error:
            refused += bool(str(error))
    assert refused > 150
