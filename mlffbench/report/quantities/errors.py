"""Errors on test groups and on the training part: energies, forces, stress."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["NAMES", "QUANTITIES"]

KINDS = (  # name, words, symbol, unit, definition
    ("forces", "force", "F", "eV/Å", "single force components"),
    ("energy_per_atom", "energy", "E/N", "eV/atom", "the energy per atom"),
    ("energy_per_atom_shifted", "shifted energy", "E/N − ⟨ΔE/N⟩", "eV/atom",
     "the energy per atom after the group's mean error is taken off"),
    ("energy", "cell energy", "E", "eV", "the energy of all atoms of a frame"),
    ("energy_shifted", "shifted cell energy", "E − ⟨ΔE⟩", "eV",
     "the energy of all atoms of a frame after the group's mean error is taken off"),
    ("stress", "stress", "σ", "eV/Å³", "the six components of the stress tensor"),
)  # fmt: skip
NAMES = {quantity: words for quantity, words, *_ in KINDS}
METRICS = (
    ("rmse", "RMSE", "Root mean square error of {}."),
    ("mae", "MAE", "Mean absolute error of {}."),
    ("max_error", "max error", "Largest absolute error of {}."),
)
SOURCE = "bounds: ours, orders of magnitude that MD and relaxations tolerate"
BOUNDS = {  # passed, failed
    ("forces", "rmse"): (0.05, 0.2),
    ("energy_per_atom", "rmse"): (0.001, 0.01),
    ("stress", "rmse"): (0.002, 0.01),
}
BROKEN = {"forces": 1e3, "stress": 1e2, "energy_per_atom": 1e4, "energy": 1e6}


def _error(kind: tuple[str, str, str, str, str], metric: tuple[str, str, str]) -> Quantity:
    quantity, words, symbol, unit, definition = kind
    name, short, sentence = metric
    passed, failed = BOUNDS.get((quantity, name), (None, None))
    return Quantity(
        "", quantity, name, f"{words} {short}", f"{short}({symbol})", unit, sentence.format(definition),
        passed=passed, failed=failed, broken=BROKEN.get(quantity.removesuffix("_shifted")),
        source=SOURCE if passed else "",
    )  # fmt: skip


QUANTITIES = tuple(_error(kind, metric) for kind in KINDS for metric in METRICS)
