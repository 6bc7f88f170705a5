"""Statistics of a report: pure functions of arrays, as docs/statistics.md states them."""
