"""Documents of several methods on several problems."""

from __future__ import annotations

from example_documents import outcome


def on(name, document, digest=None, split=None, **params):
    """The document on another dataset, and with another size of its training set."""
    case = {**document["case"], "dataset": {"name": name, "params": params}}
    if split:
        case["split"] = {"name": "learning_curve", "params": {"n_train": split}}
    digest = digest or f"digest of {name} {params}"
    data = document["dataset"] and {**document["dataset"], "digest": digest}
    return {**document, "case": case, "dataset": data}


def on_problems(errors):
    """Documents with force errors (eV/Å) by method, one a problem; None: not tried there."""
    return [
        on(f"data{i}", outcome(method, error))
        for method, own in errors.items()
        for i, error in enumerate(own)
        if error is not None
    ]
