"""Data frames -> tables of text, with units, intervals and captions."""
