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
from mlffbench.system.distant_model import ModelFile, has_plain_values, is_distant
from mlffbench.system.storable import MOVED, is_listed, is_of_ours, may_be_stored

__all__ = ["Reader", "UntrustedError"]

NAMED = re.compile(r"\s*[\w.]*\s*:\s*[\w.]*\s*")  # package.module:Name, however it is written
RULES = (  # attributes of a class that say what to check, and where it is computed
    "parts", "needs_trust", "without_code", "packaged", "one_of", "requires", "environment", "foreign_code",
    "model_file_",
)  # fmt: skip
SOURCE = "source"  # attribute that holds the spec of a calculator
FITTED = "elements_"  # attribute of every fitted model
DEVICES = ("device", "device_")
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
    file : str
        Path of the model file, which is trusted by it.
    """

    def __init__(
        self, arrays: Sequence[np.ndarray], trust: Sequence[str], device: str | None, file: str = ""
    ) -> None:
        self.arrays, self.trust, self.device, self.file = arrays, trust, device, file
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
            return self._object_of(self._class(content), tree)
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

    def plain_values(self, kind: Any, tree: Any) -> dict[str, Any]:
        """Parameters of an encoded model, and those of its values that need no packages."""
        names = kind._get_param_names()
        return {n: self.decode(v) for n, v in tree["state"] if n in names or has_plain_values(v)}

    def _object_of(self, kind: Any, tree: Any) -> Any:
        """Object of a class; a model whose packages another Python has keeps its part of the file."""
        if any(name == FITTED for name, _ in tree["state"]):
            self._check_foreign_code(kind)
        if not is_distant(kind):
            getattr(kind, "_check_installed", lambda: None)()
            return self._object(kind, {name: self.decode(v) for name, v in tree["state"]})
        model = self._object(kind, self.plain_values(kind, tree))
        if FITTED in vars(model):
            replaced = {} if self.device is None else dict.fromkeys(DEVICES, self.device)
            own = {**tree, "state": [[name, replaced.get(name, v)] for name, v in tree["state"]]}
            vars(model)["model_file_"] = ModelFile.of(own, self.arrays)
        return model

    def _check_foreign_code(self, kind: Any) -> None:
        """Refuse a file that holds code of another program, unless the user trusts it."""
        reason = getattr(kind, "foreign_code", None)
        if reason is not None and not registry.is_trusted_file(self.file, self.trust):
            raise UntrustedError(
                f"the model cannot be loaded: {reason}; if you trust it, load with trust=[{self.file!r}]"
            )

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
        distant = is_distant(kind)
        for attribute in DEVICES:
            if isinstance(state.get(attribute), str) and not (distant and self.device is None):
                state[attribute] = self._device(state[attribute])
        instance: Any = object.__new__(kind)
        (vars(instance).update if distant else instance.__setstate__)(state)
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
