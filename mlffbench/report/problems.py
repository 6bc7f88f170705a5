"""Problems (a dataset and a split) with their methods, as values made of outcome documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlffbench.harness.documents.parts import Document, dig, failed_as, fitted_here, search_params
from mlffbench.harness.documents.valid_scores import valid_scores
from mlffbench.harness.reference_group import in_reading_order

__all__ = [
    "Document",
    "Method",
    "Problem",
    "dig",
    "failed_as",
    "fitted_here",
    "kept_file",
    "spec_text",
]


def kept_file(document: Document) -> str | None:
    """The kept model in the results folder, whatever file the document names; None without one.

    Of a report of several folders, whose ids have the folder in front, it is the path of the file.
    """
    folder, slash, id = str(document["id"]).rpartition("/")
    return f"{folder}{slash}models/{id}.mlff" if dig(document, "kept_model", "sha256") else None


def spec_text(spec: Mapping[str, Any]) -> str:
    """``name(keyword=value, ...)``."""
    inside = ", ".join(f"{k}={v!r}" for k, v in (spec.get("params") or {}).items())
    return f"{spec['name']}({inside})" if inside else str(spec["name"])


@dataclass(frozen=True)
class Method:
    """One row of a leaderboard: the documents of one label, the newest of every seed.

    `superseded` is the number of older documents of the same seeds.
    """

    label: str
    done: tuple[Document, ...]
    failed: tuple[Document, ...]
    superseded: int = 0

    @cached_property
    def seeds(self) -> list[Any]:
        """Seeds of all documents, failed ones too."""
        return [d["case"].get("seed") for d in (*self.done, *self.failed)]

    @property
    def budget(self) -> Mapping[str, Any] | None:
        """Most that the fits could use; None without a limit."""
        return dig((*self.done, *self.failed)[0], "case", "budget")

    @cached_property
    def is_tuned(self) -> bool:
        """True if the hyperparameters were searched: no rival of methods as they are by default."""
        return self.search is not None

    @cached_property
    def search(self) -> Mapping[str, Any] | None:
        """Parameters of the search of hyperparameters; None without one."""
        searches = (search_params(dig(d, "case", "estimator")) for d in (*self.done, *self.failed))
        return next((params for params in searches if params is not None), None)

    @cached_property
    def fitted_here(self) -> bool:
        """False if some document is of a potential that existed already."""
        return all(map(fitted_here, self.done))

    @cached_property
    def ignored(self) -> list[str] | None:
        """Labels of the training frames that some fit did not use; None where no document says."""
        each = [labels for d in self.done if (labels := dig(d, "training", "ignored")) is not None]
        return list(dict.fromkeys(str(label) for labels in each for label in labels)) if each else None

    @cached_property
    def training_frames(self) -> dict[str, int]:
        """Numbers of predicted frames by part of the training set, of the first document that has any."""
        return next((dict(n) for d in self.done if (n := dig(d, "training", "frames"))), {})

    @cached_property
    def scores(self) -> list[list[dict[str, Any]]]:
        """Scores of each finished document that can be believed."""
        return [scores for scores, _ in self._checked]

    @cached_property
    def faults(self) -> list[str]:
        """Reasons why scores of finished documents were set aside."""
        return [fault for _, faults in self._checked for fault in faults]

    @property
    def faulty(self) -> list[tuple[Document, list[str]]]:
        """Each finished document, and the reasons why scores of it were set aside."""
        return [(document, faults) for document, (_, faults) in zip(self.done, self._checked, strict=True)]

    @cached_property
    def _checked(self) -> list[tuple[list[dict[str, Any]], list[str]]]:
        return [valid_scores(document) for document in self.done]

    @cached_property
    def answers(self) -> dict[str, set[str]]:
        """Quantities that every seed has an RMSE of, by test group; groups without any are absent."""
        of_seeds: list[dict[str, set[str]]] = []
        for scores in self.scores:
            own: dict[str, set[str]] = {}
            for score in scores:
                if not score.get("task") and score["metric"] == "rmse" and score.get("value") is not None:
                    own.setdefault(str(score["test"]), set()).add(str(score["quantity"]))
            of_seeds.append(own)
        tests = set.intersection(*map(set, of_seeds)) if of_seeds else set()
        return {test: set.intersection(*(own[test] for own in of_seeds)) for test in tests}

    @cached_property
    def test_failures(self) -> dict[str, tuple[str, str]]:
        """Kind and message of the failure by test group, where a case that went well could not predict it."""
        return {
            str(failure["test"]): (failed_as(failure), str(failure.get("message") or ""))
            for document in self.done
            for failure in document.get("test_failures") or []
        }


@dataclass(frozen=True, eq=False)
class Problem:
    """A dataset and a split, and the methods that were tried on them.

    Attributes
    ----------
    name : str
    methods : tuple of Method
    doubts : tuple of str
        Sentences on why the rows may not be comparable, see `mlffbench.report.doubts`.
    """

    name: str
    methods: tuple[Method, ...]
    doubts: tuple[str, ...] = ()

    @cached_property
    def documents(self) -> list[Document]:
        """The documents of all methods."""
        return [d for m in self.methods for d in (*m.done, *m.failed)]

    def first(self, *keys: str) -> Any:
        """The first value found under these keys in any document, else None."""
        return next((v for d in self.documents if (v := dig(d, *keys)) not in (None, "", {}, [])), None)

    @cached_property
    def in_domain(self) -> str | None:
        """The test group drawn from the distribution of the training set; None without one."""
        return self.first("split", "in_domain")

    @cached_property
    def tests(self) -> dict[str, int | None]:
        """Test groups in reading order, and their numbers of frames."""
        sizes: dict[str, int | None] = {}
        for document in self.documents:
            sizes = {**(dig(document, "split", "tests") or {}), **sizes}
        return {name: sizes[name] for name in in_reading_order(sizes, self.in_domain)}

    @cached_property
    def gaps(self) -> dict[str, list[str]]:
        """Test groups that a method left out, all or a quantity that it has elsewhere, and another did not.

        An error over the other groups, or a rank, would flatter it.
        """
        answered = {test: self._answered(test) for test in self.tests}
        gaps = {}
        for method in self.methods if answered else ():
            able = set().union(*method.answers.values())
            gaps[method.label] = [
                test
                for test, quantities in answered.items()
                if method.done
                and quantities
                and (test not in method.answers or (quantities & able) - method.answers[test])
            ]
        return {label: tests for label, tests in gaps.items() if tests}

    def _answered(self, test: str) -> set[str]:
        """Quantities that any method has an RMSE of, on a test group."""
        return set().union(*(method.answers.get(test, set()) for method in self.methods))

    @cached_property
    def leaks(self) -> dict[str, int]:
        """Frames with a duplicate in the training set by test group; the most over the seeds."""
        frames: dict[str, int] = {}
        for document in self.documents:
            for test, n in (dig(document, "split", "leaks", "tests") or {}).items():
                frames[test] = max(n, frames.get(test, 0))
        return frames

    @cached_property
    def other_level(self) -> Mapping[str, Any] | None:
        """Entry of a document on a reference at another level of theory than the labels; None without one."""
        references = (dig(d, "reference") for d in self.documents)
        return next((r for r in references if r and r.get("differs")), None)

    @property
    def reference(self) -> str | None:
        """The test group that ranks the methods: the in-domain one, else the first."""
        return self.in_domain or next(iter(self.tests), None)
