"""Faults of chemical symbols and atomic numbers: the word that was seen, and the element to write."""

from __future__ import annotations

import re

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

__all__ = ["HEAVIEST", "fault_of_numbers", "fault_of_symbol", "is_word", "numbers_of"]

ISOTOPES = {"D": "deuterium", "T": "tritium"}  # of hydrogen
GHOST = re.compile(r"xx?|du|gh|bq|lp|ep|\w+:|\w+\(gh\)|@\w+|gh\(\w+\)|\w+-bq|bq-?\w+", re.IGNORECASE)
HEAVIEST = len(chemical_symbols) - 1


def is_word(text: object) -> bool:
    """True for a text that may be meant as a symbol: letters with digits and signs behind them, or digits."""
    return isinstance(text, str) and re.fullmatch(r"[A-Za-z][\w+-]{0,11}|\d{1,3}", text) is not None


def fault_of_symbol(word: str) -> str | None:
    """Return the fault of a chemical symbol that ASE does not know, with the remedy."""
    if word.capitalize() in atomic_numbers:
        return None
    isotope = ISOTOPES.get(word.upper())
    if isotope is not None:
        return f"{word!r} is no chemical symbol that ASE knows; write H for {isotope}"
    if word.isdigit() and 0 < int(word) <= HEAVIEST:
        return (
            f"{word!r} is no chemical symbol; if it is an atomic number write {chemical_symbols[int(word)]}"
        )
    if GHOST.fullmatch(word):
        return f"{word!r} is a ghost or a dummy, no element; remove it and its forces"
    letters = next((word[:n] for n in (2, 1) if word[:n].capitalize() in atomic_numbers), None)
    hint = "" if letters is None else f"; write the element, such as {letters.capitalize()}"
    return f"{word!r} is no chemical symbol that ASE knows{hint}"


def numbers_of(symbols: list[str]) -> np.ndarray:
    """Return the atomic numbers of chemical symbols, in any case.

    Raises
    ------
    ValueError
        A word that is no symbol; the message names it and its atom.
    """
    for i, word in enumerate(symbols):
        if (text := fault_of_symbol(word)) is not None:
            raise ValueError(f"atom {i}: {text}")
    return np.array([atomic_numbers[word.capitalize()] for word in symbols], dtype=int)


def fault_of_numbers(numbers: np.ndarray) -> str | None:
    """Return the fault of atomic numbers of no element: 0 (dummies, ghosts, padding), or beyond the table."""
    wrong = np.unique(numbers[(numbers < 1) | (numbers > HEAVIEST)]).tolist()
    if not wrong:
        return None
    if wrong == [0]:
        return "atoms 'X' of atomic number 0 (dummies, ghosts or padding); remove them and their forces"
    return f"atoms of atomic number {wrong[-1]}, and the elements have 1 to {HEAVIEST}"
