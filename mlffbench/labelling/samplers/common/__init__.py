"""Helpers that several samplers use."""
