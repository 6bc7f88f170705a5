"""Verdict on results: sentences, matrix of methods and problems, summary of tasks, orders of merit."""
