"""Bonded force fields of the GAFF form: atom types, bond perception, fit."""
