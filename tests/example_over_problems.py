"""Documents of several methods on several problems."""

from __future__ import annotations

from example_documents import outcome


def on(dataset, document):
    """The document on another dataset."""
    return {**document, "case": {**document["case"], "dataset": {"name": dataset, "params": {}}}}


def on_problems(errors):
    """Documents with force errors (eV/Å) by method, one a problem; None: not tried there."""
    return [
        on(f"data{i}", outcome(method, error))
        for method, own in errors.items()
        for i, error in enumerate(own)
        if error is not None
    ]
