"""Python environments of methods: existing interpreters, and environments made once from requirements."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.fetch import cache_folder
from mlffbench.system.own_package import core_requirements, package_alone
from mlffbench.system.virtual_environment import interpreter, make_environment, uv

__all__ = ["WITHIN", "PythonEnvironment", "environment_sentences", "environments_folder", "is_version"]

VERSION = re.compile(r"3\.\d+(\.\d+)?")
OWN_PYTHON = "MLFFBENCH_PYTHON_"  # environment variable, before the name: the user's interpreter
WITHIN = "MLFFBENCH_WITHIN"  # environment variable: digests of the environments that a process runs in
SEARCH = "search"  # extra of mlffbench that every environment has: a row may be tuned
LONGEST_START = 60  # s that an existing interpreter may take to say what it has
RECORD = "mlffbench.json"  # in a finished environment, written last
LACKING = """
import importlib.metadata, importlib.util, json, sys
packages, modules = json.loads(sys.argv[1])
def is_there(name):
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False
print(json.dumps([
    "Python 3.11 or newer" if sys.version_info < (3, 11) else None,
    *(name for name in packages if not is_there(name)),
    *(name for name in modules if importlib.util.find_spec(name) is None),
]))
"""


def is_version(python: str) -> bool:
    """True for a version of Python, such as 3.12; all else is an interpreter."""
    return VERSION.fullmatch(python) is not None


def environments_folder() -> Path:
    """Folder of the environments that are made here."""
    return cache_folder() / "environments"


@dataclass(frozen=True)
class PythonEnvironment:
    """Python interpreter with packages of its own.

    Attributes
    ----------
    name : str
        For messages.
    requirements : tuple of str
        Packages, as pip takes them.
    python : str or None
        An existing interpreter, used as it is; or a version, such as 3.12, of the Python that an environment
        is made of, by default that of this process.
    without_dependencies : tuple of str
        Packages installed last and alone: they ask for gigabytes that they do not need here.
    """

    name: str
    requirements: tuple[str, ...] = ()
    python: str | None = None
    without_dependencies: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, Any]) -> PythonEnvironment:
        """Environment of a method or a case.

        An interpreter that the user has named for all environments of this name, as
        ``MLFFBENCH_PYTHON_NEQUIP=/opt/nequip/bin/python``, is used as it is.
        """
        requirements = tuple(environment.get("requirements") or ())
        python = environment.get("python")
        name = str(environment.get("name") or python or ", ".join(requirements))
        own = os.environ.get(OWN_PYTHON + re.sub(r"\W", "_", name).upper())
        alone = tuple(environment.get("without_dependencies") or ())
        return cls(name, requirements, python or own or None, alone)

    @property
    def packages(self) -> tuple[str, ...]:
        """All that is asked for, as pip takes it."""
        return (*self.requirements, *self.without_dependencies)

    @property
    def is_existing(self) -> bool:
        """True for an interpreter that is used as it is."""
        return self.python is not None and not is_version(self.python)

    @property
    def digest(self) -> str:
        """Digest of what an environment is made of: requirements, mlffbench's own, Python, machine."""
        version = self.python or ".".join(platform.python_version_tuple()[:2])
        made_of = [
            sorted(self.requirements), sorted(_own_requirements()), version,
            sys.implementation.name, sys.platform, platform.machine(), *sorted(self.without_dependencies),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        return environments_folder() / self.digest

    @property
    def is_made(self) -> bool:
        """True if the environment is whole; a killed installation leaves none that is."""
        return (self.folder / RECORD).is_file() and shutil.which(interpreter(self.folder)) is not None

    def existing(self) -> str:
        """Path of an existing interpreter.

        Raises
        ------
        ImportError
            There is none.
        """
        path = shutil.which(Path(str(self.python)).expanduser())
        if path is None:
            raise ImportError(f"the environment {self.name!r} names no Python that is here: {self.python}")
        return path

    def ready(self, run: str = "") -> str:
        """Path of the interpreter; the environment is made if it is not there, by one process alone.

        Parameters
        ----------
        run : str
            Name of a run, in which what could not be made once is not tried again.

        Raises
        ------
        ImportError
            It cannot be made, or the interpreter lacks packages.
        """
        if self.is_existing:
            if absent := self.lacking():
                raise ImportError(self.lack(absent))
            return self.existing()
        if not self.is_made:
            self._make(run)
        return str(interpreter(self.folder))

    def variables(self, python: str) -> dict[str, str]:
        """Environment variables of its interpreter, which imports this package, then what the user added."""
        alone = str(package_alone(environments_folder()))
        before = {name: os.environ.get(name) for name in ("PYTHONPATH", "PATH", WITHIN)}
        joined = lambda first, name: os.pathsep.join(filter(None, [first, before[name]]))
        return {
            "PYTHONPATH": joined(alone, "PYTHONPATH"),
            "PATH": joined(str(Path(python).parent), "PATH"),
            WITHIN: joined(self.digest, WITHIN),
        }

    @property
    def is_entered(self) -> bool:
        """True if this process runs in it."""
        return self.digest in os.environ.get(WITHIN, "").split(os.pathsep)

    def lacking(self, modules: Iterable[str] = ()) -> list[str]:
        """Core packages of mlffbench, and modules, that an existing interpreter does not have."""
        names = [re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in core_requirements()]
        command = [self.existing(), "-I", "-c", LACKING, json.dumps([names, list(modules)])]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_START)
        except subprocess.TimeoutExpired as error:
            raise ImportError(f"{self.python} has not started after {LONGEST_START} s") from error
        if done.returncode:
            raise ImportError(f"{self.python} is no Python that runs: {done.stderr.strip()[-300:]}")
        return [name for name in json.loads(done.stdout) if name is not None]

    def lack(self, absent: Sequence[str]) -> str:
        """Sentence on packages that the interpreter does not have."""
        needs = ", ".join(absent)
        return f"the environment {self.name!r}, {self.python}, lacks {needs}: install them with its own pip"

    def _make(self, run: str) -> None:
        from filelock import FileLock

        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.folder}.lock"):
            if self.is_made:  # by the process that held the lock
                return
            failed = self.folder.with_suffix(".failed")
            before = json.loads(failed.read_text()) if failed.is_file() else {}
            if run and before.get("run") == run:
                raise ImportError(before["message"])
            shutil.rmtree(self.folder, ignore_errors=True)  # of one that was killed
            try:
                packages = [*self.requirements, *_own_requirements()]
                make_environment(self.folder, packages, self.python, self.without_dependencies)
            except ImportError as error:
                message = f"the environment {self.name!r} cannot be made: {error}"
                _write(failed, {"run": run, "message": message})
                raise ImportError(message) from error
            failed.unlink(missing_ok=True)
            _write(self.folder / RECORD, {"name": self.name, "requirements": self.requirements})

    def sentence(self) -> str:
        """Sentence on the environment: it exists, was made, or would be made of what and where."""
        if self.is_existing:
            return f"environment {self.name}: the interpreter {self.python}, as it is"
        if self.is_made:
            return f"environment {self.name}: made before, {self.folder}"
        tool = "uv" if uv() else "venv and pip"
        packages = ", ".join([*self.packages, "the core packages of mlffbench"])
        return f"environment {self.name}: to be made by {tool} in {self.folder}, of {packages}"


def _own_requirements() -> list[str]:
    return [*core_requirements(), *core_requirements(SEARCH)]


def _write(file: Path, content: Mapping[str, Any]) -> None:
    with atomic_write(file) as written:
        written.write(json.dumps(content).encode())


def environment_sentences(environments: Iterable[Mapping[str, Any] | None]) -> list[str]:
    """Sentences on the environments of cases, each once."""
    known = (PythonEnvironment.of(environment) for environment in environments if environment is not None)
    return list(dict.fromkeys(environment.sentence() for environment in known))
