"""Access to tensorpotential and TensorFlow, without their messages and with the threads that are allowed."""

from __future__ import annotations

import io
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from types import SimpleNamespace

__all__ = ["SETTINGS", "library", "quiet"]

SETTINGS = {  # environment variables that TensorFlow reads once
    "TF_CPP_MIN_LOG_LEVEL": "2",  # errors alone
    "TF_USE_LEGACY_KERAS": "1",  # of the optimiser that tensorpotential knows
}


@cache
def library() -> SimpleNamespace:
    """Import tensorpotential, which takes seconds: ``tf``, and modules of its own by their names."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    with quiet(), redirect_stdout(io.StringIO()):
        import tensorflow as tf
        from tensorpotential import loss, metrics, tensorpot, tpmodel
        from tensorpotential.potentials import presets

        if threads := os.environ.get("OMP_NUM_THREADS"):
            tf.config.threading.set_intra_op_parallelism_threads(int(threads))
            tf.config.threading.set_inter_op_parallelism_threads(int(threads))
    return SimpleNamespace(
        tf=tf, loss=loss, metrics=metrics, tensorpot=tensorpot, tpmodel=tpmodel, presets=presets
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Drop log lines below errors and warnings; no handler is left at the root of logging."""
    root, own = logging.getLogger(), logging.getLogger("tensorflow")
    handler, level = logging.NullHandler(), own.level
    root.addHandler(handler)  # logging.info() would add one that prints
    own.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        own.setLevel(level)
        root.removeHandler(handler)
