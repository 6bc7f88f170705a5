"""Writing of the site: the only module of this room that touches the disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlffbench.system.atomic_write import atomic_write

__all__ = ["MARK", "write_site"]

MARK = (
    ".nojekyll"  # tells a Pages host to take the files as they are, and this module that a folder is a site
)
SUFFIXES = (".html", ".css", ".js", ".csv")


def write_site(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the files of a site; pages of an earlier one that it no longer has are removed.

    Parameters
    ----------
    files : mapping of str to str
        Texts by path in the site.
    folder : Path
        New, empty, or with a site in it.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ValueError
        The folder holds something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise ValueError(f"{folder} is not empty and holds no site; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    for old in (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file()):
        if old.relative_to(folder).as_posix() not in files:
            old.unlink()
    for path, text in files.items():
        with atomic_write(folder / path, durable=False) as file:
            file.write(text.encode())
    return [folder / path for path in files]
