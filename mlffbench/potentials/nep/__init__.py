"""The neuroevolution potential by the package torchnep: its files, training and evaluation."""
