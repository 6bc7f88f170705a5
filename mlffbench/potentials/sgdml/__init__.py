"""Symmetric gradient-domain machine learning (sGDML)."""
