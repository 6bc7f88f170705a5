"""Supervisor process: runs one program and ends all that the program has started.

Run as ``python -I -S supervisor.py FD PROGRAM ...``, on the standard library alone, or entered by a process
that forks (`supervise`). The program is killed when the pipe FD closes, as the death of the parent closes it.
When the program has ended, on Linux every process that descends from it is ended as well, in whatever group
or session; elsewhere the group is killed. The supervisor then ends as the program did: with its exit code, or
by its signal.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import threading
import time

__all__ = ["die_with", "main", "supervise"]

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
PATIENCE = ((signal.SIGTERM, 0.5), (signal.SIGKILL, 5.0))  # joblib's trackers use the first to tidy up


def main() -> None:
    """Start the program, wait for its end or the parent's, end its descendants, and end like it."""
    lifeline, command = int(sys.argv[1]), sys.argv[2:]
    supervise(lifeline)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def supervise(lifeline: int) -> None:
    """Become the supervisor of a forked process, in which alone this function returns: it is the program."""
    os.set_inheritable(lifeline, False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans below become children of this process
    own = os.getpid()
    program = os.fork()
    if program == 0:
        die_with(own)
        os.close(lifeline)
        return
    for stream in range(3):  # the pipes belong to the program alone, and end with it
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    threading.Thread(target=_kill_at_the_end_of, args=(lifeline, program), daemon=True).start()
    status = _status(program)
    _end_descendants()
    _end_like(status)


def die_with(parent: int) -> None:
    """Have this process killed when its parent dies, or end it if that has happened."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    if LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _kill_at_the_end_of(lifeline: int, program: int) -> None:
    """Wait until the parent closes the pipe or dies; then kill the program."""
    os.read(lifeline, 1)
    if not LINUX:
        os.killpg(0, signal.SIGKILL)  # this process, too
    try:
        os.kill(program, signal.SIGKILL)
    except ProcessLookupError:
        return


def _status(program: int) -> int:
    """Wait status of the program; orphans that end before it are collected."""
    while True:
        pid, status = os.wait()
        if pid == program:
            return status


def _end_descendants() -> None:
    """End all below this process: while any is left, this one has a child, since orphans become its own.

    A look at ``/proc`` may miss what is just being handed on by a process that dies meanwhile.
    """
    for sign, seconds in PATIENCE:
        end = time.monotonic() + seconds
        while _has_children() and time.monotonic() < end:
            for pid in _descendants():
                _signal(pid, sign)
            time.sleep(0.02)


def _has_children() -> bool:
    """True if there are children after the dead ones are collected."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return False
    return True


def _signal(pid: int, sign: int) -> None:
    try:
        os.kill(pid, sign)
    except (ProcessLookupError, PermissionError):
        return


def _descendants() -> set[int]:
    """Living processes below this one."""
    parents = _parents()
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return below - {os.getpid()}


def _parents() -> dict[int, int]:
    """Parent of every living process; empty where ``/proc`` does not tell."""
    parents = {}
    for name in os.listdir("/proc") if LINUX else ():
        if name.isdigit():
            state, parent = _state_and_parent(name)
            if state not in "ZX":
                parents[int(name)] = parent
    return parents


def _state_and_parent(pid: str) -> tuple[str, int]:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, parent = file.read().rpartition(b")")[2].split()[:2]
    except (OSError, ValueError):  # it has ended meanwhile
        return "X", 0
    return state.decode(), int(parent)


def _end_like(status: int) -> None:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
