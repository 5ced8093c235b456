"""The simulator as a child process, and an application that asks its Graph for reports."""

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
def graph_without(simulator: Simulator) -> Iterator[Callable[[str], Graph]]:
    """The default application without one permission."""
    opened: list[Graph] = []
    shown = simulator.control("applications")
    before = next(item for item in shown if item["client_id"] == simulator.client_id)

    def without(role: str) -> Graph:
        roles = [held for held in before["roles"] if held != role]
        simulator.control(f"applications/{simulator.client_id}", {"roles": roles})
        opened.append(Graph(simulator, simulator.client_id, simulator.client_secret))
        return opened[-1]

    yield without
    for asking in opened:
        asking.close()
    simulator.control(f"applications/{simulator.client_id}", {"roles": before["roles"]})
