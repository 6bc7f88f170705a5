"""Command ``mlffbench property``: parse, call the function in ``properties/``, print, write."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.calculator_options import CalculatorText, Device, ModelFile, calculator_of
from mlffbench.cli.completion import complete_properties
from mlffbench.cli.console import console, print_json, refusals, say, stop, tried
from mlffbench.cli.data.arguments import Json
from mlffbench.cli.progress_bars import bars

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import BaseCalculator

    from mlffbench.cli.property.catalogue import Property

__all__ = ["property_"]

AT_REST = 0.05  # eV/Å: larger forces belong to no structure at rest
SYMPREC = 1e-3  # Å


PropertyName = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="Name of the property; --list shows all, 'mlffbench show NAME' its options.",
        show_default=False,
        autocompletion=complete_properties,
    ),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE... [--OPTION VALUE]...",
        help="Structures in any format that ASE reads, FILE@0 for the first of several; then the options of "
        "the property.",
        show_default=False,
    ),
]


def property_(
    name: PropertyName = None,
    files: Words = None,
    model: ModelFile = None,
    calculator: CalculatorText = None,
    device: Device = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param", "-p", metavar="KEY=VALUE", help="An option of the property; may be repeated."
        ),
    ] = None,
    at_rest: Annotated[
        bool, typer.Option("--at-rest", help="Relax the structures first; a crystal with its cell.")
    ] = False,
    standard_cell: Annotated[
        bool,
        typer.Option(
            "--standard-cell", help="Take the crystal's conventional cell, along the axes of its symmetry."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File to write: .json or .npz for all values, .extxyz for the structures."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of --out.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the properties and stop.")] = False,
    json_: Json = False,
) -> None:
    """Compute a property of a structure: elastic constants, phonons, a barrier, dynamics ...

    The potential is a model (--model x.mlff) or any ASE calculator (--calculator emt).
    """
    with refusals():
        if list_ or name is None:
            _print_list(json_)
            return
        from mlffbench.cli.property.output_file import check_output

        what, frames, options = _parsed(name, files or [], param or [])
        check_output(out, overwrite, files or [])
        potential = calculator_of(model, calculator, device)
        if standard_cell:
            frames = {frame: _conventional(frame, atoms) for frame, atoms in frames.items()}
        with bars():
            result = _computed(what, potential, frames, options, at_rest)
        _show(what, result, list(frames.values()), out, json_)


def _parsed(
    name: str, words: Sequence[str], params: Sequence[str]
) -> tuple[Property, dict[str, Atoms], dict[str, Any]]:
    """The property, its structures and its options, all checked."""
    from mlffbench.cli.data.arguments import parameters
    from mlffbench.cli.property.arguments import checked_options, placed, read_frames, separated
    from mlffbench.cli.property.catalogue import property_of

    what = property_of(name)
    flags = [n for n in what.options if what.description.annotations[n].startswith("bool")]
    files, texts = separated(words, flags)
    options = checked_options(
        what, {**parameters(params), **parameters([f"{k}={v}" for k, v in texts.items()])}
    )
    frames = read_frames(files)
    placed(what, frames)  # refuses a wrong number of them
    return what, frames, options


def _conventional(name: str, atoms: Atoms) -> Atoms:
    """Conventional cell along the axes of the crystal's symmetry."""
    from mlffbench.properties.symmetry import standard_cell

    cell = standard_cell(atoms, SYMPREC) if atoms.pbc.all() else None
    if cell is None:
        raise ValueError(f"{name} is no crystal whose symmetry spglib finds")
    return cell


def _computed(
    what: Property,
    calculator: BaseCalculator,
    frames: dict[str, Atoms],
    options: dict[str, Any],
    at_rest: bool,
) -> Any:
    """Result of the property; whatever a calculator raises becomes a sentence."""
    import numpy as np

    from mlffbench.cli.property.arguments import placed

    try:
        with np.errstate(all="ignore"):
            if at_rest:
                frames = {name: _relaxed(calculator, atoms) for name, atoms in frames.items()}
            elif _wants_rest(what):
                _warn_of_forces(what, calculator, frames)
            return what.call(calculator, **placed(what, frames), **options)
    except (KeyboardInterrupt, ValueError, ImportError):
        raise
    except NotImplementedError as error:
        raise ValueError(f"{what.name}: the calculator does not compute it: {error}") from error
    except Exception as error:  # somebody else's calculator
        raise ValueError(f"{what.name}: {type(error).__name__}: {error}") from error


def _relaxed(calculator: BaseCalculator, atoms: Atoms) -> Atoms:
    """The structure at rest, a crystal at zero stress."""
    from mlffbench.properties.relaxation import relaxed

    minimum = relaxed(calculator, atoms, cell=bool(atoms.pbc.all()), fmax=0.001)
    minimum.calc = None
    return minimum


def _wants_rest(what: Property) -> bool:
    """True if the documentation asks for a structure at rest."""
    doc = what.description.doc
    texts = " ".join(entry.text for name in what.structures if (entry := doc.entry(name)))
    return "at rest" in texts or "stationary point" in texts or "should be at rest" in " ".join(doc.extended)


def _warn_of_forces(what: Property, calculator: BaseCalculator, frames: dict[str, Atoms]) -> None:
    """Print a sentence if the structures are not at rest for this potential."""
    import numpy as np

    for name, atoms in frames.items():
        copy = atoms.copy()
        copy.calc = calculator
        largest = float(np.abs(copy.get_forces()).max())
        if largest > AT_REST:
            say(
                f"careful: {what.name} is for a structure at rest, and the largest force on {name} is "
                f"{largest:.2g} eV/Å; --at-rest relaxes it first",
                err=True,
            )


# ---------------------------------------------------------------- output
def _show(what: Property, result: Any, starts: Sequence[Atoms], out: Path | None, json_: bool) -> None:
    """Print the result and write its file."""
    from mlffbench.cli.property.answer import plain_value, quantities
    from mlffbench.cli.property.output_file import write_result
    from mlffbench.cli.property.screen import print_result

    refusal = None
    if out is not None:
        _, refusal = tried(out, partial(write_result, out, what, result, starts))
    if json_:
        listed = [result] if not isinstance(result, list) else result
        units = {q.name: q.unit for one in listed[:1] for q in quantities(one) if q.unit}
        print_json({"property": what.name, "units": units, "result": plain_value(result),
                    "out": None if out is None or refusal else str(out)})  # fmt: skip
    else:
        print_result(result)
        if out is not None and not refusal:
            console().print(f"\nwrote {out}", highlight=False, soft_wrap=True)
    if refusal:
        stop(refusal)


def _print_list(json_: bool) -> None:
    """Print the properties, each with its first sentence."""
    from mlffbench.cli.console import table
    from mlffbench.cli.property.catalogue import property_names, property_of

    listed = [property_of(name) for name in property_names()]
    rows = [[what.name, what.summary] for what in listed]
    if json_:
        print_json([
            {"name": what.name, "summary": what.summary, "options": what.options,
             "structures": list(what.structures)} for what in listed
        ])  # fmt: skip
        return
    console().print(table(["property", "of any model or calculator"], rows, words=2))
    console().print("\nmlffbench show NAME: the options; mlffbench property NAME --model x.mlff FILE")
