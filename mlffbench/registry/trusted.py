"""Trust: the user's permission for modules and files that a suite, a recipe or a model file names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = [
    "is_trusted",
    "is_trusted_file",
    "may_read",
    "remedy",
    "restored_trust",
    "trust",
    "trusted",
    "without_trust",
]

TRUST = "MLFFBENCH_TRUST"  # environment variable: what the user trusts, separated by commas


def trust(*names: str) -> None:
    """Trust modules, with what lies below them, and files, in this process and those that it starts.

    A suite, a recipe or a model file may then use the code of these modules, as ``module:Name``, and run or
    unpickle these files.

    Examples
    --------
    >>> trust("my_package", "models/medium.model")
    >>> is_trusted("my_package.networks"), is_trusted_file("./models/medium.model"), is_trusted("os")
    (True, True, False)
    """
    added = [part.strip() for name in names for part in name.split(",")]
    os.environ[TRUST] = ",".join(dict.fromkeys(name for name in (*trusted(), *added) if name))


def trusted() -> list[str]:
    """Modules and files that the user trusts."""
    return [name for part in os.environ.get(TRUST, "").split(",") if (name := part.strip())]


@contextmanager
def restored_trust() -> Iterator[None]:
    """Withdraw, when the ``with`` block ends, the trust that was given in it."""
    kept = os.environ.get(TRUST)
    try:
        yield
    finally:
        os.environ.pop(TRUST, None)
        if kept is not None:
            os.environ[TRUST] = kept


@contextmanager
def without_trust() -> Iterator[None]:
    """Trust nobody's code while the ``with`` block lasts."""
    with restored_trust():
        os.environ.pop(TRUST, None)
        yield


def is_trusted(module: str, also: Iterable[str] = ()) -> bool:
    """True for a module that the user trusts, and for one below it; `also` adds to these."""
    return any(module == known or module.startswith(f"{known}.") for known in (*trusted(), *also))


def is_trusted_file(file: str, also: Iterable[str] = ()) -> bool:
    """True for a file that the user trusts, however its path is written; `also` adds to these.

    A bare name may be a program of the ``PATH`` or an environment variable: it is compared as it is.
    """
    place = lambda name: os.path.abspath(name) if os.path.basename(name) != name else name
    return place(file) in map(place, (*trusted(), *also))


def may_read(target: Any, file: str, also: Iterable[str] = ()) -> bool:
    """True for a file that is trusted, or that `target` reads as data: ``without_code`` lists endings.

    So are the names in ``packaged``: weights out of packages, whose checksums are known.
    """
    if file in getattr(target, "packaged", ()):
        return True
    return file.endswith(tuple(getattr(target, "without_code", ()))) or is_trusted_file(file, also)


def remedy(name: str) -> str:
    """Complete a refusal: the way to trust a module or file."""
    return f"if you trust it, add --trust {name} (or set {TRUST}={name})"
