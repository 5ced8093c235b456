"""A person's browser and an application that sends it to sign in."""

from collections.abc import Callable, Iterator

import pytest
from tests.m365sim.browser import Browser
from tests.m365sim.interactive.connecting import Connecting
from tests.simulator import Simulator


@pytest.fixture
def browser(simulator: Simulator) -> Iterator[Browser]:
    with Browser(simulator.login_url, str(simulator.ca_bundle)) as opened:
        yield opened


@pytest.fixture
def connecting(simulator: Simulator) -> Iterator[Connecting]:
    """The planted default application, in the part that it has during sign-in. Everything is reset afterwards."""
    made = Connecting(simulator)
    yield made
    made.close()
    simulator.reset()


@pytest.fixture
def connecting_as(simulator: Simulator) -> Iterator[Callable[..., Connecting]]:
    """Another application, by client id and secret."""
    made: list[Connecting] = []

    def make(client_id: str, secret: str | None, tenant: str | None = None) -> Connecting:
        made.append(Connecting(simulator, client_id, secret, tenant))
        return made[-1]

    yield make
    for one in made:
        one.close()
    simulator.reset()
