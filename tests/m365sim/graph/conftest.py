"""The simulator as a child process, and applications that ask its Graph."""

from collections.abc import Callable, Iterator

import pytest
from tests.m365sim.graph.asking import Graph
from tests.simulator import Simulator


@pytest.fixture
def graph(simulator: Simulator) -> Iterator[Graph]:
    """The default application: everything that a licence inventory reads."""
    asking = Graph(simulator, simulator.client_id, simulator.client_secret)
    yield asking
    asking.close()


@pytest.fixture
def graph_with(fresh: Simulator) -> Iterator[Callable[..., Graph]]:
    """An application with exactly these permissions."""
    opened: list[Graph] = []

    def open_with(*roles: str) -> Graph:
        fresh.control(f"applications/{fresh.client_id}", {"roles": list(roles)})
        opened.append(Graph(fresh, fresh.client_id, fresh.client_secret))
        return opened[-1]

    yield open_with
    for asking in opened:
        asking.close()
