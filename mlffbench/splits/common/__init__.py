"""Helpers that several splits use."""
