"""Options --model and --calculator: the potential that a command computes with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.completion import complete_calculators

if TYPE_CHECKING:
    from ase.calculators.calculator import BaseCalculator

__all__ = ["CalculatorText", "Device", "ModelFile", "calculator_of", "load_model"]

ModelFile = Annotated[
    Path | None,
    typer.Option("--model", metavar="FILE", help="Model file (.mlff), such as 'mlffbench model' copies."),
]
CalculatorText = Annotated[
    str | None,
    typer.Option(
        "--calculator",
        metavar="NAME",
        help="Calculator instead of a model: a name ('mlffbench list calculators'), with keywords "
        "('{tblite: {method: GFN2-xTB}}'), or module:Name.",
        autocompletion=complete_calculators,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(help="Device of the model: cpu, cuda, cuda:1 ...", show_default="as the file says"),
]


def calculator_of(model: Path | None, calculator: str | None, device: str | None = None) -> BaseCalculator:
    """ASE calculator of a model file, or of a name, an entry as in a suite or ``module:Name``.

    Raises
    ------
    ValueError
        Neither or both are given, or the model cannot be loaded.
    LookupError
        There is no such calculator, or it is not trusted.
    """
    if (model is None) == (calculator is None):
        raise ValueError("give either --model FILE or --calculator NAME")
    if model is not None:
        return load_model(model, device).calculator()
    if device is not None:
        raise ValueError("--device is for a model; a calculator has a keyword of its own, where it has one")
    return _named_calculator(str(calculator))


def load_model(file: Path, device: str | None = None) -> Any:
    """Model in a file; the sentence on another file names the remedy.

    Raises
    ------
    OSError, ValueError
        There is no such file, or it is no model.
    """
    from mlffbench.system.model_file import load

    if file.is_dir():
        raise ValueError(
            f"{file} is a folder; 'mlffbench model {file} best' names the model of a results folder"
        )
    return load(file, device=device)


def _named_calculator(text: str) -> BaseCalculator:
    from mlffbench import registry
    from mlffbench.data import Spec
    from mlffbench.system.parameter_values import check_values
    from mlffbench.system.yaml_text import YamlError, read_yaml

    try:
        spec = Spec.parse(read_yaml(text) if text.lstrip().startswith("{") else text)
    except (YamlError, ValueError) as error:
        raise ValueError(f"--calculator {text!r}: {error}") from None
    target = registry.build("calculators", spec.name, spec.params)
    check_values("calculators", spec)
    try:
        return target(**spec.params)
    except TypeError as error:
        raise ValueError(f"calculator {spec}: {error}") from error
