"""Subtasks of `properties` on crystals."""
