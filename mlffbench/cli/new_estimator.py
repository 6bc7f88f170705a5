"""Package of a new estimator, from a template: the class, its contract test, its entry point."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from pathlib import Path

from mlffbench import registry
from mlffbench.system.atomic_write import atomic_write

__all__ = ["write_package"]

FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "estimator.py": "{name}.py",
    "test_estimator.py": "tests/test_{name}.py",
}  # of the template -> of the package


def write_package(name: str, parent: Path) -> list[Path]:
    """Write a package with an estimator that works and passes the contract, to be replaced by the user's.

    Parameters
    ----------
    name : str
        Of the estimator and its module: lower-case letters, digits and underscores.
    parent : Path
        Folder in which the package's folder is made.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ValueError
        The name is no name of a module, is taken, or its folder is not empty.
    """
    from jinja2 import Template

    _check(name)
    package = name.replace("_", "-")
    folder = parent / package
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already; choose another name or folder")
    words = {
        "name": name,
        "package": package,
        "class": "".join(part.capitalize() for part in name.split("_")),
    }
    template, files = resources.files("mlffbench.cli") / "package_template", []
    for source, target in FILES.items():
        file = folder / target.format(name=name)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = Template(
            (template / f"{source}.jinja").read_text(encoding="utf-8"), keep_trailing_newline=True
        )
        with atomic_write(file) as stream:
            stream.write(text.render(words).encode())
        files.append(file)
    return files


def _check(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is no name of a module; write it like 'my_model'")
    if name in registry.names("estimators"):
        raise ValueError(f"there is an estimator {name!r} already; choose another name")
