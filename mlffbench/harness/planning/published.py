"""Published errors that a suite measures again, with the protocol that they were obtained by."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, model_validator

__all__ = ["ProtocolSetting", "Published", "PublishedError"]

TOLERANCE = 0.1
Plain = str | int | float | bool
Tolerance = Annotated[float, Field(ge=0, le=10, strict=True)]
Quantity = Literal[
    "forces", "energy", "energy_shifted", "energy_per_atom", "energy_per_atom_shifted", "stress"
]
Unit = Literal[
    "meV", "eV", "kcal/mol",
    "meV/atom", "eV/atom",
    "meV/Å", "eV/Å", "kcal/mol/Å",
    "meV/Å³", "eV/Å³",
]  # fmt: skip
DIMENSIONS = {  # of the quantities, as their units end
    "energy": ("eV", "kcal/mol"),
    "energy_shifted": ("eV", "kcal/mol"),
    "energy_per_atom": ("eV/atom",),
    "energy_per_atom_shifted": ("eV/atom",),
    "forces": ("eV/Å", "kcal/mol/Å"),
    "stress": ("eV/Å³",),
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _printed_number(value: str | int | float) -> str | int | float:
    try:
        positive = Decimal(str(value)) > 0
    except InvalidOperation:
        positive = False
    if not positive:
        raise ValueError(f"a published error is a positive number, not {value!r}")
    return value


class PublishedError(_Strict):
    """One number of a published table."""

    problem: StrictInt = Field(default=1, ge=1, description="number of the problem in this suite, from 1 on")
    test: str = Field(description="test group")
    quantity: Quantity = Field(description="energy is that of the whole structure")
    metric: str = Field(description="rmse, mae ...")
    value: Annotated[str | int | float, AfterValidator(_printed_number)] = Field(
        description="as it is printed; in quotes where the last digit is 0"
    )
    unit: Unit = Field(description="unit of the value")

    @model_validator(mode="after")
    def _of_the_quantity(self) -> PublishedError:
        if self.unit.removeprefix("m") not in DIMENSIONS[self.quantity]:
            raise ValueError(f"{self.unit} is no unit of {self.quantity}")
        return self

    @property
    def number(self) -> float:
        """The value."""
        return float(self.value)

    @property
    def rounding(self) -> float:
        """Half a unit of the last printed digit."""
        exponent = Decimal(str(self.value)).as_tuple().exponent
        return 0.5 * 10.0 ** int(exponent)


class ProtocolSetting(_Strict):
    """One setting of the published protocol, beside that of this suite."""

    setting: str = Field(description="name of the setting")
    published: Plain | None = Field(default=None, description="as published; null: the source does not say")
    here: Plain | None = Field(default=None, description="that of this suite")
    document: str | None = Field(
        default=None,
        description="instead of here: keys of the result documents that hold it, as split.n_train",
    )


class Published(_Strict):
    """Errors of one method in one publication."""

    method: str = Field(description="name of the method in the publication")
    row: str | None = Field(default=None, description="row of this suite that reproduces it; null: none")
    source: str = Field(min_length=5, description="paper and table that the errors were taken from")
    tolerance: Tolerance = Field(
        default=TOLERANCE, description="largest deviation that counts as reproduced, share of the value"
    )
    errors: list[PublishedError] = Field(min_length=1, description="published errors")
    protocol: list[ProtocolSetting] = Field(default=[], description="settings, published and here")
    exempt: str | None = Field(
        default=None, min_length=5,
        description="reason why this cannot be reproduced here; shown, and the exit code does not count it",
    )  # fmt: skip

    @model_validator(mode="after")
    def _has_row_or_reason(self) -> Published:
        if self.row is None and self.exempt is None:
            raise ValueError("without a row, 'exempt' says why nothing here reproduces it")
        return self
