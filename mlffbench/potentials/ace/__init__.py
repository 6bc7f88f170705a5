"""Linear atomic cluster expansion through its authors' package, ace-jax."""
