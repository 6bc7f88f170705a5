"""Execution of cases in processes of their own."""
