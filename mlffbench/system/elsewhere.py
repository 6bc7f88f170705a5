"""Fits and predictions of methods whose packages another Python has."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Any

from ase import Atoms
from sklearn.base import clone

from mlffbench.data import Labels
from mlffbench.registry.trusted import trusted
from mlffbench.system import checkpoint, earlier_work
from mlffbench.system.array_file import read_array_file
from mlffbench.system.decoding import Reader
from mlffbench.system.distant_model import ModelFile, is_distant, model_file_of
from mlffbench.system.encoding import Writer
from mlffbench.system.frame_arrays import frame_arrays, label_arrays, labels_from
from mlffbench.system.model_process import ModelProcess
from mlffbench.system.python_environment import PythonEnvironment

__all__ = ["costs", "evaluate", "export", "fit", "partial_fit", "prepare_libraries", "reduced", "time_limit"]

COSTS = ("cpu_seconds", "peak_memory_mb")
PROCESS = "_process"  # attribute of a model, which no file and no copy holds

_limit: ContextVar[float | None] = ContextVar("limit", default=None)
_listener: ContextVar[dict[str, dict[str, Any]] | None] = ContextVar("costs", default=None)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Give each fit and prediction in another Python, inside the block, so many seconds; None: no limit.

    One that takes longer raises `mlffbench.system.failures.TooLongError`; the next one starts a new process.
    """
    token = _limit.set(seconds)
    try:
        yield
    finally:
        _limit.reset(token)


@contextmanager
def costs() -> Iterator[dict[str, dict[str, Any]]]:
    """Collect, by interpreter, the facts and costs of the processes that compute inside the block.

    ``name``, ``interpreter``, ``python``, ``packages``; ``cpu_seconds`` of all requests together, and
    ``peak_memory_mb``.
    """
    collected: dict[str, dict[str, Any]] = {}
    token = _listener.set(collected)
    try:
        yield collected
    finally:
        _listener.reset(token)
        for facts in collected.values():
            _note(facts)


def _note(facts: dict[str, Any]) -> None:
    """Add the facts and costs of a process to what is collected, if that is so."""
    if (collected := _listener.get()) is None:
        return
    before = collected.get(facts["interpreter"], {"cpu_seconds": 0.0, "peak_memory_mb": 0.0})
    spent = before["cpu_seconds"] + facts["cpu_seconds"]
    largest = max(before["peak_memory_mb"], facts["peak_memory_mb"])
    collected[facts["interpreter"]] = {**facts, "cpu_seconds": spent, "peak_memory_mb": largest}


def prepare_libraries(model: Any) -> None:
    """Import the libraries of a method, here or in its environment, which is made if it is not there.

    Raises
    ------
    ImportError
        They are not installed, or the environment cannot be made.
    """
    if is_distant(type(model)):
        _request(model, {"do": "prepare"}, _file_of(clone(model)), sent=True)
    else:
        model.import_libraries()


def fit(model: Any, frames: Sequence[Atoms], labels: Labels) -> None:
    """Fit a model in the environment of its class; it keeps the file and all values that can be read here.

    Raises
    ------
    ImportError
        The environment cannot be made.
    TooLongError, MemoryError, LostProcessError
        The other process took longer than `time_limit`, or died.
    Exception
        As the fit raised it.
    """
    _learn(model, "fit", _file_of(clone(model)), frames, labels)


def partial_fit(model: Any, frames: Sequence[Atoms], labels: Labels) -> None:
    """Continue the training of a model in the environment of its class; as `fit`."""
    _learn(model, "partial_fit", _file_of(model), frames, labels)


def evaluate(model: Any, frames: Sequence[Atoms], quantities: Collection[str] | None) -> Labels:
    """Predict labels of frames in the environment of the model's class, with the energies of atoms."""
    arrays = frame_arrays(frames)
    read = lambda answer: labels_from(read_array_file(answer), arrays["sizes"])
    wanted = None if quantities is None else sorted(quantities)
    labels, _ = _request(model, {"do": "evaluate", "quantities": wanted}, _held(model), read, arrays)
    return labels


