"""Comparison of two sides: folders, revisions or methods; what changed, and where it is significant."""
