"""One product a layer against modules of each element, and weights of earlier files."""

from __future__ import annotations

import pytest
import torch

from mlffbench.potentials.networks.element_networks import ElementNetworks
from mlffbench.potentials.networks.seeding import fixed_seed

HIDDEN, N_ELEMENTS, N_FEATURES = (7, 5), 3, 11


def modules(dtype: torch.dtype = torch.float64) -> list[torch.nn.Sequential]:
    """One module an element, with the weights that the networks of seed 0 have."""
    with fixed_seed(0):
        each = [
            torch.nn.Sequential(
                torch.nn.Linear(N_FEATURES, 7), torch.nn.SiLU(),
                torch.nn.Linear(7, 5), torch.nn.SiLU(), torch.nn.Linear(5, 1),
            )
            for _ in range(N_ELEMENTS)
        ]  # fmt: skip
    return [m.to(dtype) for m in each]


def networks(dtype: torch.dtype = torch.float64) -> ElementNetworks:
    with fixed_seed(0):
        return ElementNetworks(HIDDEN, N_ELEMENTS, N_FEATURES).with_weights_of(dtype)


def test_energies_and_gradients_are_those_of_separate_modules() -> None:
    x = torch.randn(N_ELEMENTS, 4, N_FEATURES, dtype=torch.float64, requires_grad=True)
    expected = torch.stack([m(rows).squeeze(1) for m, rows in zip(modules(), x, strict=True)])
    (gradient,) = torch.autograd.grad(expected.sum(), x)
    energy, own = networks().with_gradient(x)
    torch.testing.assert_close(energy, expected)
    torch.testing.assert_close(networks()(x), expected)
    torch.testing.assert_close(own, gradient)


def test_gradients_can_be_differentiated_by_the_weights() -> None:
    network = networks()
    x = torch.randn(N_ELEMENTS, 4, N_FEATURES, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    weights = list(network.parameters())[:-1]  # gradients do not depend on the last layer's biases
    expected = torch.autograd.grad(gradient.sin().sum(), weights)
    own = torch.autograd.grad(network.with_gradient(x)[1].sin().sum(), weights)
    for a, b in zip(own, expected, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_weights_of_earlier_files_are_read(dtype: torch.dtype) -> None:
    """They stand module after module, and the standardisation in the precision of the weights."""
    earlier = {
        f"each.{z}.{name}": value
        for z, m in enumerate(modules(dtype))
        for name, value in m.state_dict().items()
    }
    mean = torch.randn(N_ELEMENTS, N_FEATURES, dtype=dtype)
    scale = torch.tensor(3.0, dtype=dtype)
    earlier |= {"mean": mean, "width": mean.exp(), "shift": -scale, "scale": scale}
    read = ElementNetworks.from_weights(earlier)
    again = ElementNetworks.from_weights(read.state_dict())
    for network in (read, again):
        assert network.dtype == dtype
        for own, expected in zip(network.parameters(), networks(dtype).parameters(), strict=True):
            assert torch.equal(own, expected)
        assert torch.equal(network.mean, mean.double())
        assert network.shift.item() == -3.0
