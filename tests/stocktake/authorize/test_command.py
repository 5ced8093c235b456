"""`stocktake connector authorize`: by a listener of its own, and by the console's redirect address."""

import socket
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from tests.installation import Installation
from tests.simulator import Simulator
from tests.stocktake.authorize.browser import Browser

from stocktake.app import open_app
from stocktake.authorize.answer import receive
from stocktake.settings import Settings


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture
def installation(simulator: Simulator, tmp_path: Path, port: int) -> Installation:
    made = Installation(tmp_path / "home", listen_port=port, consent_patience=0)
    ends = ("--login", simulator.login_url, "--graph", simulator.graph_url, "--ca-bundle", simulator.ca_bundle)
    made.ok("cloud", "add", "m365sim", *ends)
    return made


def add(installation: Installation, simulator: Simulator, permissions: str) -> None:
    options = ("--tenant", simulator.tenant, "--cloud", "m365sim", "--permissions", permissions)
    application = ("--client-id", simulator.client_id, "--client-secret-env", "TEST_SECRET")
    done = installation.ok("connector", "add", "norvelt", *options, *application, TEST_SECRET=simulator.client_secret)
    assert f"Next: stocktake connector {'authorize' if permissions == 'delegated' else 'check'}" in done.out


def accept(simulator: Simulator, address: str, answer: str = "accept") -> str:
    with Browser(simulator.ca_bundle) as browser:
        return browser.walk(address, simulator.person("global_administrator"), answer).address


def answer_by(child: subprocess.Popen[str], simulator: Simulator, answer: str = "accept") -> tuple[str, str, str]:
    """(what the browser is shown, stdout, stderr)."""
    assert child.stdout
    address = child.stdout.readline().strip()
    shown = requests.get(accept(simulator, address, answer), timeout=30).text
    out, err = child.communicate(timeout=60)
    return shown, out, err


def test_a_listener_of_its_own(installation: Installation, simulator: Simulator, port: int) -> None:
    add(installation, simulator, "delegated")
    assert "authorised connector norvelt yet" in installation.run("sync", "norvelt").err
    child = installation.start("connector", "authorize", "norvelt")
    shown, out, err = answer_by(child, simulator)
    assert "The answer has arrived" in shown
    assert "Connector norvelt authorised, as seen by" in out, err
    assert child.returncode == 0
    assert "Open this address and sign in as the person" in err
    (listed,) = installation.ok("connector", "list", "--json").json
    assert (listed["permissions"], listed["grant_lost"]) == ("delegated", None)
    check = installation.ok("connector", "check", "norvelt", "--json").json
    assert check["ok"]
    assert simulator.client_secret not in out + err


def test_declined_at_the_listener(installation: Installation, simulator: Simulator) -> None:
    add(installation, simulator, "application")
    simulator.control("withdraw", {"client_id": simulator.client_id, "tenant": simulator.tenant})
    child = installation.start("connector", "authorize", "norvelt")
    shown, _, err = answer_by(child, simulator, "cancel")
    assert "consent was declined" in shown
    assert child.returncode == 1
    assert "consent was declined" in err


def test_by_the_console_s_address(installation: Installation, simulator: Simulator) -> None:
    add(installation, simulator, "delegated")
    begun = installation.ok("connector", "authorize", "norvelt", STOCKTAKE_PUBLIC_URL="http://localhost:1")
    query = dict(parse_qsl(urlsplit(accept(simulator, begun.out.strip())).query))
    with open_app(Settings(home=installation.home)) as app:
        token = receive(app, query).token
    done = installation.ok("connector", "authorize", "norvelt", "--token", token)
    assert "Connector norvelt authorised, as seen by" in done.out
    again = installation.run("connector", "authorize", "norvelt", "--token", token)
    assert (again.code, again.err.startswith("stocktake: this Token was used already")) == (2, True)


def test_a_connector_of_the_provider_s_app(installation: Installation, simulator: Simulator) -> None:
    secret = installation.home.parent / "secret"
    provider = simulator.application("provider")
    secret.write_text(provider["client_secret"])
    own = {"STOCKTAKE_PROVIDER_CLIENT_ID": provider["client_id"], "STOCKTAKE_PROVIDER_SECRET_FILE": str(secret)}
    options = ("connector", "add", "norvelt", "--tenant", simulator.tenant, "--cloud", "m365sim")
    assert "the settings name no provider's app" in installation.run(*options).err
    installation.ok(*options, **own)
    child = installation.start("connector", "authorize", "norvelt", **own)
    _, out, err = answer_by(child, simulator)
    assert "Connector norvelt authorised." in out, err
    assert installation.ok("connector", "check", "norvelt", "--json", **own).json["ok"]
