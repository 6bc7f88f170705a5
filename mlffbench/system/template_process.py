"""Template process: has imported a module, and forks children that run its ``main``.

Run as ``python -P -m mlffbench.system.template_process FD MODULE``. FD is a socket of messages: each request
carries standard input, output, error and lifeline of a child (`mlffbench.system.supervisor`); the answers are
``["forked", pid]`` or ``["refused", reason]`` and, when a child has ended, ``["ended", pid, exit code]``.
The template computes nothing and starts no thread, so that a child is what a fresh interpreter would be after
the same imports.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import socket
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress

from mlffbench.system.supervisor import die_with, supervise
from mlffbench.system.timing import count_libraries_of

__all__ = ["main"]

REQUEST = 4  # descriptors: standard input, output, error, lifeline


def main() -> None:
    """Import the module, prepare it and fork until the driver closes the socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    module = importlib.import_module(sys.argv[2])
    module.prepare()
    gc.freeze()  # what is imported stays shared with the children
    if _forked(control):
        module.main()
        _end()


def _end() -> None:
    """End this child in order, but leave it to the kernel to free what it shares with the template."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as an interpreter does
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a library has closed it
            stream.flush()
    os._exit(0)


def _forked(control: socket.socket) -> bool:
    """Fork on request; True in a child, False in the template when the driver has gone."""
    children: dict[int, int] = {}  # file descriptor of the process, number of the process
    ready = select.poll()
    ready.register(control, select.POLLIN)
    while True:
        for descriptor, _ in ready.poll():
            if descriptor in children:
                ready.unregister(descriptor)
                _say_end(control, descriptor, children.pop(descriptor))
                continue
            message, streams, _, _ = socket.recv_fds(control, 1, REQUEST, socket.MSG_CMSG_CLOEXEC)
            if not message:
                return False
            child = _fork(control, streams, children)
            if child == 0:
                return True
            if child is not None:
                process = os.pidfd_open(child)
                children[process] = child
                ready.register(process, select.POLLIN)


def _fork(control: socket.socket, streams: list[int], children: Iterable[int]) -> int | None:
    """Fork; 0 in the child, its number in the template, None if there is no room for another process."""
    template = os.getpid()
    try:
        child = os.fork()
    except OSError as error:
        _send(control, ["refused", error.strerror])
        return None
    if child == 0:
        die_with(template)
        for descriptor in (control.detach(), *children):
            os.close(descriptor)
        _become_program(streams)
        count_libraries_of(template)
        return 0
    for stream in streams:
        os.close(stream)
    _send(control, ["forked", child])
    return child


def _become_program(streams: list[int]) -> None:
    """Turn a forked process into a supervisor; return in the program below it."""
    os.setsid()
    *standard, lifeline = streams
    for stream, descriptor in enumerate(standard):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    supervise(lifeline)


def _say_end(control: socket.socket, process: int, pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    os.close(process)
    _send(control, ["ended", pid, os.waitstatus_to_exitcode(status)])


def _send(control: socket.socket, message: list[object]) -> None:
    try:
        control.send(json.dumps(message).encode())
    except OSError:  # the driver has gone; its end of the socket says so, too
        return


if __name__ == "__main__":
    main()
