"""Registry of the measured quantities: names, symbols, units, directions, thresholds, sources."""
