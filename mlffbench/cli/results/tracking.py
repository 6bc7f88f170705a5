"""Commands ``mlffbench results tensorboard`` and ``mlflow``: results for trackers of experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlffbench.cli.console import refusals, say
from mlffbench.cli.results.filters import Folders, results_of

__all__ = ["mlflow", "tensorboard"]

Logs = Annotated[
    Path | None, typer.Option(help="Folder of the logs.", show_default="tensorboard in the first folder")
]
Experiment = Annotated[
    str | None, typer.Option(help="Name of the experiment.", show_default="the name of the suite")
]
Uri = Annotated[str | None, typer.Option(help="Tracking server or store.", show_default="as MLflow finds it")]


def tensorboard(folders: Folders, out: Logs = None) -> None:
    """Write training curves and scores as logs of TensorBoard."""
    from mlffbench.report.tracking.tensorboard_logs import write_tensorboard
    from mlffbench.report.tracking.tracked_case import tracked_cases

    with refusals():
        logs = out or folders[0] / "tensorboard"
        n_cases = write_tensorboard(tracked_cases(results_of(folders).documents), logs)
    say(f"wrote {n_cases} logs; 'tensorboard --logdir {logs}' shows them")


def mlflow(folders: Folders, experiment: Experiment = None, uri: Uri = None) -> None:
    """Log each case as a run of MLflow, with parameters, scores and training curve."""
    from mlffbench.report.tracking.mlflow_runs import log_to_mlflow
    from mlffbench.report.tracking.tracked_case import tracked_cases

    with refusals():
        documents = results_of(folders).documents
        name = experiment or documents[0]["case"]["suite"]
        n_logged, n_known = log_to_mlflow(tracked_cases(documents), name, uri)
    say(f"logged {n_logged} runs in the experiment {name!r}, {n_known} were there already")
