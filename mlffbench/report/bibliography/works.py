"""Works that results are built on: of their methods, their data and the packages that computed them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlffbench import registry
from mlffbench.registry.docstring import read_docstring
from mlffbench.report.bibliography.reference import Reference, read_references
from mlffbench.report.problems import Document, dig

__all__ = ["works_of"]

SOFTWARE = "mlffbench: comparative benchmarks of machine-learned force fields"
PACKAGES = {  # publications that the packages ask to cite
    "numpy": "C. R. Harris et al., Array programming with NumPy, Nature 585, 357 (2020), "
    "doi:10.1038/s41586-020-2649-2",
    "scipy": "P. Virtanen et al., SciPy 1.0: fundamental algorithms for scientific computing in Python, "
    "Nat. Methods 17, 261 (2020), doi:10.1038/s41592-019-0686-2",
    "ase": "A. H. Larsen et al., The atomic simulation environment, J. Phys.: Condens. Matter 29, 273002 "
    "(2017), doi:10.1088/1361-648X/aa680e",
    "scikit-learn": "F. Pedregosa et al., Scikit-learn: machine learning in Python, J. Mach. Learn. Res. 12, "
    "2825 (2011)",
    "torch": "A. Paszke et al., PyTorch: an imperative style deep learning library, NeurIPS 2019, "
    "arXiv:1912.01703",
    "e3nn": "M. Geiger and T. Smidt, e3nn: Euclidean neural networks, arXiv:2207.09453",
    "dscribe": "L. Himanen et al., DScribe: library of descriptors for machine learning in materials "
    "science, Comput. Phys. Commun. 247, 106949 (2020), doi:10.1016/j.cpc.2019.106949",
    "gpytorch": "J. R. Gardner et al., GPyTorch: blackbox matrix-matrix Gaussian process inference, NeurIPS "
    "2018, arXiv:1809.11165",
    "lammps": "A. P. Thompson et al., LAMMPS, Comput. Phys. Commun. 271, 108171 (2022), "
    "doi:10.1016/j.cpc.2021.108171",
}
ALWAYS = ("numpy", "scipy", "ase", "scikit-learn")  # compute in every case
BY_MODULE = {"mace": "e3nn", "nequip": "e3nn"}  # packages that others are built on


def works_of(documents: Sequence[Document]) -> tuple[list[Reference], list[str]]:
    """References of finished and failed cases, and sentences on what has none."""
    methods = dict.fromkeys(
        name for document in documents for name in _methods(document["case"]["estimator"])
    )
    references, missing = [_software(documents)], []
    for name in methods:
        own = list(_of_method(name))
        references += own
        missing += [] if own or _is_baseline(name) else [f"the method {name} names no reference"]
    for name, citation in _citations(documents).items():
        own = list(read_references(citation, f"the data {name}")) if citation else []
        references += own
        missing += [] if own else [f"the data {name} have no citation"]
    return [*references, *_of_packages(documents, methods)], missing


def _methods(spec: Any) -> Iterator[str]:
    """Names of a method and of the methods inside it."""
    if isinstance(spec, Mapping):
        if isinstance(spec.get("name"), str):
            yield spec["name"]
        for key, value in spec.items():
            if key in registry.names("estimators"):
                yield key
            yield from _methods(value)
    elif isinstance(spec, list | tuple):
        for value in spec:
            yield from _methods(value)


def _of_method(name: str) -> Iterator[Reference]:
    """References in the docstring of one of mlffbench's own methods."""
    if name in registry.names("estimators"):
        lines = read_docstring(registry.load("estimators", name).__doc__).references
        for paragraph in re.split(r"(?:^|\s)\[\w+\]\s", " ".join(lines)):
            yield from read_references(paragraph, name)


def _is_baseline(name: str) -> bool:
    known = name in registry.names("estimators")
    return known and getattr(registry.load("estimators", name), "family", "") == "baseline"


def _citations(documents: Iterable[Document]) -> dict[str, str]:
    """Citation of each dataset, '' without one; data that mlffbench itself has made are left out."""
    citations: dict[str, str] = {}
    for document in documents:
        name, card = document["case"]["dataset"]["name"], dig(document, "dataset", "card") or {}
        if not (citation := str(card.get("citation") or "")).startswith("mlffbench"):
            citations[name] = citations.get(name) or citation
    return citations


def _of_packages(documents: Sequence[Document], methods: Iterable[str]) -> Iterator[Reference]:
    """Publications of the packages that methods need, with the versions that were there."""
    own = [registry.load("estimators", name) for name in methods if name in registry.names("estimators")]
    needed = {str(module) for method in own for module in getattr(method, "requires", ())}
    needed |= {BY_MODULE[module] for module in needed if module in BY_MODULE}
    for package, citation in PACKAGES.items():
        found = [dig(d, "provenance", "packages") or {} for d in documents]
        versions = dict.fromkeys(str(packages[package]) for packages in found if packages.get(package))
        if versions and (package in ALWAYS or package in needed):
            yield from read_references(citation, f"{package} {', '.join(versions)}")


def _software(documents: Iterable[Document]) -> Reference:
    """mlffbench itself, with the revisions that computed the results."""
    known = (str(dig(d, "provenance", "revision") or "")[:10] for d in documents)
    revisions = ", ".join(dict.fromkeys(filter(None, known))) or "unknown"
    fields = {"author": "{The mlffbench developers}", "title": SOFTWARE}
    return Reference(SOFTWARE, fields, (f"mlffbench, revision {revisions}",))
