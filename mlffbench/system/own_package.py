"""This mlffbench for another Python: a folder that holds the package alone, and its record."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.versions import versions

__all__ = ["NAME", "core_requirements", "own_identity", "package_alone"]

NAME = "mlffbench"


def own_identity() -> dict[str, str]:
    """Version and folder of the package that this process runs."""
    return {"version": versions([NAME]).get(NAME, ""), "package": str(_package())}


def core_requirements(extra: str | None = None) -> list[str]:
    """Packages that mlffbench needs in every environment, or those of an extra, as pip takes them.

    In a source tree those of its ``pyproject.toml``, as the record of an editable installation grows old.
    """
    source = _package().with_name("pyproject.toml")
    project = tomllib.loads(source.read_text(encoding="utf-8"))["project"] if source.is_file() else {}
    if project.get("name") == NAME:
        return list(project["optional-dependencies"][extra] if extra else project["dependencies"])
    texts = [re.split(r"\s*(?:;|\band\b)\s*extra\s*==\s*", text) for text in _record().requires or ()]
    return [text[0] for text in texts if (text[1].strip("'\" ") if text[1:] else None) == extra]


def package_alone(folder: Path) -> Path:
    """Make a folder below `folder` from which a Python imports this package, and nothing else of this one.

    It holds a link to the package, so that both run the same files, and the record of its version.
    """
    package, record = _package(), _record()
    metadata = record.read_text("METADATA") or ""
    digest = hashlib.sha256(f"{package}\n{metadata}".encode()).hexdigest()[:16]
    alone = folder / f"{NAME}-{digest}"
    alone.mkdir(parents=True, exist_ok=True)
    file = alone / f"{NAME}-{record.version}.dist-info" / "METADATA"
    if not file.is_file():
        with atomic_write(file) as written:
            written.write(metadata.encode())
    _link(alone / NAME, package)
    return alone


def _link(link: Path, target: Path) -> None:
    try:
        os.symlink(target, link, target_is_directory=True)
    except FileExistsError:
        if not link.is_symlink() or Path(os.readlink(link)) != target:
            raise


def _package() -> Path:
    return Path(__file__).resolve().parents[1]


def _record() -> Distribution:
    try:
        return distribution(NAME)
    except PackageNotFoundError:
        raise ImportError("mlffbench runs from files that are not installed: pip install -e .") from None
