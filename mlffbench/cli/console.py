"""Console, error messages and JSON output shared by the commands."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from mlffbench.system.plain_text import plain_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

Value = TypeVar("Value")
LONG = 500  # rows; rich takes a second for as many

__all__ = [
    "console", "file_size", "json_line", "json_text", "lenient_output", "only_events", "print_json",
    "print_lines", "print_table", "refusals", "say", "stop", "table", "tried",
]  # fmt: skip


def console(stderr: bool = False) -> Console:
    """Console on stdout; progress goes to stderr, so that stdout can be piped.

    Texts are printed as they are: square brackets and ``:words:`` in names and paths are no markup.
    """
    from mlffbench.cli.plain_console import PlainConsole

    return PlainConsole(stderr)


def lenient_output() -> None:
    """Print ``?`` for characters that the terminal's encoding lacks, instead of ending with an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def only_events(context: typer.Context) -> IO[str]:
    """Standard output, kept for events; until the command ends, all else that is printed goes to stderr."""
    stdout = sys.stdout
    context.with_resource(redirect_stdout(sys.stderr))
    return stdout


def file_size(n_bytes: float) -> str:
    """``1.2 MB`` or ``3.4 kB``."""
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.1f} kB"


def say(message: str, err: bool = False) -> None:
    """Print a text, without escape sequences that files or users put into it."""
    typer.echo(plain_text(message), err=err)


def stop(message: str) -> NoReturn:
    """Print a sentence on stderr and exit with code 2."""
    say(f"mlffbench: {message}", err=True)
    raise typer.Exit(2)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn user errors and Ctrl-C into a sentence; other exceptions keep their traceback."""
    try:
        yield
    except BrokenPipeError:  # the reader of a pipe has gone: `mlffbench data list | head -3`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        say("mlffbench: interrupted", err=True)
        raise typer.Exit(130) from None
    except LookupError as error:
        stop(str(error.args[0] if error.args else error))
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
    except (ValueError, ImportError) as error:
        stop(str(error))


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json_text(document))


def json_text(document: Any) -> str:
    """JSON of a document; arrays are lists, numbers that are not finite null."""
    return json.dumps(_plain(document), indent=1, ensure_ascii=False, allow_nan=False)


def json_line(document: Any) -> str:
    """JSON document on a line of its own."""
    return f"{json.dumps(_plain(document), ensure_ascii=False, allow_nan=False)}\n"


def _plain(value: Any) -> Any:
    """Convert arrays to lists and non-finite numbers to None."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def tried(path: Path, write: Callable[[], Value]) -> tuple[Value | None, str | None]:
    """Value of `write` and None, or None and a sentence that names the file that could not be written.

    The caller shows what there is to show before it stops with the sentence.
    """
    try:
        return write(), None
    except OSError as error:
        return None, f"cannot write {path}: {error.strerror or error}"


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> None:
    """Print a table; a long one as plain lines, at once."""
    if len(rows) <= LONG:
        console().print(table(columns, rows, words))
    else:
        print_lines(columns, rows, words)


def print_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> None:
    """Print a table as plain lines, however long."""
    columns = [" ".join(name.split()) for name in columns]
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    pads = [str.ljust if k < words else str.rjust for k in range(len(columns))]
    for row in (columns, *rows):
        cells = (pad(cell, width) for pad, cell, width in zip(pads, row, widths, strict=True))
        typer.echo(plain_text("  ".join(cells)).rstrip())


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], words: int = 1) -> Table:
    """Build a rich table: text columns first, then numbers; units on a second header line."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    built = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for k, name in enumerate(columns):
        built.add_column(Text(name), justify="left" if k < words else "right", overflow="fold")
    for row in rows:
        built.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return built
