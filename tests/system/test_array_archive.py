"""Archives of arrays: what claims more than it holds is refused before memory is taken."""

import io
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from example_mutations import damaged

from mlffbench.system import array_archive
from mlffbench.system.array_archive import arrays_of, check_sizes, read_arrays


def header(shape, descr="<f8", version=(1, 0)):
    """The bytes of an .npy file of this shape and no data."""
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", len(text)) + text


def archive(tmp_path, **members):
    file = tmp_path / "a.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as stored:
        for name, content in members.items():
            stored.writestr(f"{name}.npy", content)
    return file


def test_what_numpy_wrote_is_read(tmp_path):
    arrays = {
        "a/energy": np.arange(3.0),
        "empty": np.empty((0, 3)),
        "scalar": np.array(1.5),
        "text": np.array(["a", "bc"]),
        "none": np.array([], dtype=str),
        "table": np.zeros(2, dtype=[("größe", float)]),
        "zeros": np.zeros(100_000),
    }
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    back = read_arrays(tmp_path / "a.npz")
    assert list(back) == list(arrays)
    assert all(np.array_equal(back[k], v) and back[k].dtype == v.dtype for k, v in arrays.items())


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize(
    ("shape", "descr"),
    [
        ((500_000_000_000,), "<f8"),
        ((10**6, 10**6, 3), "<f4"),
        ((10**30,), "<f8"),
        ((0, 10**30), "<f8"),
        ((10**15,), "<U0"),
        ((1,), "|V999999999"),
        ((2,), "<f8"),
    ],
)
def test_an_array_that_claims_more_than_it_has_is_refused_at_once(tmp_path, shape, descr, version):
    file = archive(
        tmp_path, good=header((), "<f8") + bytes(8), forces=header(shape, descr, version) + bytes(8)
    )
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"a\.npz.*'forces\.npy' claims an array of .* and has 8 bytes"):
        read_arrays(file)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    file = archive(tmp_path, x=header((30_000_000,), "|u1") + bytes(30_000_000))
    assert file.stat().st_size < 50_000
    monkeypatch.setattr(
        array_archive.psutil, "virtual_memory", lambda: type("m", (), {"available": 20_000_000})
    )
    start = time.process_time()
    with pytest.raises(ValueError, match=r"0\.03 GB of memory, 'x\.npy' most of it, and 0\.02 GB are free"):
        read_arrays(file)
    assert time.process_time() - start < 1


def test_a_text_takes_more_than_its_size_once_parsed_and_only_what_is_read_counts(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "m", "w", zipfile.ZIP_DEFLATED) as stored:
        stored.writestr("model.json", "[" * 2_000_000)
        stored.writestr("0.npy", header((1,)) + bytes(8))
    monkeypatch.setattr(
        array_archive.psutil, "virtual_memory", lambda: type("m", (), {"available": 30_000_000})
    )
    with zipfile.ZipFile(tmp_path / "m") as stored:
        check_sizes(stored, ["0.npy"])
        with pytest.raises(ValueError, match=r"'model\.json' most of it"):
            check_sizes(stored)


def test_a_damaged_archive_is_a_sentence_with_its_name(tmp_path):
    np.savez(tmp_path / "whole.npz", a=np.arange(50.0), objects=np.array([{}], dtype=object))
    content = (tmp_path / "whole.npz").read_bytes()
    rng = np.random.default_rng(0)
    broken = [b"", b"garbage" * 9, content[:300], content]  # the last holds objects
    for _ in range(100):
        place = rng.integers(len(content))
        broken.append(content[:place] + bytes([rng.integers(256)]) + content[place + 1 :])
    for blob in broken:
        (tmp_path / "b.npz").write_bytes(blob)
        with pytest.raises(ValueError, match=r"b\.npz is no archive of arrays, or is damaged"):
            read_arrays(tmp_path / "b.npz")


def test_damaged_bytes_are_a_sentence():
    file = io.BytesIO()
    np.savez_compressed(file, x=np.arange(30.0), y=np.arange(4))
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        try:
            arrays_of(io.BytesIO(damaged(file.getvalue(), rng)))
        except ValueError as error:
            refused += bool(str(error))
    assert refused > 150
