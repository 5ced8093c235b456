"""The Connectors pages from New to a saved connector, against the simulator, by plain HTTP."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.simulator import Simulator
from tests.stocktake.authorize.browser import Browser
from tests.stocktake.web.server import Serving, serving, token_of

from stocktake.identity.clouds import define_cloud
from stocktake.store.clouds import add_cloud
from stocktake.store.connectors import list_connectors

HERE = "/connectors/microsoft-365"


@pytest.fixture(scope="module")
def started() -> Iterator[Simulator]:
    with Simulator(users=120, groups=12) as simulator:
        yield simulator


@pytest.fixture
def simulator(started: Simulator) -> Simulator:
    started.reset()
    return started


@pytest.fixture
def console(simulator: Simulator, tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path, consent_patience=0) as running:
        add_cloud(
            running.app.store,
            define_cloud("m365sim", simulator.login_url, simulator.graph_url, simulator.ca_bundle),
        )
        yield running


@pytest.fixture
def administrator(console: Serving) -> Iterator[httpx.Client]:
    with console.signed_in("administrator") as client:
        yield client


def text_of(answer: httpx.Response) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def field(answer: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text) or re.search(
        rf'id="{name}"[^>]* value="([^"]*)"', answer.text
    )
    assert found, answer.text
    return unescape(found[1])


def new_dialog(client: httpx.Client, simulator: Simulator, name: str = "norvelt") -> httpx.Response:
    form = client.get(f"{HERE}/new")
    typed = {"tenant": simulator.tenant, "description": "All of it", "name": name, "cloud": "m365sim"}
    return client.post(f"{HERE}/new", data={"csrf_token": token_of(form), **typed})


def click_authorize(client: httpx.Client, page: httpx.Response, simulator: Simulator, **changes: Any) -> httpx.Response:
    """The pop-up after Authorize."""
    kept = ("csrf_token", "dialog", "name", "tenant", "cloud", "description", "connector")
    typed = {
        **{name: field(page, name) for name in kept},
        "permissions": "application",
        "client_id": simulator.client_id,
        "client_secret": simulator.client_secret,
        **changes,
    }
    return client.post(f"{HERE}/authorize", data=typed)


def microsoft(popup: httpx.Response) -> str:
    assert popup.status_code == 200, text_of(popup)
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', popup.text)
    assert found, popup.text
    return unescape(found[1])


def accept(simulator: Simulator, address: str, who: str, answer: str = "accept") -> str:
    """Where Microsoft sends the pop-up to."""
    with Browser(simulator.ca_bundle) as browser:
        return browser.walk(address, simulator.person(who), answer).address


def click_save(client: httpx.Client, page: httpx.Response, token: str, **headers: str) -> httpx.Response:
    kept = ("csrf_token", "name", "tenant", "cloud", "description")
    return client.post(
        f"{HERE}/save", data={**{name: field(page, name) for name in kept}, "token": token}, headers=headers
    )


def whole_way(client: httpx.Client, simulator: Simulator, who: str, **changes: Any) -> httpx.Response:
    page = new_dialog(client, simulator)
    popup = click_authorize(client, page, simulator, **changes)
    done = client.get(accept(simulator, microsoft(popup), who))
    return click_save(client, page, field(done, "token"))


def test_application_permissions(console: Serving, administrator: httpx.Client, simulator: Simulator) -> None:
    saved = whole_way(administrator, simulator, "global_administrator")
    assert (saved.status_code, saved.headers["Location"]) == (303, f"{HERE}?saved=norvelt")
    listed = administrator.get(saved.headers["Location"])
    assert "Connector norvelt is saved." in text_of(listed)
    assert "ready" in text_of(listed)
    connector = list_connectors(console.app.store)[0]
    assert (connector.permissions, connector.description, connector.cloud) == ("application", "All of it", "m365sim")


def test_delegated_permissions(console: Serving, administrator: httpx.Client, simulator: Simulator) -> None:
    person = simulator.person("global_administrator")
    saved = whole_way(administrator, simulator, "global_administrator", permissions="delegated")
    assert saved.status_code == 303, text_of(saved)
    listed = text_of(administrator.get(HERE))
    assert f"as seen by {person['user_principal_name']}; partial by design" in listed
