"""One simulator for the tests of consent and sign-in, and an installation for each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.simulator import Simulator
from tests.stocktake.authorize.browser import Arrived, Browser

from stocktake.app import App, open_app
from stocktake.authorize.answer import Answer, receive
from stocktake.authorize.begin import begin
from stocktake.authorize.draft import Draft, sealed_form
from stocktake.authorize.save import accept, attempt
from stocktake.identity.clouds import define_cloud
from stocktake.identity.credentials import ClientSecret
from stocktake.settings import Settings
from stocktake.store.clouds import add_cloud
from stocktake.store.connectors import Connector

ORIGIN = "http://localhost:8717"


@pytest.fixture(scope="package")
def started() -> Iterator[Simulator]:
    with Simulator(users=150, groups=12) as simulator:
        yield simulator


@pytest.fixture
def simulator(started: Simulator) -> Simulator:
    started.reset()
    return started


@dataclass(frozen=True)
class Bench:
    """An installation that knows the simulator, and people at a browser."""

    app: App
    simulator: Simulator

    def draft(self, name: str = "norvelt", **changes: Any) -> Draft:
        """Application permissions by the simulator's default registration, unless changed."""
        simple = Draft(
            name=name,
            tenant=self.simulator.tenant,
            cloud="m365sim",
            permissions="application",
            client_id=self.simulator.client_id,
            credential=sealed_form(ClientSecret(self.simulator.client_secret)),
        )
        return replace(simple, **changes)

    def go(self, draft: Draft, who: str, answer: str = "accept") -> Arrived:
        """Authorize and walk through Microsoft's pages as that person."""
        with Browser(self.simulator.ca_bundle) as browser:
            return browser.walk(begin(self.app, draft, ORIGIN, None).address, self.simulator.person(who), answer)

    def authorize(self, draft: Draft, who: str, answer: str = "accept") -> Answer:
        return receive(self.app, self.go(draft, who, answer).query)

    def token(self, draft: Draft, who: str) -> str:
        answered = self.authorize(draft, who)
        assert answered.failure is None, answered.failure
        return answered.token

    def connect(self, draft: Draft, who: str) -> Connector:
        """The whole way, from Authorize to Save."""
        return attempt(self.app, accept(self.app, draft.name, self.token(draft, who)))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", consent_patience=0)


@pytest.fixture
def bench(settings: Settings, simulator: Simulator) -> Iterator[Bench]:
    with open_app(settings) as app:
        known = define_cloud("m365sim", simulator.login_url, simulator.graph_url, simulator.ca_bundle)
        add_cloud(app.store, known)
        yield Bench(app, simulator)
