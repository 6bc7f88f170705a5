"""Arguments DATASET and --split: a name, an entry as in a suite, or a file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mlffbench.data import Dataset, Spec, Split

__all__ = [
    "DatasetText",
    "EnergyKey",
    "ForcesKey",
    "Json",
    "Params",
    "Seed",
    "SplitText",
    "StressKey",
    "Units",
    "check_suffix",
    "dataset_spec",
    "load",
    "load_split",
    "parameters",
]

DatasetText = Annotated[
    str,
    typer.Argument(
        metavar="DATASET",
        help="A name (acac), an entry as in a suite ('{rmd17: {molecule: ethanol}}'), or a path to your own "
        "file, pattern or folder.",
        show_default=False,
    ),
]
Params = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="KEY=VALUE", help="A dataset's parameter; may be repeated."),
]
SplitText = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="A split's name, an entry as in a suite ('{random: {train: 0.8}}'), or a manifest (split.json).",
        show_default="official",
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of the split.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
EnergyKey = Annotated[str | None, typer.Option(help="Key of the energies in your file.")]
ForcesKey = Annotated[str | None, typer.Option(help="Key of the forces in your file.")]
StressKey = Annotated[str | None, typer.Option(help="Key of the stresses or virials in your file.")]
Units = Annotated[
    str | None,
    typer.Option(help="Energy unit of your file, if it does not state it: eV, kcal/mol or Hartree."),
]


# ---------------------------------------------------------------- what was meant
def dataset_spec(text: str, params: Sequence[str] | None = None, **keys: str | None) -> Spec:
    """Parse DATASET; `params` are ``key=value`` texts, `keys` are options, None if not given.

    Raises
    ------
    ValueError
        Neither a name, nor a suite's entry, nor a path; or a parameter that is not ``key=value``.
    """
    from mlffbench.registry import load_dataset

    more = parameters(params or ()) | {k: v for k, v in keys.items() if v is not None}
    text = text.strip()
    spec = _entry("dataset", text) if text.startswith("{") else load_dataset.dataset_spec(text, {})
    return replace(spec, params={**spec.params, **more})


def parameters(texts: Sequence[str]) -> dict[str, Any]:
    """Parse ``fold=2`` as {"fold": 2}; values are read as YAML."""
    from mlffbench.system.yaml_text import YamlError, read_yaml

    values = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"--param {text!r} is not KEY=VALUE")
        try:
            values[key.strip()] = read_yaml(value)
        except YamlError as error:
            raise ValueError(f"--param {text!r}: {error}") from None
    return values


def _entry(what: str, text: str) -> Spec:
    """Parse an entry as in a suite file."""
    from mlffbench.data import Spec
    from mlffbench.system.yaml_text import YamlError, read_yaml

    try:
        return Spec.parse(read_yaml(text))
    except YamlError as error:
        problem = str(error).removeprefix("not valid YAML: ")
        raise ValueError(f"{what} {text!r} is not YAML: {problem}") from None
    except ValueError as error:
        raise ValueError(f"{what} {text!r}: {error}") from None


# ---------------------------------------------------------------- loading
def load(spec: Spec) -> Dataset:
    """Load the dataset; raise LookupError, ValueError or OSError with a sentence."""
    from mlffbench import registry

    return _called(registry.build("datasets", spec.name, spec.params), "dataset", spec)


def check_suffix(option: str, file: Path | None, suffix: str) -> None:
    """Refuse a file to write of another suffix: a slip would replace the data themselves.

    Raises
    ------
    ValueError
        The message names the option.
    """
    if file is not None and file.suffix != suffix:
        raise ValueError(f"{option} {file}: the name must end with {suffix}")


def load_split(text: str | None, dataset: Dataset, seed: int) -> tuple[Split, dict[str, Any]]:
    """Make the split; return it and its origin: the manifest's record, or name, parameters and seed."""
    text = text or "official"
    if not text.lstrip().startswith("{") and (text.endswith(".json") or Path(text).is_file()):
        return _applied(Path(text), dataset)
    from mlffbench import registry

    spec = _entry("split", text)
    make = registry.build("splits", spec.name, spec.params, skip=("dataset", "seed"))
    made_by = {"split": spec.name, "params": dict(spec.params), "seed": seed}
    return _called(make, "split", spec, dataset=dataset, seed=seed), made_by


def _applied(path: Path, dataset: Dataset) -> tuple[Split, dict[str, Any]]:
    from mlffbench.splits.common import manifest_file

    document = manifest_file.read(path)
    return manifest_file.apply(document, dataset), dict(document.get("made_by") or {})


def _called(function: Callable[..., Any], what: str, spec: Spec, **given: Any) -> Any:
    """Call a registered function; report missing parameters and wrong types as ValueError."""
    from mlffbench import registry
    from mlffbench.system.parameter_values import check_values

    needed = _required(registry.parameters(function, given), spec.params)
    if needed:
        raise ValueError(f"{what} {spec.name!r} needs {', '.join(needed)}")
    check_values(f"{what}s", spec, given)
    try:
        return function(**given, **spec.params)
    except TypeError as error:
        raise ValueError(f"{what} {spec}: {error}") from error


def _required(known: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    return [k for k, default in known.items() if default is inspect.Parameter.empty and k not in given]
