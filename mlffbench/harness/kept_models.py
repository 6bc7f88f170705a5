"""Kept models: which of them stay."""
