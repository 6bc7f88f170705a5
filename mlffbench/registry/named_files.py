"""Files that keywords of a spec name, and names of weights that stand in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mlffbench.registry.door import names
from mlffbench.registry.own_names import suggest

__all__ = ["named_files", "wrong_name"]


def named_files(target: Any, params: Mapping[str, Any]) -> dict[str, str]:
    """Files that need trust, by the keywords that name them; the names in ``packaged`` are no files."""
    given = {word: params.get(word) for word in getattr(target, "needs_trust", {})}
    packaged = getattr(target, "packaged", ())
    return {word: str(file) for word, file in given.items() if file is not None and file not in packaged}


def wrong_name(target: Any, word: str, file: str) -> str | None:
    """Sentence on a text that is meant as a name, with the nearest one; None of a path and of files here.

    Names are those of ``packaged``, or of another keyword that excludes this one (``one_of``).

    Examples
    --------
    >>> from mlffbench.registry.door import load
    >>> mace, pretrained = load("estimators", "mace"), load("estimators", "pretrained")
    >>> wrong_name(mace, "foundation", "mace-mp-0-smal")
    "is no file here: 'mace-mp-0-smal'; did you mean 'mace-mp-0-small'? There are \
['mace-mp-0-small', 'mace-off23-small']"
    >>> wrong_name(pretrained, "file", "mattersim"), wrong_name(mace, "foundation", "small.model")
    ("is no file here: 'mattersim'; did you mean 'calculator: mattersim'?", None)
    """
    path = Path(file)
    if path.name != file or path.suffix or path.exists() or word in getattr(target, "written", ()):
        return None
    if packaged := getattr(target, "packaged", ()):
        return f"is no file here: {file!r}{suggest(file, packaged)}"
    beside = dict(_names_beside(target, word))
    near = get_close_matches(file.lower().replace("-", "_"), beside, n=1)
    return f"is no file here: {file!r}" + (f"; did you mean '{beside[near[0]]}: {near[0]}'?" if near else "")


def _names_beside(target: Any, word: str) -> Iterator[tuple[str, str]]:
    """Names of the registry that another keyword takes in place of this one, with that keyword."""
    kinds = getattr(target, "parts", {})
    others = (other for words in getattr(target, "one_of", ()) if word in words for other in words)
    for other in others:
        yield from ((name, other) for kind in kinds.get(other, ()) for name in names(kind))
