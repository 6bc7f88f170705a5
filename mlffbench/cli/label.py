"""``mlffbench label recipe.yaml``: sample, label, pack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import console, stop

if TYPE_CHECKING:
    from mlffbench.labelling.jobs import Job
    from mlffbench.labelling.journal import Ledger
    from mlffbench.labelling.recipe import Recipe

__all__ = ["label"]


def label(
    recipe: Annotated[Path, typer.Argument(help="A recipe file (YAML).", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Work folder. [default: labels/<the recipe's name>]")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Label no more than so many structures.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Labels at a time, instead of the recipe's.")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try failed labels again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Sample, count what is to label, stop.")] = False,
) -> None:
    """Make reference data: sample structures, label them, write a dataset.

    Samples and labels are kept in the work folder, so a stopped run goes on where it stopped.
    """
    from mlffbench.labelling import jobs
    from mlffbench.labelling.journal import Ledger
    from mlffbench.labelling.recipe import RecipeError, read_recipe
    from mlffbench.labelling.sampling import sample

    try:
        plan = read_recipe(recipe)
    except RecipeError as error:
        stop(str(error))
    if workers is not None:
        plan = plan.model_copy(update={"label_with": plan.label_with.model_copy(update={"workers": workers})})
    folder = out or Path("labels") / plan.name
    watcher = Watcher()
    try:
        samples = sample(plan, recipe.parent, folder, watcher.sampled)
        ledger = Ledger(folder / "labels.jsonl", forget_failures=retry)
        planned = jobs.jobs(plan, samples)
        todo = _still_to_do(planned, ledger)
        console().print(
            f"{len(planned)} structures, {len(todo)} to label, work folder {folder}", soft_wrap=True
        )
        if dry_run:
            return
        with watcher.over(min(len(todo), limit or len(todo))):
            jobs.label(plan, todo[:limit], ledger, watcher.labelled)
    except KeyboardInterrupt:
        console().print("interrupted; every finished label is kept, the same command goes on from there")
        raise typer.Exit(130) from None
    except (ImportError, ValueError, FloatingPointError, OSError) as error:
        stop(f"{recipe}: {error}")
    _finish(plan, recipe.parent, planned, ledger, folder)


def _still_to_do(jobs: list[Job], ledger: Ledger) -> list[Job]:
    return [job for job in jobs if job.key not in ledger.labels]


def _finish(plan: Recipe, home: Path, jobs: list[Job], ledger: Ledger, folder: Path) -> None:
    from mlffbench.labelling.export import pack

    try:
        file, card = pack(plan, home, jobs, ledger, folder)
    except (OSError, ValueError) as error:
        stop(f"cannot write the dataset: {error}")
    failed = sum(card["not_labelled"].values())
    groups = ", ".join(f"{g} {n}" for g, n in card["groups"].items())
    console().print(f"wrote {file} and its card: {groups}", highlight=False, soft_wrap=True)
    if failed:
        kinds = ", ".join(f"{n} {kind}" for kind, n in card["not_labelled"].items())
        console().print(
            f"{failed} structures could not be labelled and are left out: {kinds}; see labels.jsonl"
        )
    missing = len(_still_to_do(jobs, ledger))
    if missing:
        console().print(f"{missing} structures are still to be labelled; the same command goes on")
    if failed or missing:
        raise typer.Exit(1)


class Watcher:
    """Progress in the terminal: a line a group, a bar over the labels."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=console())
        self.task: Any = None

    def over(self, n: int) -> Any:
        """The bar, over `n` labels."""
        self.task = self.bar.add_task("labels", total=n)
        return self.bar

    def sampled(self, group: str, n_frames: int) -> None:
        self.bar.console.print(f"{group}: {n_frames} structures", highlight=False)

    def labelled(self, job: Job, label: Mapping[str, Any]) -> None:
        if "error" in label:
            kind, message = label["error"]["kind"], label["error"]["message"]
            self.bar.console.print(f"{job.group or 'isolated atom'}: {kind}: {message}", highlight=False)
        self.bar.advance(self.task)
