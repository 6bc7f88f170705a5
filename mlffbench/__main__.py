"""``python -m mlffbench``."""

from mlffbench.cli import main

main()
