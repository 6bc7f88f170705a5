"""``mlffbench label recipe.yaml``: sample, label, export."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import console, stop

if TYPE_CHECKING:
    from mlffbench.labelling.jobs import Job
    from mlffbench.labelling.journal import Journal
    from mlffbench.labelling.recipe import Recipe
    from mlffbench.system.lease import Leases

__all__ = ["label"]


def label(
    recipe: Annotated[Path, typer.Argument(help="A recipe file (YAML).", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Work folder.", show_default="labels/<name of the recipe>")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Largest number of structures to label in this run.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of labels computed at a time, instead of the recipe's.")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Repeat failed labels.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Sample, print the number of structures to label, and stop.")
    ] = False,
) -> None:
    """Make reference data: sample structures, label them, write a dataset.

    Samples and labels are stored in the work folder: after an interruption, run the same command to continue.
    Runs in one folder, on one machine or on several, share the labels.
    """
    from mlffbench.system.lease import LeaseLost, Leases

    plan = _read(recipe, workers)
    folder = out or Path("labels") / plan.name
    try:
        with Leases(folder / "leases") as leases:
            done = _label(plan, recipe.parent, folder, leases, limit, retry, dry_run)
    except KeyboardInterrupt:
        console().print("interrupted; every finished label is stored, run the same command to continue")
        raise typer.Exit(130) from None
    except LeaseLost:
        stop(f"another run went on in {folder} while this one was stopped; run the same command to continue")
    except OSError as error:
        stop(f"{recipe}: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}")
    except (ImportError, ValueError, FloatingPointError) as error:
        stop(f"{recipe}: {error}")
    if done is not None:
        _export(plan, recipe.parent, *done, folder)


def _label(
    plan: Recipe, recipe_folder: Path, folder: Path, leases: Leases, limit: int | None, retry: bool, dry: bool
) -> tuple[list[Job], Journal] | None:
    """Sample and label; None after a dry run."""
    from mlffbench.labelling.jobs import label_jobs, labelling_jobs, unlabelled
    from mlffbench.labelling.journal import Journal
    from mlffbench.labelling.sampling import sample

    progress = LabellingProgress()
    samples = sample(plan, recipe_folder, folder, leases, progress.sampled, progress.waiting_for_samples)
    journal = Journal(folder / "labels.jsonl", retry_failures=retry)
    jobs = labelling_jobs(plan, samples)
    open_jobs = unlabelled(jobs, journal)
    console().print(
        f"{len(jobs)} structures, {len(open_jobs)} to label, work folder {folder}", soft_wrap=True
    )
    if dry:
        return None
    chosen = open_jobs[:limit]
    with progress.bar_over(len(chosen)):
        if chosen:
            label_jobs(plan, chosen, journal, leases, progress.labelled, progress.waiting_for_labels)
    return jobs, journal


def _read(recipe: Path, workers: int | None) -> Recipe:
    """Read a recipe, with another number of workers if that is given."""
    from mlffbench.labelling.recipe import RecipeError, read_recipe

    try:
        plan = read_recipe(recipe)
    except RecipeError as error:
        stop(str(error))
    if workers is None:
        return plan
    return plan.model_copy(update={"label_with": plan.label_with.model_copy(update={"workers": workers})})


def _export(plan: Recipe, recipe_folder: Path, jobs: list[Job], journal: Journal, folder: Path) -> None:
    """Write the dataset, print its counts and failures; exit with 1 if it is not complete."""
    from mlffbench.labelling.export import export
    from mlffbench.labelling.jobs import unlabelled

    try:
        file, card = export(plan, recipe_folder, jobs, journal, folder)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        stop(f"cannot write the dataset into {folder}: {reason}")
    failed = sum(card["not_labelled"].values())
    groups = ", ".join(f"{g} {n}" for g, n in card["groups"].items())
    console().print(f"wrote {file} and its card: {groups}", highlight=False, soft_wrap=True)
    if failed:
        kinds = ", ".join(f"{n} {kind}" for kind, n in card["not_labelled"].items())
        console().print(
            f"{failed} structures could not be labelled and are left out: {kinds}; see labels.jsonl"
        )
    missing = len(unlabelled(jobs, journal))
    if missing:
        console().print(f"{missing} structures are not labelled yet; run the same command to continue")
    if failed or missing:
        raise typer.Exit(1)


class LabellingProgress:
    """Progress in the terminal: a line for each group, a bar over the labels."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self.bar = Progress(*columns, console=console())
        self.task: Any = None
        self._said: set[str] = set()

    def bar_over(self, n: int) -> Any:
        """Progress bar over `n` labels, a context manager."""
        self.task = self.bar.add_task("labels", total=n)
        return self.bar

    def sampled(self, group: str, n_frames: int) -> None:
        """Print a group and its number of frames."""
        self.bar.console.print(f"{group}: {n_frames} structures", highlight=False)

    def waiting_for_samples(self, group: str) -> None:
        """Print once that another run samples a group."""
        self._say(f"{group}: another run is sampling it in this folder; waiting for it")

    def waiting_for_labels(self, n_labels: int) -> None:
        """Print once that another run computes the labels that are left."""
        self._say("another run is computing the last labels in this folder; waiting for it")

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self.bar.console.print(sentence, highlight=False)

    def labelled(self, job: Job, label: Mapping[str, Any]) -> None:
        """Advance the bar; print the reason of a failed label."""
        if "error" in label:
            kind, message = label["error"]["kind"], label["error"]["message"]
            self.bar.console.print(f"{job.group or 'isolated atom'}: {kind}: {message}", highlight=False)
        self.bar.advance(self.task)
