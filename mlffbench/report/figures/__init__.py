"""Plotly figures of the report."""
