"""Encoding of a model's state as JSON and a list of arrays."""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from mlffbench.system.distant_model import ModelFile, model_file_of
from mlffbench.system.model_archive import renumbered
from mlffbench.system.storable import is_listed, is_of_ours, may_be_stored

__all__ = ["Writer"]


class Writer:
    """Encoder of values; `arrays` collects each numpy array and tensor once."""

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self._known: dict[int, tuple[Any, Any]] = {}  # by id; the value is kept so that its id stays its own
        self._open: set[int] = set()

    def encode(self, value: Any, where: str) -> Any:
        """Encode a value as JSON.

        Raises
        ------
        TypeError
            It is of a kind that a model file cannot hold; `where` is its name in the message.
        """
        if value is None or type(value) in (bool, int, float, str):
            return value
        if id(value) not in self._known:
            with self._content(value, where):
                self._known[id(value)] = self._encode(value, where), value
        return self._known[id(value)][0]

    @contextmanager
    def _content(self, value: Any, where: str) -> Any:
        if id(value) in self._open:
            raise TypeError(f"{where} cannot be saved: it holds itself")
        self._open.add(id(value))
        yield
        self._open.remove(id(value))

    def _encode(self, value: Any, where: str) -> Any:
        many = lambda values: [self.encode(v, f"{where}[{i}]") for i, v in enumerate(values)]
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, where)
        if _is_tensor(value):
            return self._tensor(value, where)
        if _is_ours(value):
            return self._object(value, where)
        if type(value) is list:
            return many(value)
        if type(value) is tuple:
            return {"tuple": many(value)}
        if type(value) in (set, frozenset):
            return {type(value).__name__: many(sorted(value, key=repr))}
        if type(value) is slice:
            return {"slice": many([value.start, value.stop, value.step])}
        if type(value) is bytes:
            return {"bytes": base64.b64encode(value).decode()}
        if isinstance(value, Mapping) and not hasattr(value, "default_factory"):
            pairs = enumerate(value.items())
            return {"dict": [[self.encode(k, f"{where} key {i}"), self.encode(v, f"{where}[{k!r}]")]
                             for i, (k, v) in pairs]}  # fmt: skip
        raise TypeError(
            f"{where} cannot be saved: it is a {type(value).__module__}.{type(value).__qualname__}, and a "
            "model file holds numbers, text, arrays, and lists or dicts of these"
        )

    def _array(self, value: Any, where: str) -> Any:
        array = np.asarray(value)
        if array.dtype.hasobject or type(value) not in (np.ndarray, array.dtype.type):
            raise TypeError(
                f"{where} cannot be saved: it is an array of {array.dtype} ({type(value).__name__})"
            )
        self.arrays.append(array)
        kind = "array" if isinstance(value, np.ndarray) else "number"
        return {kind: len(self.arrays) - 1}

    def _tensor(self, value: Any, where: str) -> Any:
        import torch

        if value.layout != torch.strided or value.is_quantized:
            raise TypeError(f"{where} cannot be saved: it is a tensor that is not dense")
        dense = value.detach().cpu().contiguous()
        exotic = dense.dtype == torch.bfloat16  # numpy has no such number
        self.arrays.append((dense.view(torch.int16) if exotic else dense).numpy())
        dtype = str(value.dtype).removeprefix("torch.")
        return {"tensor": len(self.arrays) - 1, "dtype": dtype, "device": str(value.device)}

    def _object(self, value: Any, where: str) -> Any:
        kind = type(value)
        if kind.__qualname__ != kind.__name__:
            raise TypeError(
                f"{where} cannot be saved: {kind.__qualname__} is defined inside a function or class"
            )
        name = f"{kind.__module__}:{kind.__name__}"
        if is_of_ours(name) and not is_listed(name):
            raise TypeError(f"{where} cannot be saved: model files hold no {name}; see VALUES of storable.py")
        if isinstance(value, BaseEstimator) and (file := model_file_of(value)) is not None:
            return self._from_file(value, file, where)
        state = _state(value)
        content = [[name, self.encode(v, f"{where}.{name}")] for name, v in state.items()]
        return {"object": name, "state": content}

    def _from_file(self, model: BaseEstimator, file: ModelFile, where: str) -> Any:
        """Encode a model as the Python that has its packages did, with the present parameters."""
        archive, first = file.archive(), len(self.arrays)
        self.arrays += archive.arrays
        tree = renumbered(archive.tree, lambda number: first + number)
        params = model.get_params(deep=False).items()
        present = {name: self.encode(v, f"{where}.{name}") for name, v in params}
        return {**tree, "state": [[name, present.get(name, old)] for name, old in tree["state"]]}


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _is_ours(value: Any) -> bool:
    """Return True for estimators, frozen dataclasses and named tuples."""
    return not isinstance(value, type) and may_be_stored(type(value))


def _state(value: Any) -> dict[str, Any]:
    """State of an object: the pickled state of an estimator, the init fields of a value."""
    if isinstance(value, BaseEstimator):
        return dict(value.__getstate__())
    names = [f.name for f in fields(value) if f.init] if is_dataclass(value) else value._fields
    return {name: getattr(value, name) for name in names}
