"""Arguments of ``mlffbench property``: structure files, and options of the property itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlffbench.cli.property.catalogue import Property
from mlffbench.registry import suggest
from mlffbench.registry.description import REQUIRED

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["checked_options", "placed", "read_frames", "separated"]

INDEX = re.compile(r"-?\d+|-?\d*:-?\d*(:-?\d*)?")  # as of ase.io.read: 0, -1, 5:10, ::2


def separated(words: Sequence[str], flags: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Separate files from ``--key value`` and ``--key=value``; `flags` may stand without a value.

    Raises
    ------
    ValueError
        An option has no value, or stands twice.
    """
    files: list[str] = []
    options: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not re.match(r"--?[A-Za-z]", word):
            files.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        name = name.replace("-", "_")
        if name in options:
            raise ValueError(f"--{name} stands twice")
        if not equals and name in flags and (not rest or rest[0].lower() not in ("true", "false")):
            value = "true"
        elif not equals:
            if not rest:
                raise ValueError(f"{word} needs a value")
            value = rest.pop(0)
        options[name] = value
    return files, options


def checked_options(what: Property, given: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the right names and types.

    Raises
    ------
    LookupError
        The property has no such option, lacks one, or a value is of another type.
    """
    from mlffbench.system.parameter_values import check_arguments

    for name in given:
        if name not in what.options:
            raise LookupError(f"{what.name} has no option {name!r}{suggest(name, what.options)}")
    if missing := [n for n, default in what.options.items() if default == REQUIRED and n not in given]:
        entries = ((n, what.description.doc.entry(n)) for n in missing)
        texts = (f"--{n} ({e.kind}: {e.text})" if e else f"--{n}" for n, e in entries)
        raise LookupError(f"{what.name} needs {', '.join(texts)}")
    check_arguments(what.name, what.call, given)
    return dict(given)


def read_frames(files: Sequence[str]) -> dict[str, Atoms]:
    """Structures of all files by name; ``file@index`` picks some, as in ASE.

    Raises
    ------
    OSError, ValueError
        A file is not there, or holds no structures.
    """
    from mlffbench.datasets.formats.structure_file import read_structures

    named: dict[str, Atoms] = {}
    for text in files:
        path, at, index = text.rpartition("@")
        picked = bool(at) and INDEX.fullmatch(index) is not None and not Path(text).exists()
        frames = read_structures(path if picked else text, index if picked else ":")
        stem = Path(path if picked else text).name.partition(".")[0]
        for i, atoms in enumerate(frames):
            name = stem if len(frames) == 1 else f"{stem}-{i}"
            named[name if name not in named else f"{name}#{len(named)}"] = atoms
            atoms.calc = None
    return named


def placed(what: Property, frames: Mapping[str, Atoms]) -> dict[str, Any]:
    """Structures under the names of the parameters that take them, in the order of the files.

    Raises
    ------
    ValueError
        There are too few or too many.
    """
    wanted = what.structures
    fewest = sum(n for n, _ in wanted.values())
    most = None if any(m is None for _, m in wanted.values()) else len(wanted)
    if len(frames) < fewest or (most is not None and len(frames) > most):
        raise ValueError(_wrong_number(what, len(frames), fewest, most))
    if most is None:
        (name,) = wanted
        named = what.description.annotations[name].startswith("Mapping")
        return {name: dict(frames) if named else list(frames.values())}
    return dict(zip(wanted, frames.values(), strict=False))


def _wrong_number(what: Property, given: int, fewest: int, most: int | None) -> str:
    """Sentence on the number of structures that a property takes."""
    if most == 0:
        return f"{what.name} takes no structure; its options are {', '.join(f'--{n}' for n in what.options)}"
    names = " and ".join(what.structures)
    number = f"{fewest} or more" if most is None else f"{fewest}" if most == fewest else f"{fewest} or {most}"
    plural = "structure" if number == "1" else "structures"
    hint = "; FILE@0 picks the first of a file with several" if given > fewest else ""
    return f"{what.name} takes {number} {plural} ({names}), and {given or 'none'} were given{hint}"
