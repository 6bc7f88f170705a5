"""Bonded force fields of the GAFF form: bond perception, atom types, energy terms, fit and evaluation."""
