"""Results as a user of Python has them: tables, predictions and models of one results folder or several."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mlffbench.data import Labels
from mlffbench.harness.documents.kept_suite import KEPT
from mlffbench.harness.documents.predictions import unpack
from mlffbench.harness.documents.records import SCHEMA
from mlffbench.harness.documents.store import Store
from mlffbench.harness.reference_group import reference_group
from mlffbench.registry import suggest
from mlffbench.report.combined_folders import CombinedFolders, combine_folders
from mlffbench.report.dataframes.board import board
from mlffbench.report.dataframes.cases import cases_frame, cases_of, fits_of
from mlffbench.report.dataframes.indicators import indicators
from mlffbench.report.dataframes.tidy_curves import tidy_curves
from mlffbench.report.dataframes.tidy_failures import tidy_failures
from mlffbench.report.dataframes.tidy_scores import scores_frame
from mlffbench.report.grouping import group_cases
from mlffbench.report.problems import Document, Problem, dig
from mlffbench.report.results import Results as GroupedResults
from mlffbench.report.row_choice import choose_row, problems_named
from mlffbench.report.suite_order import in_suite_order
from mlffbench.system.text_file import read_text

if TYPE_CHECKING:
    from mlffbench.forcefield import ForceField

__all__ = ["Results", "load_results", "stores_in"]

SUITE_BYTES = 1_000_000
LISTS = SCHEMA.field("scores").type
N_SHOWN = 20  # problems in a notebook

AnyPath = str | PathLike[str]


def load_results(folder: AnyPath | Iterable[AnyPath]) -> Results:
    """Read the results of a run; torch and the methods themselves are not needed for it.

    Parameters
    ----------
    folder : path, or list of paths
        Results folders, as ``mlffbench run`` writes them, or a folder of such folders; they are merged. Of
        several fits of one method and seed on one problem, the newest counts.

    Warns
    -----
    UserWarning
        Files that cannot be used were set aside, see `Results.set_aside`.

    Raises
    ------
    OSError
        There is no such folder.
    ValueError
        It holds no results.

    Examples
    --------
    >>> results = load_results("results/quickstart")  # doctest: +SKIP
    >>> results.scores.query("quantity == 'forces' and metric == 'rmse'")  # doctest: +SKIP
    """
    folders = [folder] if isinstance(folder, str | PathLike) else list(folder)
    return Results([store for place in folders for store in stores_in(Path(place))])


class Results:
    """Results of one results folder or several: tables, predictions, kept models.

    Made by `mlffbench.load_results` and `mlffbench.run`.

    Parameters
    ----------
    stores : sequence of Store
    ids : iterable of str, optional
        Cases to read; by default all.

    Attributes
    ----------
    folders : list of Path
    set_aside : dict of Path to str
        Files that cannot be used, and why.
    """

    def __init__(self, stores: Sequence[Store], ids: Iterable[str] | None = None) -> None:
        self._ids = None if ids is None else list(ids)
        self._stores = list(stores)
        self._records = [store.table(self._ids) for store in stores]
        self.folders = [store.folder for store in stores]
        self.set_aside = {path: reason for store in stores for path, reason in store.set_aside.items()}
        if self.set_aside:
            path, reason = next(iter(self.set_aside.items()))
            n = len(self.set_aside)
            warnings.warn(f"{n} files were set aside, the first: {path}: {reason}", stacklevel=3)
        if not any(table.num_rows for table in self._records):
            places = ", ".join(map(str, self.folders))
            raise ValueError(f"{places} holds no results; 'mlffbench run SUITE' writes a results folder")

    @cached_property
    def documents(self) -> list[Document]:
        """Everything that is known of each fit, as in its JSON file."""
        return [document for document, _ in self._read]

    # ------------------------------------------------------------ tables
    @cached_property
    def scores(self) -> pd.DataFrame:
        """Every number of every fit as one row, see `mlffbench.report.dataframes.tidy_scores`.

        Columns problem, method, seed, task, test, quantity, metric, unit, value, low, high, n, predicted,
        reference. Errors on test groups have no task; those on frames of the fit are the task ``training``,
        times and memory the task ``timing``.
        """
        scores = pa.chunked_array([c for table in self._records for c in table["scores"].chunks], LISTS)
        return scores_frame(fits_of(self._records), scores)

    @cached_property
    def cases(self) -> pd.DataFrame:
        """State, ranking error, time and failure of every fit, see `mlffbench.report.dataframes.cases`."""
        return cases_frame(self._records)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """Failed fits, test groups and parts of tasks.

        Columns problem, method, seed, task, test, quantity, kind, message.
        """
        return self._without_number[self._without_number["kind"] != "skipped"].reset_index(drop=True)

    @cached_property
    def skipped(self) -> pd.DataFrame:
        """Parts of tasks that there was no reason or no way to measure; columns as of `failures`."""
        return self._without_number[self._without_number["kind"] == "skipped"].reset_index(drop=True)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Points of the curves that tasks measured, see `mlffbench.report.dataframes.tidy_curves`."""
        return tidy_curves(self._grouped)

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Rank correlations of static scores with survival, see `mlffbench.report.dataframes.indicators`."""
        with np.errstate(all="ignore"):
            return indicators(self._grouped)

    def leaderboard(self, problem: str | None = None) -> pd.DataFrame:
        """Ranks, errors on the reference group with 95 % intervals, worst transfer ratio, costs.

        Parameters
        ----------
        problem : str, optional
            Name of a problem or of its dataset; by default all problems.
        """
        names = [chosen.name for chosen in problems_named(self._grouped, problem)]
        with np.errstate(all="ignore"):
            rows = board(self._grouped)
        return rows[rows["problem"].isin(names)].reset_index(drop=True)

    @property
    def problems(self) -> list[str]:
        """Names of the problems: dataset and split."""
        return [problem.name for problem in self._cases]

    @property
    def methods(self) -> list[str]:
        """Names of the methods' rows."""
        return list(dict.fromkeys(method.label for problem in self._cases for method in problem.methods))

    @property
    def suite(self) -> str | None:
        """Text of the suite that was run, as the folder keeps it; None if it keeps none."""
        texts = [read_text(f / KEPT, SUITE_BYTES) for f in self.folders if (f / KEPT).is_file()]
        return "\n---\n".join(texts) or None

    # ------------------------------------------------------------ one fit
    def predictions(
        self, method: str, problem: str | None = None, seed: int | None = None, test: str | None = None
    ) -> tuple[Labels, Labels]:
        """True and predicted labels of a test group.

        Parameters
        ----------
        method : str
            Name of a row or method, or ``best``.
        problem : str, optional
            Needed where the method has several; a part of its name that no other has is enough.
        seed : int, optional
            Needed where the method has several.
        test : str, optional
            By default the group that ranks the methods.

        Raises
        ------
        LookupError
            There is no such fit or test group, it has failed, or there are several.
        ValueError
            Its predictions are not in the folder.
        """
        document, store = self._fit(method, problem, seed)
        tests = list(dig(document, "split", "tests") or {})
        if test is None:
            test = reference_group(document) or ""
        if test not in tests:
            raise LookupError(f"no test group {test!r}{suggest(test, tests)}")
        arrays = store.predictions(document["id"])
        if arrays is None or f"{test}/n_atoms" not in arrays:
            raise ValueError(
                f"{store.folder} holds no predictions of {method} on {test}"
                f"{_reason(store.set_aside.get(store.predictions_path(document['id'])))}; "
                "'mlffbench run' with --force makes them again"
            )
        _, true, predicted = unpack(arrays, test)
        return true, predicted

    def model(
        self,
        method: str,
        problem: str | None = None,
        seed: int | None = None,
        trust: Sequence[str] = (),
        device: str | None = None,
    ) -> ForceField:
        """Load a fitted model that was kept.

        Parameters
        ----------
        method : str
            Name of a row or method, or ``best``.
        problem : str, optional
            Needed where the method has several; a part of its name that no other has is enough.
        seed : int, optional
            Needed where the method has several.
        trust : sequence of str
            Modules and files of others that the model may use, see `mlffbench.load`.
        device : str, optional
            Where the model computes.

        Raises
        ------
        LookupError
            There is no such fit, it has failed, or there are several.
        ValueError
            Its model was not kept, or names code that is not trusted.
        """
        document, store = self._fit(method, problem, seed)
        path = store.kept_model(document["id"])
        if path is None:
            reason = store.missing_model(document["id"])
            raise ValueError(
                f"{store.folder} has no model of {method}: {reason}; "
                "'mlffbench run' with --force fits it again"
            )
        from mlffbench.system.model_file import load

        return load(path, trust, device)

    # ------------------------------------------------------------ files and screens
    def report(self, out: AnyPath | None = None, data: Iterable[str] = ()) -> list[Path]:
        """Write the files of a report, see `mlffbench.report.formats.write`.

        A case that several folders have fitted is a row a folder there, see `combine_folders`.

        Parameters
        ----------
        out : path, optional
            By default the results folder.
        data : iterable of str
            Paths of your own files, as the suite names them, whose structures the page shall show.

        Returns
        -------
        list of Path
            The files.
        """
        from mlffbench.report.formats.write import write
        from mlffbench.report.structures import frames_of

        if out is None and len(self.folders) > 1:
            raise ValueError("these results are of several folders; name the folder to write into")
        one = len(self._stores) == 1
        combined = self._alone() if one else combine_folders(self._stores, self._ids)
        with np.errstate(all="ignore"):  # numbers of 1e308 become infinite, and are shown so
            grouped = self._grouped if one else self._group(combined.documents)
            place, frames = Path(out or self.folders[0]), frames_of(grouped.documents, data)
            return write(grouped, combined.predictions, place, self._title, frames)

    def __repr__(self) -> str:
        status = [status for table in self._records for status in table["status"].to_pylist()]
        return (
            f"<Results of {self._title}: {len(self.problems)} problems, {len(self.methods)} methods, "
            f"{len(status)} fits, {status.count('failed')} failed>"
        )

    def _repr_html_(self) -> str:
        table = self.leaderboard().drop(columns=["failure kind", "failure message"])
        parts = [f"<p>{escape(repr(self))}</p>"]
        for name, rows in list(table.groupby("problem", sort=False))[:N_SHOWN]:
            shown = rows.drop(columns="problem").dropna(axis=1, how="all")
            html = shown.to_html(index=False, na_rep="–", float_format="{:.4g}".format, border=0)
            parts.append(f"<h4>{escape(str(name))}</h4>{html}")
        if (more := len(self.problems) - N_SHOWN) > 0:
            parts.append(f"<p>and {more} more problems</p>")
        return "".join(parts)

    # ------------------------------------------------------------ documents
    @cached_property
    def _cases(self) -> list[Problem]:
        return group_cases(cases_of(self._records))

    @cached_property
    def _read(self) -> list[tuple[Document, Store]]:
        return [(document, store) for store in self._stores for document in store.documents(self._ids)]

    def _alone(self) -> CombinedFolders:
        """Documents of a single folder, which have been read."""
        return CombinedFolders(self.documents, {document["id"]: (store,) for document, store in self._read})

    @cached_property
    def _grouped(self) -> GroupedResults:
        return self._group(self.documents)

    def _group(self, documents: Iterable[Document]) -> GroupedResults:
        return in_suite_order(documents, self.folders)

    @cached_property
    def _without_number(self) -> pd.DataFrame:
        return tidy_failures(self._grouped)

    @property
    def _title(self) -> str:
        suites = (suite for table in self._records for suite in table["suite"].to_pylist())
        return ", ".join(dict.fromkeys(suites))

    def _fit(self, method: str, problem: str | None, seed: int | None) -> tuple[Document, Store]:
        """The one fit of these names, and its folder."""
        document = choose_row(self._grouped, method, problem, seed).document
        return document, next(store for own, store in self._read if own is document)


def _reason(text: Any) -> str:
    return f" ({text})" if text else ""


def stores_in(folder: Path) -> Iterator[Store]:
    """The results folder, or the results folders in it."""
    if not folder.is_dir():
        beside = [p.name for p in folder.parent.glob("*") if p.is_dir()] if folder.parent.is_dir() else []
        raise FileNotFoundError(f"no results folder {str(folder)!r}{suggest(folder.name, beside)}")
    if any(folder.glob("*.json")):
        yield Store(folder)
    else:
        inside = [Store(place) for place in sorted(folder.iterdir()) if any(place.glob("*.json"))]
        yield from [store for store in inside if store.table(columns=()).num_rows] or [Store(folder)]
