"""One case on a worker: a child process whose events go to the driver, and its answer with them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

from mlffbench.harness.case import Case
from mlffbench.harness.cluster.files import is_visible, read_files, write_files
from mlffbench.harness.execution.answer import has_answer
from mlffbench.harness.execution.placement import Child, Executor, Start
from mlffbench.system.machine import this_machine

__all__ = ["Session"]

ORDER_SECONDS = 120.0  # for a driver that has a child's place on this worker to say what it is for
PATIENCE = 1.0  # s, for a child that has answered to tidy up and end
BEAT = 2.0  # s, between reports of the memory, and signs of life
PAUSE = 0.2  # s, between messages of lines and errors
MOST_ERRORS = 1 << 18  # bytes of standard error in one message; of more, the last


class Session:
    """Child process of one case.

    Parameters
    ----------
    send : callable
        Sends a message to the driver: ``begun``, the address of the worker; ``lines``; ``errors``;
        ``memory``, in bytes; ``unseen``, paths that are not here.
    here : Executor
        Starts processes on this machine.
    threads : int
        Of the process.
    attempt : int
        Number of earlier attempts.
    scratch : str
        Folder for the answer if that of the driver is not here.
    """

    def __init__(
        self, send: Callable[..., None], here: Executor, threads: int, attempt: int, scratch: str
    ) -> None:
        self._send, self._here, self._scratch = send, here, scratch
        self._threads, self._attempt = threads, attempt
        self._inbox: SimpleQueue[Mapping[str, Any] | None] = SimpleQueue()
        self._child: Child | None = None
        self._limit: float | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def deliver(self, message: Mapping[str, Any]) -> None:
        """Take a message of the driver: ``order``, ``files`` if they were asked for, ``limit`` in s."""
        self._inbox.put(message)

    def stop(self) -> None:
        """End the child; start none."""
        with self._lock:
            self._stopped = True
            child = self._child
        self._inbox.put(None)
        if child is not None:
            child.kill()

    def serve(self, address: str) -> dict[str, Any]:
        """Wait for the order, run it in a child, return its end (see `case_runner.serve`)."""
        self._send(begun=address)
        message = self._received()
        if message is None:
            return {}
        order = json.loads(message["order"])
        seen = is_visible(Path(order["answer"]))
        with self._places(order) if not seen else _nothing() as places:
            if places is None:
                return {}
            order |= places
            with ExitStack() as held:
                with self._signs_of_life():
                    start = held.enter_context(self._here.place(self._case(order)))
                return self._run(start, order, seen)

    @contextmanager
    def _signs_of_life(self) -> Iterator[None]:
        """Tell the driver that the worker is alive while a case waits for room on this machine."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(BEAT):
                self._send(lines=[])

        beats = threading.Thread(target=beat, daemon=True)
        beats.start()
        try:
            yield
        finally:
            ended.set()
            beats.join()

    def _case(self, order: Mapping[str, Any]) -> Case:
        """The case, with the threads that it has on this worker; the driver says if its times count."""
        case = Case.from_json(order["case"])
        threads = min(self._threads, this_machine().cores)
        own = {"threads": threads, "timed": order["timed"]}
        return replace(case, resources={**(case.resources or {}), **own})

    def _run(self, start: Start, order: Mapping[str, Any], seen: bool) -> dict[str, Any]:
        """Run the order in a child."""
        child = self._started(start)
        if child is None:
            return {}
        limits = threading.Thread(target=self._limited, args=(child,), daemon=True)
        limits.start()
        try:
            return self._converse(child, order, limits, seen)
        finally:
            self._end_limits(limits)
            child.close()

    def _end_limits(self, limits: threading.Thread) -> None:
        self._inbox.put(None)
        limits.join()

    def _received(self) -> Mapping[str, Any] | None:
        """The next message of the driver that sets no time limit; None if it has gone."""
        while True:
            try:
                message = self._inbox.get(timeout=ORDER_SECONDS)
            except Empty:
                return None
            if message is None or "limit" not in message:
                return message
            self._limit = message["limit"]

    @contextmanager
    def _places(self, order: Mapping[str, Any]) -> Iterator[dict[str, str | None] | None]:
        """Folders of this machine in place of the driver's, with the files that the case needs of these."""
        wanted = {name: order[name] for name in ("unfinished", "results") if order[name]}
        with TemporaryDirectory(
            prefix="mlffbench-", dir=self._scratch, ignore_cleanup_errors=True
        ) as scratch:
            place = Path(scratch)
            if wanted:
                self._send(unseen=True)
                message = self._received()
                if message is None:
                    yield None
                    return
                write_files(place, message["files"])
            (place / "answer").mkdir()
            yield {"answer": str(place / "answer"), **{name: str(place / name) for name in wanted}}

    def _started(self, start: Start) -> Child | None:
        with self._lock:
            if not self._stopped:
                self._child = start(self._attempt)
        return self._child

    def _limited(self, child: Child) -> None:
        """Set the time limit, also when the driver sends it later; until the child has ended."""
        with ExitStack() as limits:
            limits.enter_context(child.time_limit(self._limit))
            while (message := self._inbox.get()) is not None:
                self._limit = message["limit"]
                limits.enter_context(child.time_limit(self._limit))

    def _converse(
        self, child: Child, order: Mapping[str, Any], limits: threading.Thread, seen: bool
    ) -> dict[str, Any]:
        """Send the order, pass on what the child says until it has answered or died."""
        answer = Path(order["answer"])
        with _Messages(self._send, child) as messages:
            child.copy_errors(messages.errors)
            child.send(json.dumps(order))
            for line in child.lines():
                messages.line(line)
                if has_answer(answer) and '"answered"' in line:
                    break
            answered = has_answer(answer)
            self._end_limits(limits)
            if answered:
                child.close(PATIENCE)
            else:
                child.kill()
        failure = None if answered else child.failure(self._limit)
        return {"failure": failure, "errors": child.errors, "files": None if seen else _kept(order)}


@contextmanager
def _nothing() -> Iterator[dict[str, str | None] | None]:
    yield {}


def _kept(order: Mapping[str, Any]) -> dict[str, dict[str, bytes]]:
    """Files of the answer, and of what is unfinished."""
    names = [name for name in ("answer", "unfinished") if order[name]]
    return {name: read_files(Path(order[name])) for name in names if Path(order[name]).is_dir()}


class _Messages:
    """Lines, errors and memory of a child, a few messages a second."""

    def __init__(self, send: Callable[..., None], child: Child) -> None:
        self._send, self._child = send, child
        self._lines: list[str] = []
        self._errors = b""
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._pump, daemon=True)

    def __enter__(self) -> _Messages:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._flush()

    def line(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)

    def errors(self, piece: bytes) -> None:
        with self._lock:
            self._errors = (self._errors + piece)[-MOST_ERRORS:]

    def _pump(self) -> None:
        beats = 0
        while not self._ended.wait(PAUSE):
            beats += 1
            memory = None
            if beats % round(BEAT / PAUSE) == 0:
                with suppress(Exception):  # a process that is ending
                    memory = self._child.memory
                self._flush(memory=memory)
            else:
                self._flush()

    def _flush(self, **more: Any) -> None:
        with self._lock:
            lines, errors = self._lines, self._errors
            self._lines, self._errors = [], b""
        if lines or errors or more:
            self._send(lines=lines, errors=errors, **more)
