"""Result documents -> pandas data frames."""
