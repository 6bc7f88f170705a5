"""Suites: read, checked, and divided into cases."""
