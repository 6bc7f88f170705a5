"""Readers in other processes and threads."""

from __future__ import annotations

import threading

from joblib import Parallel, delayed

from mlffbench.data import Dataset
from mlffbench.datasets.path import path


def digest_of(data: Dataset) -> str:
    return data.digest


def test_other_processes_and_threads_open_the_file_again(file):
    data = path(file, units="eV", lazy=True)
    digests = Parallel(n_jobs=2, backend="multiprocessing")(delayed(digest_of)(data) for _ in range(2))
    thread = threading.Thread(target=lambda: digests.append(Dataset("x", data.frames, data.labels).digest))
    thread.start()
    thread.join()
    assert digests == [data.digest] * 3
