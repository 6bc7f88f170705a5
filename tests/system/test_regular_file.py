"""Pipes, devices, directories and endless files end at once in a sentence."""

import os
import socket

import pytest

from mlffbench.system.array_archive import read_arrays
from mlffbench.system.regular_file import read_bytes
from mlffbench.system.text_file import read_text

READERS = [lambda f: read_bytes(f, 100), read_text, read_arrays]


@pytest.fixture(params=["pipe", "socket", "zero", "null", "folder", "link to a pipe", "missing", "dangling"])
def other(request, tmp_path):
    file = tmp_path / "other"
    if request.param == "pipe":
        os.mkfifo(file)
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(file))
    elif request.param in ("zero", "null"):
        file.symlink_to(f"/dev/{request.param}")
    elif request.param == "folder":
        file.mkdir()
    elif request.param == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        file.symlink_to(tmp_path / "pipe")
    elif request.param == "dangling":
        file.symlink_to(tmp_path / "nowhere")
    return file


@pytest.mark.parametrize("read", READERS)
def test_what_is_no_regular_file_is_refused_and_never_waited_for(other, read):
    with pytest.raises(OSError, match=r"a pipe|a socket|a device|Is a directory|No such file") as refusal:
        read(other)
    assert refusal.value.filename == str(other)
    assert refusal.value.strerror


def test_a_file_larger_than_expected_is_refused_and_one_just_as_large_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 100)
    assert read_bytes(tmp_path / "a", 100) == b"x" * 100
    with (tmp_path / "big").open("wb") as file:
        file.truncate(10**12)  # sparse
    for read in (lambda f: read_bytes(f, 100), lambda f: read_text(f, 1000)):
        with pytest.raises(ValueError, match=r"big has more than the .* MB"):
            read(tmp_path / "big")
