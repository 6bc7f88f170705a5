"""Name of the estimator that searches, and the number of its trials."""

from __future__ import annotations

__all__ = ["MOST", "TRIALS", "TUNED"]

TUNED = "tuned"
TRIALS = 20  # of a search without a limit of its own
MOST = 1000  # where the time is the limit
