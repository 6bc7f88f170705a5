"""Results -> pandas data frames."""
