"""Encoding of a model's state as JSON and a list of arrays, and decoding."""

from __future__ import annotations

import base64
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from mlffbench import registry

__all__ = ["Reader", "UntrustedError", "Writer"]

VALUES = {
    "mlffbench.data:Labels",
    "mlffbench.descriptors.acsf:ACSF",
    "mlffbench.descriptors.power_spectrum:Basis",
    "mlffbench.descriptors.soap:SOAP",
    "mlffbench.estimators.base.composite:Calculated",
    "mlffbench.potentials.fchl19:Points",
    "mlffbench.potentials.gaff.atom_types:Types",
    "mlffbench.potentials.sgdml.atom_matching:Template",
    "mlffbench.potentials.sgdml.hyperparameter_search:Trial",
    "mlffbench.potentials.sgdml.kernel:Field",
    "mlffbench.potentials.soap.dscribe_wrapper:DscribeBasis",
    "mlffbench.potentials.soap.kernel:Kernel",
    "sklearn.frozen._frozen:FrozenEstimator",
}  # classes that may stand in a model file beside the estimators, and those of modules that the user trusts
NAMED = re.compile(r"\s*[\w.]*\s*:\s*[\w.]*\s*")  # package.module:Name, however it is written
RULES = ("parts", "needs_trust")  # attributes of classes that say what is to be checked
DEVICE = re.compile(r"(cpu|cuda|mps|xpu|meta):\d+")
MOVED = {
    "mlffbench.descriptors._power_spectrum:Basis": "mlffbench.descriptors.power_spectrum:Basis",
    "mlffbench.estimators._bonded_types:Types": "mlffbench.potentials.gaff.atom_types:Types",
    "mlffbench.estimators._composed:Calculated": "mlffbench.estimators.base.composite:Calculated",
    "mlffbench.estimators._fchl_model:Points": "mlffbench.potentials.fchl19:Points",
    "mlffbench.estimators._sgdml_kernel:Field": "mlffbench.potentials.sgdml.kernel:Field",
    "mlffbench.estimators._sgdml_order:Template": "mlffbench.potentials.sgdml.atom_matching:Template",
    "mlffbench.estimators._sgdml_tuning:Trial": "mlffbench.potentials.sgdml.hyperparameter_search:Trial",
    "mlffbench.estimators._soap_dscribe:DscribeBasis": (
        "mlffbench.potentials.soap.dscribe_wrapper:DscribeBasis"
    ),
    "mlffbench.estimators._soap_kernel:Kernel": "mlffbench.potentials.soap.kernel:Kernel",
}  # classes in files of format 1 -> where they are now
MAKERS: dict[str, Callable[[list[Any]], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "slice": lambda parts: slice(*parts),
}


class UntrustedError(ValueError):
    """A model names code or a file that the user does not trust."""


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
        if _is_module_of_ours(name) and not is_listed(name):
            raise TypeError(f"{where} cannot be saved: model files hold no {name}; see VALUES of encoding.py")
        state = _state(value)
        content = [[name, self.encode(v, f"{where}.{name}")] for name, v in state.items()]
        return {"object": name, "state": content}


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
            return self._object(content, {name: self.decode(v) for name, v in tree["state"]})
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

    def _object(self, name: str, state: dict[str, Any]) -> Any:
        kind = self._class(name)
        for parameter in registry.parts(kind):
            for spec in (state.get(parameter), state.get(f"{parameter}_")):
                for name in _named_code(spec):
                    self._check_trusted(name, f"its {parameter!r} names {name!r}")
        for parameter, reason in getattr(kind, "needs_trust", {}).items():
            self._check_file(state.get(parameter), f"its {parameter!r} {reason}")
        if not issubclass(kind, BaseEstimator):
            return kind(**state)
        _check_names(kind, state)
        for attribute in ("device", "device_"):
            if isinstance(state.get(attribute), str):
                state[attribute] = self._device(state[attribute])
        instance: Any = object.__new__(kind)
        instance.__setstate__(state)
        lacking = [p for p in instance._get_param_names() if p not in vars(instance)]
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
        if not (isinstance(target, type) and target.__module__ == module and _may_be_stored(target)):
            raise ValueError(f"{name!r} is no estimator, frozen dataclass or named tuple of that module")
        return target

    def _check_trusted(self, name: str, what: str) -> None:
        """Refuse a ``module:Name`` that is neither listed nor of a module that the user trusts."""
        match = registry.FOREIGN.fullmatch(name)
        if match is None:
            raise UntrustedError(f"the model cannot be loaded: {what}, which is no name")
        module = match["module"]
        if _is_module_of_ours(name):
            if not any(registry.is_public(kind, name) for kind in registry.KINDS):
                raise ValueError(f"{what}, which no model file may name")
        elif not registry.is_trusted(module, self.trust):
            raise UntrustedError(
                f"the model cannot be loaded: {what}, whose code is not mlffbench's; if you trust it, "
                f"load with trust=[{module!r}]"
            )

    def _check_file(self, file: Any, what: str) -> None:
        """Refuse a file that the user does not trust."""
        if file is not None and not registry.is_trusted_file(str(file), self.trust):
            raise UntrustedError(
                f"the model cannot be loaded: {what}; if you trust it, load with trust=[{str(file)!r}]"
            )


def is_listed(name: str) -> bool:
    """True for the classes of ours, and scikit-learn's, that may stand in a model file."""
    return name in VALUES or registry.is_public("estimators", name)


def _is_module_of_ours(name: str) -> bool:
    return re.match(r"mlffbench\b", name) is not None


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


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _is_ours(value: Any) -> bool:
    """Return True for estimators, frozen dataclasses and named tuples."""
    return not isinstance(value, type) and _may_be_stored(type(value))


def _may_be_stored(kind: type) -> bool:
    frozen = is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    named = issubclass(kind, tuple) and hasattr(kind, "_fields")
    return issubclass(kind, BaseEstimator) or frozen or named


def _state(value: Any) -> dict[str, Any]:
    """State of an object: the pickled state of an estimator, the init fields of a value."""
    if isinstance(value, BaseEstimator):
        return dict(value.__getstate__())
    names = [f.name for f in fields(value) if f.init] if is_dataclass(value) else value._fields
    return {name: getattr(value, name) for name in names}
