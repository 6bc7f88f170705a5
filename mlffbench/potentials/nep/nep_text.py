"""Text of a NEP4 network, ``nep.txt`` of GPUMD: a header of words and then one number a line.

The numbers are for each element w0 (n_neurons × n_descriptors), b0 and w1 of E = Σ w1 tanh(w0 q − b0) − b1;
then b1, the coefficients of the descriptors, and the factors that scale them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["NEPText"]

SATURATED = -30.0  # b0 with tanh(−b0) = 1 in double precision
REFUSAL = "this text is no NEP4 network, as torchnep and GPUMD write it"


@dataclass(frozen=True)
class NEPText:
    """Header and numbers of a network.

    Attributes
    ----------
    elements : list of str
        Chemical symbols, in the order of the networks.
    header : list of str
        Lines before the numbers, the last of them ``ANN n_neurons 0``.
    numbers : list of str
    """

    elements: list[str]
    header: list[str]
    numbers: list[str]

    @classmethod
    def parse(cls, text: str) -> NEPText:
        """Read the text.

        Raises
        ------
        ValueError
            It is no NEP4, or not whole.
        """
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        last = next((i for i, line in enumerate(lines) if line.startswith("ANN ")), None)
        if last is None or not lines[0].startswith("nep4"):
            raise ValueError(REFUSAL)
        known = cls(lines[0].split()[2:], lines[: last + 1], lines[last + 1 :])
        if (n := known.n_numbers) > len(known.numbers):
            raise ValueError(f"{REFUSAL}: it ends after {len(known.numbers)} numbers of {n}")
        return known

    def words(self, name: str) -> list[str]:
        """Values of a line of the header.

        Raises
        ------
        ValueError
            There is no such line.
        """
        line = next((line.split() for line in self.header if line.split()[0] == name), None)
        if line is None or len(line) < 2:
            raise ValueError(f"{REFUSAL}: it has no line {name!r}")
        return line[1:]

    @property
    def cutoff(self) -> float:
        """Largest cutoff, Å; the last two numbers of its line count neighbours."""
        return max(map(float, self.words("cutoff")[:-2]))

    @property
    def n_neurons(self) -> int:
        return int(self.words("ANN")[0])

    @property
    def n_descriptors(self) -> int:
        """Radial functions, and for each angular one an order of three bodies or a product of more."""
        radial, angular = map(int, self.words("n_max"))
        order, *products = map(int, self.words("l_max"))
        return radial + 1 + (angular + 1) * (order + sum(flag > 0 for flag in products))

    @property
    def n_weights(self) -> int:
        """Weights of the networks of all elements, without the common b1."""
        return len(self.elements) * self.n_neurons * (self.n_descriptors + 2)

    @property
    def n_numbers(self) -> int:
        """Numbers that a whole text has."""
        functions = zip(self.words("n_max"), self.words("basis_size"), strict=True)
        coefficients = sum((int(n) + 1) * (int(size) + 1) for n, size in functions)
        return self.n_weights + 1 + len(self.elements) ** 2 * coefficients + self.n_descriptors

    @property
    def n_parameters(self) -> int:
        """Weights, b1 and coefficients, without the factors that scale the descriptors."""
        return len(self.numbers) - self.n_descriptors

    def with_atomic_energies(self, energies: Mapping[str, float]) -> str:
        """Text of a network with these energies, eV, added to each atom by one more neuron of its element.

        The neuron has w0 = 0 and tanh(−b0) = 1, so its w1 is the energy: the format has no other place.
        """
        n, d = self.n_neurons, self.n_descriptors
        lines = list(self.header)
        lines[-1] = f"ANN {n + 1} {' '.join(self.words('ANN')[1:])}"
        for k, symbol in enumerate(self.elements):
            own = self.numbers[k * n * (d + 2) : (k + 1) * n * (d + 2)]
            w0, b0, w1 = own[: n * d], own[n * d : n * (d + 1)], own[n * (d + 1) :]
            lines += [*w0, *["0.0"] * d, *b0, repr(SATURATED), *w1, repr(float(energies[symbol]))]
        return "\n".join([*lines, *self.numbers[self.n_weights :], ""])
