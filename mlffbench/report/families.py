"""Families of methods, which share a colour: baselines, classical potentials, kernels, networks."""

from __future__ import annotations

from mlffbench.report.problems import Method, dig

__all__ = ["OTHER", "family"]

OTHER = "other"
OLDER = {  # of documents that are older than the entry "family"
    "atomic_reference": "baseline",
    **dict.fromkeys(("lennard_jones", "morse", "buckingham"), "classical"),
    **dict.fromkeys(("stillinger_weber", "embedded_atom", "bonded"), "classical"),
    **dict.fromkeys(("soap_kernel_ridge", "sgdml", "fchl19"), "kernel"),
    **dict.fromkeys(("soap_gpr", "gap"), "Gaussian process"),
    **dict.fromkeys(("behler_parrinello", "schnet", "painn", "tensornet"), "neural network"),
    **dict.fromkeys(("equivariant_network", "mace"), "neural network"),
    **dict.fromkeys(("tuned", "committee", "delta_learning"), "composite"),
    "pretrained": "pretrained",
}


def family(method: Method) -> str:
    """Family of a method, as its documents or its estimator's name say; ``other`` where neither does."""
    for document in (*method.done, *method.failed):
        if named := dig(document, "model", "family"):
            return str(named)
    name = str(dig((*method.done, *method.failed)[0], "case", "estimator", "name"))
    return OLDER.get(name, OTHER)
