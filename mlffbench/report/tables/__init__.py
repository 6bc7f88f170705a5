"""Data frames -> tables as a reader sees them."""
