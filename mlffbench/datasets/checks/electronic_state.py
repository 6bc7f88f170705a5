"""Charge, spin, magnetic moment and surroundings that differ between frames of the same atoms."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import numpy as np

from mlffbench.data import Dataset, Finding

__all__ = ["electronic_state"]

OF_ALL = "(?:total|tot|net|mol|molecule|molecular|system|sys|formal|overall|abs|totalabs)?"
CHARGES = re.compile(  # names of columns, in lower case and without punctuation
    rf"{OF_ALL}(?:charges?|chrg|chg)(?:state)?|{OF_ALL}spin(?:state|z)?|uhf|nupdown|(?:n|num|number)?(?:of)?"
    "unpaired(?:electrons?)?"
)
STATES = re.compile(
    "(?:spin)?(?:multiplicity|mult)|n(?:um|umber)?(?:of)?elec(?:t|trons?)?|electronnumber|"
    "(?:electronic|excited|oxidation)states?"
)
WHOLE = re.compile("q|root|iroot|mult")  # states only in whole numbers
FIELDS = re.compile("(?:electric|external|e)field|solvent|solvation|implicitsolvent|dielectric")
MOMENTS = re.compile(rf"{OF_ALL}(?:mag|magmoms?|magneticmoments?|magneti[sz]ation)(?:tot|total)?")
PREFIX = re.compile(r"^(dft|ref|qm)(?=.)")
STEP, SHARE = 0.25, 0.25  # charges are whole numbers; moments differ by 0.5 and by this share of the largest
SHOWN = 5


def electronic_state(dataset: Dataset) -> list[Finding]:
    """Columns of charge, spin, magnetic moment, field or solvent with several values for the same atoms.

    The methods know elements, positions and cell only: one structure in two states has two energies for them.
    A charge that the composition determines is no mistake. Moments are compared without their sign, which no
    energy depends on.
    """
    families = _compositions(dataset)
    return [
        finding
        for name, values in dataset.columns.items()
        if (finding := _finding(dataset, name, np.asarray(values), families)) is not None
    ]


def _compositions(dataset: Dataset) -> list[np.ndarray]:
    """Frames of each composition that has several."""
    members: dict[bytes, list[int]] = defaultdict(list)
    for i, atoms in enumerate(dataset.frames):
        members[np.sort(atoms.numbers).tobytes()].append(i)
    return [np.array(m) for m in members.values() if len(m) > 1]


def _finding(dataset: Dataset, name: str, values: np.ndarray, families: list[np.ndarray]) -> Finding | None:
    """The finding of one column; None where it names no state, or each composition has one."""
    states = _states(name, values)
    if states is None:
        return None
    differing = [m for m in families if len(set(states[m].tolist())) > 1]
    if not differing:
        return None
    usual = {int(k): Counter(states[m].tolist()).most_common(1)[0][0] for m in differing for k in m}
    frames = tuple(sorted(k for k, state in usual.items() if states[k] != state))
    text = (
        f"frames of the same atoms differ in {name!r} ({_listed(values[np.concatenate(differing)])}), which "
        "no method here can see; split the data by it, or keep one state"
    )
    return Finding("electronic_state", text, frames)


def _states(name: str, values: np.ndarray) -> np.ndarray | None:
    """Number of the state of each frame in a column; None where its name is of no state.

    Missing charges, moments and fields are zero; other missing values are the usual one.
    """
    word = PREFIX.sub("", re.sub(r"[^a-z0-9]", "", name.lower()))
    is_moment, is_field, is_charge = (bool(p.fullmatch(word)) for p in (MOMENTS, FIELDS, CHARGES))
    whole = WHOLE.fullmatch(word) is not None
    if not (is_moment or is_field or is_charge or whole or STATES.fullmatch(word)):
        return None
    if values.dtype.kind not in "fiub" and whole:
        return None
    if values.dtype.kind not in "fiub":
        return np.unique(values.astype(str), return_inverse=True)[1]
    numbers = values.astype(float)
    known = numbers[np.isfinite(numbers)]
    if len(known) == 0 or (whole and (known != np.round(known)).any()):
        return None
    zero = 0.0 if is_charge or is_field or is_moment else Counter(known.tolist()).most_common(1)[0][0]
    numbers = np.where(np.isfinite(numbers), numbers, zero)
    if is_moment:
        return _clusters(np.abs(numbers), max(2 * STEP, SHARE * float(np.abs(numbers).max())))
    return _clusters(numbers, 0.0 if is_field else STEP)


def _clusters(values: np.ndarray, step: float) -> np.ndarray:
    """Number of the interval of width `step` that each value lies in, from the least."""
    order = np.argsort(values, kind="stable")
    numbers, start, number = np.empty(len(values), dtype=int), values[order[0]], 0
    for k in order.tolist():
        if values[k] - start > step:
            start, number = values[k], number + 1
        numbers[k] = number
    return numbers


def _listed(values: np.ndarray) -> str:
    """The different values, at most five, as a text."""
    numeric = values.dtype.kind in "fiub"
    words = [f"{v:.3g}" if np.isfinite(v) else "missing" for v in values.astype(float)] if numeric else []
    unique = dict.fromkeys(words or [str(v) or "missing" for v in values.tolist()])
    key = (lambda w: (w == "missing", float(w) if w != "missing" else 0.0)) if numeric else str
    listed = sorted(unique, key=key)
    if len(listed) <= SHOWN:
        return ", ".join(listed)
    return f"{listed[0]}, {listed[1]} ... {listed[-1]}"
