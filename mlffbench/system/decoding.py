"""Decoding of a model's state from JSON and a list of arrays; nothing in it is executed."""

from __future__ import annotations

import base64
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from mlffbench import registry
from mlffbench.system.storable import MOVED, is_listed, is_of_ours, may_be_stored

__all__ = ["Reader", "UntrustedError"]

NAMED = re.compile(r"\s*[\w.]*\s*:\s*[\w.]*\s*")  # package.module:Name, however it is written
RULES = ("parts", "needs_trust", "without_code", "packaged", "one_of")  # of a class: what to check
SOURCE = "source"  # attribute that holds the spec of a calculator
DEVICE = re.compile(r"(cpu|cuda|mps|xpu|meta):\d+")
MAKERS: dict[str, Callable[[list[Any]], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "slice": lambda parts: slice(*parts),
}


class UntrustedError(ValueError):
    """A model names code or a file that the user does not trust."""


class Reader:
    """Decoder of the output of `Writer`.

    Parameters
    ----------
    arrays : list of arrays
    trust : sequence of str
        Modules and packages whose classes may be used, and files that may be unpickled, beside those that the
        user trusts everywhere.
    device : str or None
        Device of tensors and models, in place of the stored one.
    """

    def __init__(self, arrays: Sequence[np.ndarray], trust: Sequence[str], device: str | None) -> None:
        self.arrays, self.trust, self.device = arrays, trust, device
        self._tensors: dict[int, Any] = {}  # one tensor that was met twice is one again

    def decode(self, tree: Any) -> Any:
        if isinstance(tree, list):
            return [self.decode(v) for v in tree]
        if not isinstance(tree, dict):
            return tree
        kind, content = next(iter(tree.items()))
        if kind == "dict":
            return {self.decode(k): self.decode(v) for k, v in content}
        if kind == "array":
            return self.arrays[content]
        if kind == "number":
            return self.arrays[content][()]
        if kind == "tensor":
            return self._tensor(content, tree["dtype"], tree["device"])
        if kind == "object":
            target = self._class(content)
            getattr(target, "_check_installed", lambda: None)()
            return self._object(target, {name: self.decode(v) for name, v in tree["state"]})
        if kind == "bytes":
            return base64.b64decode(content)
        return MAKERS[kind]([self.decode(v) for v in content])

    def _tensor(self, number: int, dtype: str, device: str) -> Any:
        import torch

        if number not in self._tensors:
            tensor = torch.from_numpy(np.require(self.arrays[number], requirements="W"))
            tensor = tensor.view(torch.bfloat16) if dtype == "bfloat16" else tensor
            self._tensors[number] = tensor.to(self._device(device))
        return self._tensors[number]

    def _object(self, kind: Any, state: dict[str, Any]) -> Any:
        for parameter in {**registry.parts(kind), SOURCE: ()}:
            for spec in (state.get(parameter), state.get(f"{parameter}_")):
                for name in _named_code(spec):
                    self._check_trusted(name, f"its {parameter!r} names {name!r}")
        for parameter, reason in getattr(kind, "needs_trust", {}).items():
            self._check_file(kind, state.get(parameter), f"its {parameter!r} {reason}")
        if not issubclass(kind, BaseEstimator):
            return kind(**state)
        _check_names(kind, state)
        for attribute in ("device", "device_"):
            if isinstance(state.get(attribute), str):
                state[attribute] = self._device(state[attribute])
        instance: Any = object.__new__(kind)
        instance.__setstate__(state)
        lacking = [p for p in instance._get_param_names() if not hasattr(instance, p)]
        if lacking:
            raise ValueError(f"{kind.__name__} lacks {lacking}")
        return instance

    def _device(self, device: str) -> str:
        """Device to load onto: the one asked for, else the stored one if it exists here, else the CPU."""
        if self.device is not None or device == "cpu":
            return self.device or device
        from mlffbench.system.device import checked_device

        try:
            checked_device(device)
        except ValueError:
            return "cpu"
        return device

    def _class(self, name: str) -> type:
        """Import the class of a name, if it is listed, or trusted and may stand in a model file."""
        name = MOVED.get(name, name)
        module, _, attribute = name.partition(":")
        if not is_listed(name):
            self._check_trusted(name, f"it holds a {name!r}")
        target: Any = getattr(sys.modules.get(module) or import_module(module), attribute)
        if not (isinstance(target, type) and target.__module__ == module and may_be_stored(target)):
            raise ValueError(f"{name!r} is no estimator, frozen dataclass or named tuple of that module")
        return target

    def _check_trusted(self, name: str, what: str) -> None:
        """Refuse a ``module:Name`` that is neither listed nor of a module that the user trusts."""
        match = registry.FOREIGN.fullmatch(name)
        if match is None:
            raise UntrustedError(f"the model cannot be loaded: {what}, which is no name")
        module = match["module"]
        if is_of_ours(name):
            if not any(registry.is_public(kind, name) for kind in registry.KINDS):
                raise ValueError(f"{what}, which no model file may name")
        elif not registry.is_trusted(module, self.trust):
            raise UntrustedError(
                f"the model cannot be loaded: {what}, whose code is not mlffbench's; if you trust it, "
                f"load with trust=[{module!r}]"
            )

    def _check_file(self, kind: type, file: Any, what: str) -> None:
        """Refuse a file that the user does not trust and the class does not read as data."""
        if file is not None and not registry.may_read(kind, str(file), self.trust):
            raise UntrustedError(
                f"the model cannot be loaded: {what}; if you trust it, load with trust=[{str(file)!r}]"
            )


def _check_names(kind: type, state: Mapping[str, Any]) -> None:
    """Refuse attributes that would stand in place of a method or a rule of the class."""
    for name in state:
        held = inspect.getattr_static(kind, name, None)
        if not name.isidentifier() or name.startswith("__") or hasattr(held, "__get__") or name in RULES:
            raise ValueError(f"{kind.__name__} holds no {name!r}")


def _named_code(spec: Any) -> Iterator[str]:
    """Yield every name of code in a spec; composite models import these when used."""
    if isinstance(spec, str) and NAMED.fullmatch(spec) and not DEVICE.fullmatch(spec):
        yield spec
    elif isinstance(spec, Mapping):
        for key, value in spec.items():
            yield from (*_named_code(key), *_named_code(value))
    elif isinstance(spec, list | tuple):
        for value in spec:
            yield from _named_code(value)
