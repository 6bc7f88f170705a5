"""Virtual environments: made by uv, or by venv and pip where there is no uv."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["interpreter", "make_environment", "uv"]

QUOTED_LINES = 8  # of a failed installation, in the error
FROM_PIP = {  # settings of pip, and uv's variables of the same meaning
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "constraint": "UV_CONSTRAINT",
}


def interpreter(folder: Path) -> Path:
    """Python of a virtual environment."""
    return folder / "bin" / "python"


def uv() -> str | None:
    """Path of uv, beside this Python or on the search path; None without it."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")


def make_environment(
    folder: Path, requirements: Sequence[str], python: str | None = None, alone: Sequence[str] = ()
) -> None:
    """Make a virtual environment in a new folder and install packages into it.

    What the installer says goes to standard error, too. uv takes packages from where pip does: it does not
    read pip's settings itself.

    Parameters
    ----------
    requirements : sequence of str
        As pip takes them; resolved together.
    python : str, optional
        Version, such as 3.12; by default this Python.
    alone : sequence of str
        Packages installed afterwards, without what they ask for.

    Raises
    ------
    ImportError
        There is no such Python, or an installation failed; the message ends with the installer's last lines.
    """
    target = str(interpreter(folder))
    if (program := uv()) is not None:
        environment = {**_settings_of_pip(), **os.environ}
        _run([program, "venv", "--quiet", "--python", python or sys.executable, str(folder)], environment)
        install = [program, "pip", "install", "--python", target]
    else:
        environment, install = {**os.environ}, [target, "-m", "pip", "install", "--no-input"]
        _run([_python(python), "-m", "venv", str(folder)], environment)
    _run([*install, "--", *requirements], environment)
    if alone:
        _run([*install, "--no-deps", "--", *alone], environment)


def _python(version: str | None) -> str:
    if version is None:
        return sys.executable
    program = shutil.which(f"python{version}")
    if program is None:
        raise ImportError(f"there is no Python {version} here; with uv, 'pip install uv', one can be fetched")
    return program


def _settings_of_pip() -> dict[str, str]:
    """Places of packages and constraints that pip is set to here, as variables of uv."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    settings: dict[str, str] = {}
    for line in sorted(done.stdout.splitlines(), key=_precedence):
        name, _, value = line.partition("=")
        variable = FROM_PIP.get(name.rpartition(".")[2])
        if variable is not None:
            text = str(ast.literal_eval(value))
            settings[variable] = text.replace(" ", ",") if variable == "UV_FIND_LINKS" else text
    if "UV_INDEX" in settings:
        settings["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip's: the best version of all indexes
    return settings


def _precedence(line: str) -> int:
    """Rank of a setting of pip; the last of the same name counts."""
    sections = ("global.", "install.", ":env:.")
    return next((rank for rank, section in enumerate(sections) if line.startswith(section)), -1)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run an installer to its end."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", env=environment,
    ) as child:  # fmt: skip
        try:
            output = child.communicate()[0]
        finally:
            child.kill()  # no effect if it has ended
    sys.stderr.write(output)
    if child.returncode:
        last = [line.rstrip() for line in output.splitlines() if line.strip()][-QUOTED_LINES:]
        raise ImportError(
            f"{Path(command[0]).name} ended with status {child.returncode}; its last lines:\n"
            + "\n".join(last)
        )
