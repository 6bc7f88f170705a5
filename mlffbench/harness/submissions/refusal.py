"""Refusal of a result: the file or case that it is of, the check, and the reason."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHECKS", "Refusal"]

CHECKS = {  # names, in the order in which they are made, and their meaning
    "files": "the archive holds nothing else than a submission, and its files have the listed digests",
    "document": "the document has the present schema and the types of it",
    "seal": "the document is as it was stored",
    "id": "the id is the digest of data, split, method, seed and budget",
    "outcome": "a finished case has scores and no failure, a failed one a failure and no scores",
    "method": "the parameters of the model are those of the case",
    "provenance": "date, machine, packages, lock are there; the revision is a commit, or null if installed",
    "data": "our data have the digest, the columns and the sizes of the document",
    "split": "our split has the digest, sizes, notes and duplicates of the document",
    "predictions": "predictions are there, of the named digest, finite, with the labels of our data",
    "scores": "each error and interval follows from the predictions, none is left out or added",
    "profiles": "energies along paths are those of the predictions",
    "tasks": "each task has numbers, or the reason why not",
    "suite": "the cases are those of the suite, failed ones too",
}


@dataclass(frozen=True)
class Refusal:
    """Reason, one sentence, why a case or a file is not accepted.

    Attributes
    ----------
    entry : str
        Id of a case, or name of a file.
    check : str
        One of `CHECKS`.
    reason : str
    """

    entry: str
    check: str
    reason: str
