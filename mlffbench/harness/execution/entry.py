"""Entry of a child process into the environment of its case: the same process goes on as another Python."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions
from typing import Any

from mlffbench.system.child_process import THREADS
from mlffbench.system.own_package import NAME, own_identity
from mlffbench.system.plain_text import plain_text
from mlffbench.system.provenance import provenance
from mlffbench.system.python_environment import PythonEnvironment

__all__ = ["check_entered", "enter", "environment_record", "lock_text"]


def enter(order: Mapping[str, Any], module: str, events: int) -> None:
    """Become the interpreter of the case's environment, which runs `module` and reads the order again.

    The process, its parent and its pipes stay: an environment needs nothing else of who started the child.

    Parameters
    ----------
    order : mapping
        As the child got it, with the ``case``.
    events : int
        File descriptor of the events, the standard output of the new interpreter.

    Raises
    ------
    ImportError
        The environment cannot be made, or its interpreter cannot run this.
    """
    environment = PythonEnvironment.of(order["case"]["environment"])
    python = environment.ready(order["run"])
    entered = {**own_identity(), "revision": provenance()["revision"]}
    variables = _variables(environment.variables(python), order["case"].get("resources") or {})
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps({**order, "entered": entered}).encode() + b"\n")
        file.seek(0)
        os.dup2(file.fileno(), 0)
        os.dup2(events, 1)
        try:
            os.execve(python, [python, "-P", "-m", module], variables)
        except OSError as error:
            raise ImportError(f"{python} cannot be started: {error.strerror}") from error


def _variables(own: Mapping[str, str], resources: Mapping[str, Any]) -> dict[str, str]:
    """Environment variables of this process, of which the environment has some of its own."""
    kept = {name: text for name, text in os.environ.items() if name not in ("PYTHONHOME", "VIRTUAL_ENV")}
    threads = dict.fromkeys(THREADS, str(resources["threads"])) if "threads" in resources else {}
    return {**kept, **threads, **own}


def check_entered(entered: Mapping[str, Any]) -> None:
    """Refuse to compute with another mlffbench than the one that sent the order.

    Raises
    ------
    ImportError
        Version, folder or revision differ.
    """
    own = {**own_identity(), "revision": provenance()["revision"]}
    if own != dict(entered):
        raise ImportError(
            f"the environment runs another mlffbench, {own}, not the {dict(entered)} of this run"
        )


def lock_text() -> str:
    """Packages of this interpreter with their versions, a line each, as pip would install them again."""
    lines = {_line(package) for package in distributions() if package.name and package.name != NAME}
    return "".join(f"{plain_text(line)}\n" for line in sorted(lines, key=str.lower))


def _line(package: Distribution) -> str:
    """``name==version``, or the address that it was installed from."""
    text = package.read_text("direct_url.json")
    address = json.loads(text).get("url") if text else None
    return f"{package.name} @ {address}" if address else f"{package.name}=={package.version}"


def environment_record(environment: Mapping[str, Any], lock: str) -> dict[str, Any]:
    """Name and lock of the environment, for the provenance of a document."""
    known = PythonEnvironment.of(environment)
    digest = hashlib.sha256(lock.encode()).hexdigest()
    record = {"name": known.name, "lock": digest, "made": not known.is_existing}
    return {**record, "requirements": list(known.requirements)}
