"""Exceptions as records of bounded length; a full disk is none."""

from __future__ import annotations

import errno
import json
import pickle
import sqlite3
from importlib.metadata import version

import numpy as np
import pytest

from mlffbench.data import InvalidData, InvalidPrediction
from mlffbench.system.failures import KINDS, DiskFullError, TooLongError, catch_failure, failure_of


def failing(error, cause=None):
    def work():
        raise error from cause

    return catch_failure(work)


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("nothing to say")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("a"), "ValueError: a"),
        (ValueError(), "ValueError: "),
        (KeyError("a"), "KeyError: 'a'"),
        (Mute(), "Mute: <exception str() failed>"),
        (ValueError("\ud800 half"), "ValueError: \\ud800 half"),
    ],
)
def test_every_exception_has_a_message_that_can_be_written(error, message):
    value, failure = failing(error)
    assert value is None
    assert failure["message"] == message
    json.dumps(failure, ensure_ascii=False).encode()


def test_long_texts_keep_start_and_end():
    _, failure = failing(ValueError("first " + "x" * 10_000_000 + " last"))
    assert failure["message"].startswith("ValueError: first")
    assert failure["message"].endswith("last")
    assert "left out" in failure["message"]
    assert sum(map(len, failure.values())) < 15_000


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/tmp/a"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError("1000 requested and 20 written"),
        RuntimeError(
            "[enforce fail at inline_container.cc:603] . PytorchStreamWriter failed writing file data/0"
        ),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_a_full_disk_is_no_failure_of_what_was_computed(error):
    for cause in (None, error):
        with pytest.raises(DiskFullError) as full:
            failing(error if cause is None else ValueError("the model was not written"), cause)
        with pytest.raises(DiskFullError):
            failing(full.value)
        assert str(pickle.loads(pickle.dumps(full.value))) == str(full.value)


def test_a_real_full_device_is_recognised():
    def work():
        with open("/dev/full", "wb") as file:
            np.save(file, np.zeros(100_000))

    with pytest.raises(DiskFullError):
        catch_failure(work)


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "no"), PermissionError(13, "no"), ValueError("disk is full")]
)
def test_other_errors_are_failures(error):
    assert failure_of(error)["kind"] != "disk full"


def test_memory_that_torch_lacks_on_the_cpu_is_out_of_memory():
    import torch

    _, failure = catch_failure(lambda: torch.empty(2**50))
    assert (failure["kind"], failure["where"]) == ("out of memory", "host")
    assert failing(RuntimeError("shapes do not match"))[1]["kind"] == "internal error"


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (MemoryError(), "host"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "host"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), "GPU"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate"), "GPU"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), "GPU"),
    ],
)
def test_the_memory_that_ran_out_is_named(error, where):
    failure = failure_of(error)
    assert (failure["kind"], failure["where"]) == ("out of memory", where)


def test_the_error_of_a_full_gpu_is_of_its_memory():
    import torch

    failure = failure_of(torch.cuda.OutOfMemoryError("tried to allocate 2 GiB"))
    assert (failure["kind"], failure["where"]) == ("out of memory", "GPU")


def test_a_package_that_another_one_looks_for_comes_with_the_remedy():
    _, failure = catch_failure(lambda: version("no-such-package"))
    assert failure["kind"] == "not installed"
    assert "; pip install no-such-package, or add it to the requirements of" in failure["message"]


def test_memory_that_numpy_lacks_is_of_the_host():
    _, failure = catch_failure(lambda: np.empty(2**58))
    assert (failure["kind"], failure["where"]) == ("out of memory", "host")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ModuleNotFoundError("no"), "not installed"),
        (InvalidData("no"), "invalid data"),
        (InvalidPrediction("no"), "invalid prediction"),
        (TooLongError("no"), "timed out"),
        (FloatingPointError("no"), "diverged"),
        (ValueError("no"), "unsupported input"),
        (AssertionError("no"), "internal error"),
        (TimeoutError("the server does not answer"), "internal error"),
    ],
)
def test_no_kind_is_taken_for_another(error, kind):
    assert kind in KINDS
    failure = failure_of(error)
    assert (failure["kind"], "where" in failure) == (kind, False)
