"""Subtasks of `properties` on molecules."""
