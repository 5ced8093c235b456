"""A person's browser."""

from collections.abc import Iterator

import pytest
from tests.m365sim.browser import Browser
from tests.simulator import Simulator


@pytest.fixture
def browser(fresh: Simulator) -> Iterator[Browser]:
    with Browser(fresh.login_url, str(fresh.ca_bundle)) as opened:
        yield opened
