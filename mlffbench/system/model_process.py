"""Child process that fits and serves models in a Python environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from mlffbench.data import InvalidData, InvalidPrediction
from mlffbench.system import progress
from mlffbench.system.array_file import write_array_file
from mlffbench.system.child_process import THREADS, ChildProcess
from mlffbench.system.distant_model import ModelFile
from mlffbench.system.failures import DiskFullError, LostProcessError, TooLongError
from mlffbench.system.fit_name import PACKAGES
from mlffbench.system.own_package import own_identity
from mlffbench.system.python_environment import PythonEnvironment

__all__ = ["ModelProcess"]

SERVER = "mlffbench.system.model_server"
KEPT_SECONDS = 30.0  # that a process without a model waits for the next one: cross-validation, a search
START_SECONDS = 300.0  # until it answers for the first time
SHARED_MEMORY = Path("/dev/shm")
LEAST_FREE = 2**30  # bytes of shared memory, else files lie on a disk
KNOWN = {  # exceptions that keep their class on the way
    kind.__name__: kind
    for kind in (
        ArithmeticError, DiskFullError, FloatingPointError, ImportError, InvalidData, InvalidPrediction,
        LookupError, MemoryError, NotFittedError, NotImplementedError, OSError, RuntimeError, TooLongError,
        TypeError, ValueError,
    )
}  # fmt: skip
ANSWERS = ("ready", "done", "unknown", "failed")
WARNINGS = {kind.__name__: kind for kind in (UserWarning, RuntimeWarning)}
DEATHS = {"timed out": TooLongError, "out of memory": MemoryError, "worker lost": LostProcessError}

Request = dict[str, Any]
_running: weakref.WeakValueDictionary[str, ModelProcess] = weakref.WeakValueDictionary()
_starting = threading.Lock()


class ModelProcess:
    """A Python of an environment that fits and evaluates models, one request after the other.

    It ends with the last object that refers to it, some seconds later, and with this process. One serves all
    models of its environment; threads wait for each other.

    Parameters
    ----------
    environment : PythonEnvironment
        It is made if it is not there.

    Attributes
    ----------
    facts : dict
        ``name``, ``python`` and ``interpreter`` of the environment, and its ``packages``.

    Raises
    ------
    ImportError
        The environment cannot be made, or its Python does not start.
    """

    def __init__(self, environment: PythonEnvironment) -> None:
        if not (environment.is_existing or environment.is_made):
            sys.stderr.write(f"mlffbench: {environment.sentence()}\n")
        python = str(environment.ready())
        self._lock, self._pid = threading.Lock(), os.getpid()
        self._timer: threading.Timer | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="mlffbench-", dir=_room()))
        self._process = ChildProcess(
            ["-P", "-m", SERVER],
            python=python,
            threads=_threads(),
            environment={"PYTHONHOME": "", **environment.variables(python)},
        )
        self._end = weakref.finalize(self, _end, self._process, self._folder, self._pid)
        self.facts = {"name": environment.name, "interpreter": python, **self._first(environment)}

    @classmethod
    def of(cls, environment: PythonEnvironment) -> ModelProcess:
        """The process of an environment, started if there is none."""
        with _starting:
            process = _running.get(environment.digest)
            if process is None or not process.is_usable:
                process = _running[environment.digest] = cls(environment)
            return process

    @property
    def is_usable(self) -> bool:
        """True if it can answer: not dead, and not of the process that this one was forked from."""
        return self._end.alive and self._process.is_alive and self._pid == os.getpid()

    def request(
        self,
        request: Request,
        model: ModelFile,
        read: Callable[[Path], Any] = lambda _: None,
        data: Mapping[str, np.ndarray] | None = None,
        limit: float | None = None,
        sent: bool = False,
    ) -> tuple[Any, dict[str, Any]]:
        """Send a request, and read the answer.

        Parameters
        ----------
        request : dict
            As `mlffbench.system.model_server` takes it, without files.
        model : ModelFile
            Sent if the process does not have it.
        read : callable
            Reads the file of the answer.
        data : mapping of str to array, optional
            Frames and labels.
        limit : float, optional
            Seconds after which the process is ended.
        sent : bool
            Send the model in any case.

        Returns
        -------
        answer : object
        costs : dict
            ``seconds``, ``cpu_seconds`` and ``peak_memory_mb`` of the other process.

        Raises
        ------
        TooLongError, MemoryError, LostProcessError
            It took longer, or died.
        Exception
            The request failed there: of the same class if that is known here.
        """
        file = lambda name: str(self._folder / name)
        with self._lock:
            try:
                if data is not None:
                    write_array_file(Path(file("data")), data)
                words = {**request, "data": file("data"), "answer": file("answer")}
                kind, value = ("unknown", {}) if sent else self._exchange(words, limit)
                if kind == "unknown":
                    Path(file("model.mlff")).write_bytes(model.content)
                    kind, value = self._exchange({**words, "file": file("model.mlff")}, limit)
                if kind != "done":
                    raise _exception(value)
                return read(Path(file("answer"))), value
            finally:
                for name in ("data", "answer", "model.mlff"):
                    Path(file(name)).unlink(missing_ok=True)

    def close(self) -> None:
        """End the process."""
        self._end()

    def linger(self) -> None:
        """Stay for the next model, for a while."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(KEPT_SECONDS, self._leave)
        self._timer.daemon = True
        self._timer.start()

    def _leave(self) -> None:
        """Do nothing: the timer no longer refers to this object."""
        self._timer = None

    def _first(self, environment: PythonEnvironment) -> dict[str, Any]:
        """Version of the interpreter and packages, once the process has started."""
        packages = dict.fromkeys([*PACKAGES, *map(_package, environment.packages)])
        try:
            kind, value = self._exchange({"packages": list(packages)}, START_SECONDS)
        except RuntimeError as error:
            last = error.__notes__[0].rpartition("\n")[2]
            raise ImportError(f"the environment {environment.name!r} does not start: {last}") from error
        own = own_identity()
        if kind != "ready" or {name: value[name] for name in own} != own:
            self.close()
            raise ImportError(f"the environment {environment.name!r} runs another mlffbench, not {own}")
        return {"python": value["python"], "packages": value["packages"]}

    def _exchange(self, request: Request, limit: float | None = None) -> tuple[str, Any]:
        """Send a request and listen until it is answered; whatever interrupts that ends the process."""
        try:
            with self._process.time_limit(limit):
                self._process.send(json.dumps(request))
                answer, said = self._listen()
        except BaseException:
            self.close()
            raise
        if answer is None:
            raise self._death(limit)
        for category, text in said:
            warnings.warn(text, WARNINGS[category], stacklevel=2)
        return answer

    def _listen(self) -> tuple[tuple[str, Any] | None, list[tuple[str, str]]]:
        """Pass on reports until the answer comes, None if the process dies before; the warnings beside it."""
        said = []
        for kind, value in map(_event, self._process.lines()):
            if kind == "progress":
                stage, step, total, values = value
                progress.report(stage, step, total, **values)
            elif kind == "warning":
                said.append(value)
            elif kind in ANSWERS:
                return (kind, value), said
        return None, said

    def _death(self, limit: float | None) -> Exception:
        failure = self._process.failure(limit)
        last = self._process.errors.strip()[-2000:]
        self.close()
        error = DEATHS.get(failure["kind"], RuntimeError)(f"{SERVER}: {failure['message']}")
        error.add_note(last)
        return error


def _end(process: ChildProcess, folder: Path, pid: int) -> None:
    """End a process that this one has started; a fork of this process leaves it alone."""
    if pid == os.getpid():
        process.close()
        shutil.rmtree(folder, ignore_errors=True)


def _event(line: str) -> tuple[str, Any]:
    """Kind and value of a line; empty for what else a library writes into the pipe."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return "", None
    return next(iter(event.items())) if isinstance(event, dict) and len(event) == 1 else ("", None)


def _exception(described: Mapping[str, Any]) -> Exception:
    """The exception of the other process, with its traceback as a note."""
    name = next((name for name in described["classes"] if name in KNOWN), "RuntimeError")
    unknown = "" if name == described["classes"][0] else f"{described['classes'][0]}: "
    error = KNOWN[name](f"{unknown}{described['message']}")
    error.add_note(f"in the other Python:\n{described['traceback']}")
    return error


def _room() -> Path | None:
    """Folder of temporary files: shared memory, if there is room."""
    try:
        return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free > LEAST_FREE else None
    except OSError:
        return None


def _threads() -> int:
    """Threads of numerical libraries: as many as this process was told, else all cores."""
    told = os.environ.get(THREADS[0], "")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(told) if told.isdigit() and int(told) else usable


def _package(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
