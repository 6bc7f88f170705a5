"""Methods whose packages another Python has, and the files of their fitted models."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np

from mlffbench.system.model_archive import Archive, read_archive, renumbered, write_archive

__all__ = ["ModelFile", "has_plain_values", "is_distant", "model_file_of"]


def is_distant(kind: Any) -> bool:
    """True for a class that brings an environment along because its packages are not here."""
    environment = getattr(kind, "environment", None)
    return environment is not None and any(find_spec(name) is None for name in getattr(kind, "requires", ()))


@dataclass(frozen=True)
class ModelFile:
    """A model as the content of its file, which the Python that has its packages reads."""

    content: bytes

    @classmethod
    def of(cls, tree: Any, arrays: Sequence[np.ndarray]) -> ModelFile:
        """File of a model that is encoded with some of these arrays."""
        order: dict[int, int] = {}
        own = renumbered(tree, lambda number: order.setdefault(number, len(order)))
        file = io.BytesIO()
        write_archive(file, own, [arrays[number] for number in order])
        return cls(file.getvalue())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()

    def archive(self) -> Archive:
        """The encoded model and its arrays."""
        return read_archive(io.BytesIO(self.content))


def model_file_of(model: Any) -> ModelFile | None:
    """File of a model that was fitted or loaded without its packages; None of one that is computed here."""
    file = vars(model).get("model_file_")
    return file if isinstance(file, ModelFile) else None


def has_plain_values(tree: Any) -> bool:
    """True for an encoded value without tensors and objects, which every Python decodes."""
    if isinstance(tree, list):
        return all(map(has_plain_values, tree))
    if not isinstance(tree, dict):
        return True
    kind, content = next(iter(tree.items()))
    return kind not in ("tensor", "object") and has_plain_values(content)
