"""Names in suites and recipes that become names of files and folders."""

from __future__ import annotations

__all__ = ["check_file_name"]

LONGEST = 100  # bytes; digests and endings are added, and file systems take 255
OUTSIDE = ("/", "\\", "\0")


def check_file_name(name: str) -> str:
    """Return the name if a file of that name lies in its folder and can be seen there.

    Raises
    ------
    ValueError
        It is empty or too long, begins with a dot or dash, holds a separator, control or other invisible
        characters, or blanks at an end.

    Examples
    --------
    >>> check_file_name("train 300K")
    'train 300K'
    """
    fault = _fault(name)
    if fault:
        shown = repr(name) if len(name) <= 60 else f"{name[:60]!r}..."
        raise ValueError(f"a file or folder will have this name, and {shown} {fault}")
    return name


def _fault(name: str) -> str | None:
    """Reason why the name cannot stand for a file, None for a good one."""
    if not name:
        return "is empty"
    if any(character in name for character in OUTSIDE):
        return "holds a slash, backslash or null byte, which may lead out of the folder"
    if not name.isprintable() or name != name.strip():
        return "holds control characters, or blanks at an end"
    if name[0] in ".-":
        return f"begins with {name[0]!r}; begin with a letter or digit"
    if len(name.encode()) > LONGEST:
        return f"is longer than {LONGEST} bytes"
    return None
