"""Suite -> cases -> outcomes."""