def export(model: Any, *arguments: Any) -> tuple[list[Path], str]:
    """Write a fitted model for another program; the files, and lines that use them."""
    _, facts = _request(model, {"do": "export", "arguments": arguments}, _held(model))
    return [Path(file) for file in facts["files"]], facts["usage"]


def reduced(model: Any) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """How to copy and to pickle a model that was fitted elsewhere; None for one that is computed here."""
    if model_file_of(model) is None:
        return None
    return _rebuilt, (type(model), {k: v for k, v in vars(model).items() if k != PROCESS})


def _rebuilt(kind: type, state: dict[str, Any]) -> Any:
    """The copy, computed here if the packages are here by now."""
    if is_distant(kind):
        model: Any = object.__new__(kind)
        vars(model).update(state)
        return model
    archive = state["model_file_"].archive()
    here = Reader(archive.arrays, [kind.__module__, PROCESS], None, PROCESS).decode(archive.tree)
    return here.set_params(**{name: state[name] for name in here.get_params(deep=False)})


def _learn(model: Any, action: str, start: ModelFile, frames: Sequence[Atoms], labels: Labels) -> None:
    folder = checkpoint.folder()
    request = {"do": action, "checkpoints": None if folder is None else str(folder.absolute())}
    data = {**frame_arrays(frames), **label_arrays(labels)}
    content, facts = _request(model, request, start, Path.read_bytes, data, sent=True)
    seconds, resumed = facts["earlier"]
    if resumed:
        earlier_work.note({"process": None, "seconds": seconds, "resumed": resumed - 1})
    file = ModelFile(content)
    archive = file.archive()
    values = Reader(archive.arrays, (), None).plain_values(type(model), archive.tree)
    learned = {name: value for name, value in values.items() if name.endswith("_")}
    record = {"cpu_seconds": facts["fit_cpu_seconds"], "peak_memory_mb": facts["peak_memory_mb"]}
    child = {**vars(model)[PROCESS].facts, **record}
    for name in [name for name in vars(model) if name.endswith("_")]:
        del vars(model)[name]  # of the fit before
    vars(model).update({**learned, "model_file_": file, "child_": child})


def _request(
    model: Any,
    request: dict[str, Any],
    file: ModelFile,
    read: Callable[[Path], Any] = lambda _: None,
    data: Any = None,
    sent: bool = False,
) -> tuple[Any, dict[str, Any]]:
    """Ask the process of a model; `sent`: its file goes along, and is not kept there."""
    process = _process(model)
    module = type(model).__module__
    shared = {"trust": [module, *trusted()], "paths": _paths(module)}
    named = {} if sent else {"model": file.digest}
    answer, facts = process.request({**request, **shared, **named}, file, read, data, _limit.get(), sent)
    _note({**process.facts, **{name: facts[name] for name in COSTS}})
    return answer, facts


def _process(model: Any) -> ModelProcess:
    """The process that serves the model, as long as the model lives."""
    process = vars(model).get(PROCESS)
    if process is None or not process.is_usable:
        environment = PythonEnvironment.of(type(model).environment)
        if environment.is_entered:
            raise ImportError(f"the environment {environment.name!r} lacks {', '.join(type(model).requires)}")
        process = vars(model)[PROCESS] = ModelProcess.of(environment)
        weakref.finalize(model, process.linger).atexit = False
    return process


def _held(model: Any) -> ModelFile:
    file = model_file_of(model)
    assert file is not None, "the model is computed here"
    return file


def _file_of(model: Any) -> ModelFile:
    """File of a model, which need not be fitted."""
    if type(model).__module__ == "__main__":
        raise ImportError(
            f"{type(model).__name__} is computed by another Python, which cannot import it from a script or "
            "a notebook: write the class into a module"
        )
    writer = Writer()
    return ModelFile.of(writer.encode(model, type(model).__name__), writer.arrays)


def _paths(module: str) -> list[str]:
    """Folder from which a module is imported that may not be installed in the other Python."""
    top = module.partition(".")[0]
    file = getattr(sys.modules.get(top) or import_module(top), "__file__", None)
    if top == "mlffbench" or file is None:
        return []
    place = Path(file).absolute().parent
    return [os.fspath(place.parent if Path(file).stem == "__init__" else place)]
