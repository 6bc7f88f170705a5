"""Model files: parameters and arrays of a fitted model, never code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from mlffbench import registry
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.decoding import Reader, UntrustedError
from mlffbench.system.encoding import Writer
from mlffbench.system.model_archive import Archive, our_version, read_archive, write_archive

__all__ = ["load", "save"]


def save(model: BaseEstimator, path: Path) -> None:
    """Write a model, fitted or not, into one file.

    A zip archive: ``model.json`` with class names, parameters and what was learned, and an ``.npy`` file for
    every array and tensor. What the model's ``__getstate__`` gives may hold None, bool, int, float, str,
    bytes, numpy arrays and numbers, torch tensors, lists, tuples, dicts, sets and slices, and the project's
    own estimators, descriptors, frozen dataclasses and named tuples.

    Raises
    ------
    TypeError
        It holds something else; the message names the attribute. No file is written.
    """
    writer = Writer()
    tree = writer.encode(model, type(model).__name__)
    with atomic_write(path) as file:
        write_archive(file, tree, writer.arrays)


def load(path: Path | str, trust: Sequence[str] = (), device: str | None = None) -> Any:
    """Read the model that `save` wrote; nothing in the file is executed.

    Only estimators of this project are imported, the values that they hold, and those below trusted modules.

    Parameters
    ----------
    path : Path or str
    trust : sequence of str
        Modules and packages of somebody else's estimators, imported where the file names them, and of what
        the specs of a model made of models name; files that the model would unpickle. They are trusted in
        this process from then on, see `mlffbench.trust`.
    device : str, optional
        Where the model computes from now on; by default where it did, or on the CPU without such a device.

    Returns
    -------
    ForceField
        As it was saved.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is damaged, no such file, from a newer version, or names code or a file that is not trusted.

    Examples
    --------
    >>> import tempfile
    >>> from ase.build import molecule
    >>> from mlffbench.estimators import AtomicReference
    >>> model = AtomicReference().fit([molecule("H2"), molecule("O2")], [-6.0, -8.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/reference.model")
    ...     load(f"{folder}/reference.model").predict([molecule("H2O")]).energy.round(6).tolist()
    [-10.0]
    """
    archive = _read(Path(path))
    try:
        model = Reader(archive.arrays, trust, device, str(path)).decode(archive.tree)
    except UntrustedError as error:
        raise ValueError(f"{path}: {error}") from error
    except ImportError as error:
        raise ValueError(f"{path} cannot be loaded here: {error}") from error
    except Exception as error:  # whatever our classes make of a changed file
        raise ValueError(
            f"{path} was changed, or does not fit mlffbench {our_version()} "
            f"(it was written by {archive.written_by}): {type(error).__name__}: {error}"
        ) from error
    if not isinstance(model, BaseEstimator):
        raise ValueError(f"{path} holds no model but a {type(model).__name__}")
    registry.trust(*(name for name in trust if name.partition(".")[0] != "mlffbench"))  # for later imports
    return model


def _read(path: Path) -> Archive:
    """Read the tree and its arrays; refuse damaged files and newer formats."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a file")  # a pipe would never end
    with path.open("rb") as file:
        try:
            return read_archive(file)
        except ValueError as error:
            raise ValueError(f"{path} {error}") from error
