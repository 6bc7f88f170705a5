"""Server of models in another Python: reads requests as lines of JSON, writes answers as lines of JSON.

Run as ``python -P -m mlffbench.system.model_server`` by the Python of an environment, with the mlffbench of
the process that started it. Arrays and models are files of a folder that both share.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import resource
import sys
import time
import traceback
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlffbench.system import checkpoint, earlier_work, model_file, progress
from mlffbench.system.array_file import read_array_file, write_array_file
from mlffbench.system.frame_arrays import frames_of, label_arrays, labels_from
from mlffbench.system.own_package import own_identity
from mlffbench.system.versions import versions

__all__ = ["ModelServer", "main"]

MOST_MODELS = 64  # that stay in memory, those used last
MOST_TEXT = 10_000  # characters of a message or a traceback
MEBIBYTE = 2**20 if sys.platform == "darwin" else 2**10  # in units of ru_maxrss

Request = dict[str, Any]
Send = Callable[[str, Any], None]


def main() -> None:
    """Answer requests until standard input ends.

    The first request, ``{"packages": [names]}``, is answered by ``{"ready": facts}``. While another one is
    computed, lines say ``{"progress": [...]}`` and ``{"warning": [category, text]}``; its answer is
    ``{"done": costs}``, ``{"unknown": digest}`` of a model that has to be sent, or ``{"failed": {...}}``.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a package prints must not mix with the answers

    def send(kind: str, value: Any) -> None:
        answers.write(f"\n{json.dumps({kind: value})}\n")  # on a line of its own
        answers.flush()

    server = ModelServer(send)
    packages = versions(json.loads(sys.stdin.readline())["packages"])
    send("ready", {**own_identity(), "python": platform.python_version(), "packages": packages})
    for line in sys.stdin:
        send(*server.answer(json.loads(line)))


class ModelServer:
    """Models that were fitted or loaded here, by the digests of their files.

    Parameters
    ----------
    send : callable
        ``(kind, value)`` of a line before the answer.
    """

    def __init__(self, send: Send) -> None:
        self.send = send
        self._models: OrderedDict[str, Any] = OrderedDict()

    def answer(self, request: Request) -> tuple[str, Any]:
        """Compute a request; return kind and value of the answer."""
        begun, wall = _cpu_seconds(), time.perf_counter()
        try:
            if (digest := request.get("model")) is not None and not self._has(request):
                return "unknown", digest
            with progress.listen(lambda *report: self.send("progress", report)), _sent_warnings(self.send):
                facts = getattr(self, request["do"])(request) or {}
        except Exception as error:
            return "failed", _described(error)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE
        seconds = {"seconds": time.perf_counter() - wall, "cpu_seconds": _cpu_seconds() - begun}
        return "done", {**seconds, "peak_memory_mb": peak, **facts}

    def prepare(self, request: Request) -> None:
        """Import the libraries of a method."""
        self._loaded(request).import_libraries()

    def fit(self, request: Request) -> Request:
        """Fit an unfitted model, and write it."""
        return self._learn(request, "fit")

    def partial_fit(self, request: Request) -> Request:
        """Continue the training of a fitted model, and write it."""
        return self._learn(request, "partial_fit")

    def evaluate(self, request: Request) -> None:
        """Predict labels of frames, and write them."""
        model = self._models[request["model"]]
        frames = frames_of(read_array_file(Path(request["data"])))
        labels = model.evaluate(model.prepare(frames), request["quantities"])
        write_array_file(Path(request["answer"]), label_arrays(labels))

    def export(self, request: Request) -> Request:
        """Write a fitted model for another program."""
        model = self._models[request["model"]]
        export = model.export(*request["arguments"])
        return {"files": list(map(str, export.files)), "usage": export.usage}

    def _learn(self, request: Request, action: str) -> Request:
        model, arrays = self._loaded(request), read_array_file(Path(request["data"]))
        frames, labels = frames_of(arrays), labels_from(arrays, arrays["sizes"])
        folder = request["checkpoints"]
        model.import_libraries()
        with checkpoint.keep_in(Path(folder) if folder else None), earlier_work.listen() as earlier:
            begun = _cpu_seconds()
            getattr(model, action)(frames, labels)
        model_file.save(model, Path(request["answer"]))
        self._remember(_digest(request["answer"]), model)
        return {"fit_cpu_seconds": _cpu_seconds() - begun, "earlier": [earlier.seconds, earlier.resumed]}

    # ------------------------------------------------------------ models
    def _has(self, request: Request) -> bool:
        """Have the model of a request, from its file if that came along."""
        digest = request["model"]
        if digest not in self._models:
            if "file" not in request:
                return False
            self._remember(digest, self._loaded(request))
        self._models.move_to_end(digest)
        return True

    def _remember(self, digest: str, model: Any) -> None:
        self._models[digest] = model
        while len(self._models) > MOST_MODELS:
            self._models.popitem(last=False)

    def _loaded(self, request: Request) -> Any:
        """The model of a file that the other process has checked."""
        for folder in request["paths"]:
            if folder not in sys.path:
                sys.path.append(folder)
        return model_file.load(request["file"], trust=[*request["trust"], request["file"]])


@contextmanager
def _sent_warnings(send: Send) -> Iterator[None]:
    """Send the warnings of the block that are meant for the user."""
    with warnings.catch_warnings(record=True) as said:
        yield
    for warning in said:
        if warning.category in (UserWarning, RuntimeWarning):
            send("warning", [warning.category.__name__, str(warning.message)[:MOST_TEXT]])


def _digest(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _cpu_seconds() -> float:
    """CPU time of this process and of those that it has waited for."""
    return time.process_time() + sum(os.times()[2:4])


def _described(error: Exception) -> dict[str, Any]:
    """Classes, message and traceback of an exception."""
    message = type(error).__name__
    with suppress(Exception):
        message = str(error)
    return {
        "classes": [kind.__name__ for kind in type(error).__mro__],
        "message": message[:MOST_TEXT],
        "traceback": traceback.format_exc()[-MOST_TEXT:],
    }


if __name__ == "__main__":
    main()
