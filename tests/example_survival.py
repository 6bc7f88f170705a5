"""Documents of methods with the survival of molecular dynamics and static scores, chosen by the test."""

from __future__ import annotations

from example_documents import outcome, score

MD = "md(temperatures=[300, 1200])"


def lived(label, force, lost, temperature="1200 K", dataset="malonaldehyde", seed=0, **scores):
    """A method with this force error in domain whose trajectories lost this share of their lifetime.

    `scores` are of the task physics, by quantity.
    """
    survival = [
        {**score(temperature, lost, "lifetime_lost", "", None, "share"), "task": MD},
        {**score(temperature, float(lost > 0), "failures", "", None, "share"), "task": MD},
        {**score(temperature, 5.0, "nve_drift", "meV/atom/ps", None, "error"), "task": MD},
    ]
    static = [
        {**score("C3H4O2", value, quantity, "eV/Å", None, "error"), "task": "physics"}
        for quantity, value in scores.items()
    ]
    document = outcome(label, force, seed)
    document["case"]["dataset"] = {"name": dataset, "params": {}}
    document["scores"] += [*survival, *static]
    document["id"] = f"{dataset}-{document['id']}"
    return document
