"""A client of the simulated Graph that has a token."""

from collections.abc import Iterator

import pytest
import requests
from tests.m365sim.identity.signing_in import bearer
from tests.simulator import Simulator


@pytest.fixture
def graph(fresh: Simulator) -> Iterator[requests.Session]:
    """Trusts the simulator, carries a token of the default registration, follows nothing and repeats nothing."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(fresh.ca_bundle)
        session.headers["Authorization"] = bearer(session, fresh)
        fresh.control("ledger", method="DELETE")
        yield session
