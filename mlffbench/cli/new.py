"""Command ``mlffbench new``: a suite proposed for the user's data; also what ``run`` does with such data."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import refusals, say
from mlffbench.cli.data.arguments import Params, dataset_spec, load
from mlffbench.registry import names

if TYPE_CHECKING:
    from mlffbench.data import Dataset, Spec
    from mlffbench.harness.documents.store import Store
    from mlffbench.harness.planning.plan import Suite
    from mlffbench.harness.planning.proposal import Proposal

__all__ = ["Budget", "Only", "Quick", "RunSource", "names_of", "new", "run_source"]

Budget = Annotated[
    str | None,
    typer.Option(
        help="Time that the whole run may take, for data: 90s, 30m, 2h.", show_default="30m; --quick: 90s"
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="NAMES", help="Methods, or rows of a suite: mace,soap_gpr; may be repeated."
    ),
]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer methods and tasks, for data.")]
DataFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="Your data: a file, a folder, a pattern, or a dataset's name.",
        show_default=False,
    ),
]

EstimatorName = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="After 'estimator': a name for your method.", show_default=False),
]

KINDS_OF_PACKAGES = ("estimator", "estimators")
WIDTH, INDENT = 80, 10
SUITES, TEXTS = (".yaml", ".yml"), (".md", ".txt", ".py", ".toml", ".json")
MOST_BYTES = 1_000_000  # of a suite from the standard input
HEAD = 100_000  # bytes of a file that are searched for the words of a suite


def new(
    file: DataFile,
    name: EstimatorName = None,
    budget: Budget = None,
    only: Only = None,
    quick: Quick = False,
    param: Params = None,
) -> None:
    """Print a suite for your own data, to edit; or write the package of a new method.

    mlffbench new my_data.extxyz > suite.yaml; mlffbench new estimator my_model
    """
    with refusals():
        if name is not None or file in KINDS_OF_PACKAGES:
            _new_package(file, name)
            return
        if is_suite(Path(file)) and Path(file).is_file():
            raise ValueError(f"{file} is a suite already; mlffbench run {file} runs it")
        proposal, _ = _proposed(file, budget, only, quick, param, err=True)
        typer.echo(proposal.text, nl=False)


def _new_package(kind: str, name: str | None) -> None:
    """Write the package of a new estimator into the working folder."""
    from mlffbench.cli.new_estimator import write_package

    if kind not in KINDS_OF_PACKAGES:
        raise ValueError(
            f"write 'mlffbench new FILE' or 'mlffbench new estimator NAME', not {kind!r} {name!r}"
        )
    if name is None:
        raise ValueError("a new estimator needs a name: mlffbench new estimator my_model")
    files = write_package(name, Path.cwd())
    for file in files:
        say(f"wrote {file.relative_to(Path.cwd())}")
    folder = files[0].parent.name
    say(f"next: pip install -e {folder}; mlffbench show {name}; pytest {folder}")


# ---------------------------------------------------------------- run
@dataclass(frozen=True)
class RunSource:
    """The suite that ``mlffbench run`` was given, or one proposed for the data that it was given.

    Attributes
    ----------
    suite : Path, str, mapping or Suite
        A str is the text of a suite.
    proposal : Proposal or None
    folder : Path or None
        Results folder that was given in place of its suite.
    dataset : Dataset or None
        The data of the proposal, read and checked.
    """

    suite: Path | str | Mapping[str, Any] | Suite
    proposal: Proposal | None = None
    folder: Path | None = None
    dataset: Dataset | None = None

    @property
    def text(self) -> str:
        """Text of the suite."""
        from mlffbench.system.text_file import read_text

        if isinstance(self.suite, str):
            return self.suite
        if isinstance(self.suite, Mapping):
            import json

            import yaml

            plain = json.loads(json.dumps(self.suite))  # numbers of numpy are none of YAML's
            return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
        return self.proposal.text if self.proposal else read_text(Path(str(self.suite)))

    def keep(self, store: Store, command: str = "") -> None:
        """Keep the suite in the results folder; say so where that cannot be done.

        The command is by default that of this process.
        """
        from mlffbench.harness.documents.kept_suite import keep_suite

        words = ["mlffbench", *sys.argv[1:]]
        quoted = (word if re.fullmatch(r"[\w@%+=:,./-]+", word) else f"'{word}'" for word in words)
        command = command or " ".join(quoted)
        try:
            keep_suite(store.folder, self.text, f"{command} (in {Path.cwd()})")
        except (OSError, ValueError, TypeError) as error:
            say(f"careful: the suite is not kept in {store.folder}: {error}", err=True)

    def check_folder(self, folder: Path) -> None:
        """Refuse a results folder that holds the results of other data, which have the same file name."""
        from mlffbench.harness.documents.kept_suite import kept_datasets

        if self.proposal is None or not any(folder.glob("*.json")):
            return
        own = [problem.dataset for problem in self.proposal.suite.problems]
        kept = kept_datasets(folder)
        if kept is None or not {_place(spec) for spec in own} & {_place(spec) for spec in kept}:
            others = "another suite" if not kept else f"{_place(kept[0])}"
            raise ValueError(f"{folder} holds the results of {others}; give another folder with --out")


def run_source(
    file: Path,
    budget: str | None,
    only: Sequence[str] | None,
    quick: bool,
    param: Sequence[str] | None,
    err: bool = False,
) -> RunSource:
    """The suite in a file, the one kept in a results folder, or a suite proposed for data."""
    from mlffbench.harness.documents.kept_suite import KEPT

    is_kept = (file / KEPT).is_file()
    if not is_kept and str(file) != "-" and not is_suite(file):
        proposal, dataset = _proposed(str(file), budget, only, quick, param, err)
        return RunSource(proposal.suite, proposal, dataset=dataset)
    suite = file / KEPT if is_kept else file
    if budget or quick or param:
        raise ValueError(f"{suite} is a suite: --budget, --quick and --param are for data; change the suite")
    if str(file) == "-":
        return RunSource(sys.stdin.read(MOST_BYTES) + "\n")
    return RunSource(suite, folder=file if is_kept else None)


def is_suite(file: Path) -> bool:
    """True for a YAML file, and for a text that has problems and estimators."""
    if file.suffix.lower() in SUITES:
        return True
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        head = stream.read(HEAD)
    return all(re.search(rb"^%s\s*:" % word, head, re.MULTILINE) for word in (b"problems", b"estimators"))


def names_of(only: str | Sequence[str] | None) -> list[str]:
    """Names in the values of ``--only``, which may hold several with commas."""
    parts = [only] if isinstance(only, str) else only or ()
    names = [name.strip() for part in parts for name in part.split(",") if name.strip()]
    if only and not names:
        raise ValueError("--only names no method; write --only mace,soap_gpr")
    return names


def _place(spec: Spec) -> str:
    path = spec.params.get("path")
    return str(Path(path).resolve()) if isinstance(path, str) else str(spec)


# ---------------------------------------------------------------- proposal
def _proposed(
    file: str,
    budget: str | None,
    only: Sequence[str] | None,
    quick: bool,
    param: Sequence[str] | None,
    err: bool = False,
) -> tuple[Proposal, Dataset]:
    """Read and check the data, propose a suite for them, and print what was chosen and why."""
    from mlffbench.harness.planning.proposal.budget import seconds

    if budget is not None:
        seconds(budget)
    spec = dataset_spec(file, param)
    dataset = _loaded(file, spec)
    _print(_reading(dataset), err)
    from mlffbench.datasets.checks import admit_quietly
    from mlffbench.harness.inputs import is_own_data
    from mlffbench.harness.planning.proposal import propose

    is_own = is_own_data(spec)
    heard = admit_quietly(dataset) if is_own else []
    found = f"{len(heard)} warning{'s' * (len(heard) > 1)}, below" if heard else "no mistakes found"
    _print([("checked", f"{len(names('checks'))} checks: {found}")] if is_own else [], err)

    proposal = propose(dataset, spec, budget, names_of(only), quick)
    _print(proposal.reasons, err)
    for sentence in heard:
        say(textwrap.fill(f"careful: {sentence}", WIDTH, break_long_words=False), err=True)
    return proposal, dataset


def _loaded(file: str, spec: Spec) -> Dataset:
    """The dataset; an unreadable text is said to be no suite either."""
    try:
        return load(spec)
    except ValueError as error:
        if Path(file).suffix.lower() in TEXTS:
            raise ValueError(
                f"{file} is neither a suite (.yaml) nor data that can be read: {error}"
            ) from None
        raise


def _reading(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Sentences on the keys and units of the user's own data."""
    from mlffbench.datasets.formats.label_names import read_labels

    if labels := read_labels(dataset):
        yield "read", f"{dataset.card.get('path', dataset.name)}: {labels.removeprefix(', ')}"
        origin = dataset.card.get("converted_from")
        assumed = "taken as eV, eV/Å and eV/Å³ (else: -p units=...)"
        yield "units", f"converted from {origin} to eV and eV/Å" if origin else assumed


def _print(rows: Iterable[tuple[str, str]], err: bool) -> None:
    """Print words and sentences in two columns."""
    for word, sentence in rows:
        line = textwrap.fill(
            sentence, WIDTH, initial_indent=f"{word:<{INDENT}}", subsequent_indent=" " * INDENT,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        say(line, err=err)
