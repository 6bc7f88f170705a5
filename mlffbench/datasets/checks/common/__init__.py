"""Evidence that several checks of data use."""
