"""``mlffbench property``: a property of any model or calculator, one command for all of them."""

from mlffbench.cli.property.command import property_

__all__ = ["property_"]
