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


def test_a_certificate_is_uploaded(console: Serving, administrator: httpx.Client, simulator: Simulator) -> None:
    page = new_dialog(administrator, simulator)
    kept = ("csrf_token", "dialog", "name", "tenant", "cloud", "description", "connector")
    popup = administrator.post(
        f"{HERE}/authorize",
        data={**{name: field(page, name) for name in kept}, "client_id": simulator.client_id},
        files={"certificate": ("app.pem", simulator.certificate_pem.encode())},
    )
    done = administrator.get(accept(simulator, microsoft(popup), "global_administrator"))
    assert click_save(administrator, page, field(done, "token")).status_code == 303
    assert list_connectors(console.app.store)[0].credential_expires_at


def test_secrets_are_never_shown(administrator: httpx.Client, simulator: Simulator) -> None:
    page = new_dialog(administrator, simulator)
    popup = click_authorize(administrator, page, simulator)
    done = administrator.get(accept(simulator, microsoft(popup), "global_administrator"))
    saved = click_save(administrator, page, field(done, "token"))
    pages = [popup, done, saved, administrator.get(HERE), administrator.get(f"{HERE}/norvelt/credentials")]
    assert "unchanged" in pages[-1].text
    for answer in pages:
        assert simulator.client_secret not in answer.text


def test_the_credential_stays_where_the_field_is_empty(
    console: Serving, administrator: httpx.Client, simulator: Simulator
) -> None:
    whole_way(administrator, simulator, "global_administrator")
    page = administrator.get(f"{HERE}/norvelt/credentials")
    changes = {"permissions": "delegated", "client_secret": "", "expires_on": "2027-11-24"}
    popup = click_authorize(administrator, page, simulator, **changes)
    done = administrator.get(accept(simulator, microsoft(popup), "global_administrator"))
    assert click_save(administrator, page, field(done, "token")).status_code == 303
    (connector,) = list_connectors(console.app.store)
    assert (connector.permissions, connector.credential_expires_at) == ("delegated", "2027-11-24T23:59:59Z")
    other = click_authorize(
        administrator, page, simulator, client_secret="", client_id="1" * 8 + "-1111" * 3 + "-" + "1" * 12
    )
    assert "needs a client secret or a certificate" in text_of(other)


def test_the_token_reaches_another_browser_by_hand(
    console: Serving, administrator: httpx.Client, simulator: Simulator
) -> None:
    """The tenant's administrator has no account here: the redirect address is open, and the Token is pasted."""
    page = new_dialog(administrator, simulator)
    address = accept(simulator, microsoft(click_authorize(administrator, page, simulator)), "global_administrator")
    with console.stranger() as stranger:
        done = stranger.get(address)
        token = field(done, "token")
        assert stranger.get(HERE).status_code == 303
    assert click_save(administrator, page, f"  {token} ").status_code == 303


def test_a_wait_goes_on_by_itself(tmp_path: Path, simulator: Simulator) -> None:
    simulator.control("withdraw", {"client_id": simulator.client_id, "tenant": simulator.tenant})
    simulator.control("consent-delay", {"seconds": 120})
    with serving(tmp_path, consent_patience=600) as console, console.signed_in("administrator") as client:
        cloud = define_cloud("m365sim", simulator.login_url, simulator.graph_url, simulator.ca_bundle)
        add_cloud(console.app.store, cloud)
        page = new_dialog(client, simulator)
        done = client.get(
            accept(simulator, microsoft(click_authorize(client, page, simulator)), "global_administrator")
        )
        waiting = click_save(client, page, field(done, "token"), **{"HX-Request": "true"})
        assert "Waiting for the consent to take effect" in text_of(waiting)
        simulator.control("clock", {"advance": 121})
        again = {"csrf_token": field(page, "csrf_token"), "name": "norvelt", "ticket": field(waiting, "ticket")}
        saved = client.post(f"{HERE}/save", data=again, headers={"HX-Request": "true"})
        assert saved.headers["HX-Redirect"] == f"{HERE}?saved=norvelt"
        once_more = client.post(f"{HERE}/save", data=again)
        assert "was used already" in text_of(once_more)


def test_mistakes_are_said_in_the_dialog(console: Serving, administrator: httpx.Client, simulator: Simulator) -> None:
    page = new_dialog(administrator, simulator)
    answer = click_save(administrator, page, "nonsense")
    assert answer.status_code == 422
    assert "Not saved: that is no Token: a Token begins with stk1.." in text_of(answer)
    assert '<dialog id="credentials" open' in answer.text
    assert click_save(administrator, page, "nonsense", **{"HX-Request": "true"}).status_code == 200
    assert list_connectors(console.app.store) == []


def test_a_refusal_names_the_step_of_the_guide(administrator: httpx.Client, simulator: Simulator) -> None:
    page = new_dialog(administrator, simulator)
    popup = click_authorize(administrator, page, simulator, client_secret="wrong")
    done = administrator.get(accept(simulator, microsoft(popup), "global_administrator"))
    refused = text_of(click_save(administrator, page, field(done, "token")))
    assert "the client secret is wrong (AADSTS7000215)" in refused
    assert "Step of the guide to redo: Creating a Client Secret for an App" in refused


def test_declined_is_said_in_the_pop_up(administrator: httpx.Client, simulator: Simulator) -> None:
    simulator.control("withdraw", {"client_id": simulator.client_id, "tenant": simulator.tenant})
    page = new_dialog(administrator, simulator)
    popup = click_authorize(administrator, page, simulator)
    done = administrator.get(accept(simulator, microsoft(popup), "global_administrator", "cancel"))
    assert done.status_code == 400
    assert "The consent was declined" in " ".join(text_of(done).split()).replace(
        "Microsoft Entra refused the sign-in: t", "T"
    )
    assert field(page, "dialog") in done.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "opened without an answer"),
        ("?code=x&state=guessed", "No authorisation waits for this answer"),
        ("?error=access_denied&state=<script>", "No authorisation waits for this answer"),
    ],
)
def test_the_redirect_address_without_an_authorisation(console: Serving, query: str, says: str) -> None:
    with console.stranger() as client:
        answer = client.get(f"{HERE}/authorize{query}")
    assert answer.status_code == 400
    assert says in text_of(answer)
    assert "<script>" not in answer.text.replace("<script src", "")


def test_what_microsoft_writes_is_text(administrator: httpx.Client, simulator: Simulator) -> None:
    page = new_dialog(administrator, simulator)
    address = microsoft(click_authorize(administrator, page, simulator, permissions="delegated"))
    state = dict(httpx.URL(address).params)["state"]
    query = {"error": "server_error", "error_description": "<img src=x onerror=alert(1)>", "state": state}
    answer = administrator.get(f"{HERE}/authorize", params=query)
    assert "<img" not in answer.text
    assert "&lt;img" in answer.text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"tenant": ""}, "is no tenant"),
        ({"tenant": "common"}, "stands for many tenants"),
        ({"tenant": "contoso.example", "name": "a b"}, "is no connector name"),
        ({"tenant": "contoso.example", "cloud": "moon"}, "there is no cloud moon"),
        ({"tenant": "contoso.example", "description": "x" * 501}, "501 characters"),
    ],
)
def test_what_can_be_no_connector(administrator: httpx.Client, typed: dict[str, str], says: str) -> None:
    token = token_of(administrator.get(f"{HERE}/new"))
    answer = administrator.post(f"{HERE}/new", data={"csrf_token": token, **typed})
    assert answer.status_code == 422
    assert says.lower() in text_of(answer).lower()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"client_id": "nonsense"}, "is no client id"),
        ({"client_secret": ""}, "needs a client secret or a certificate"),
        ({"permissions": "all"}, "No kind of permissions is chosen"),
        ({"permissions": "delegated", "ask_for": "chosen"}, "No permission is chosen"),
        ({"permissions": "delegated", "ask_for": "chosen", "scope": "Mail.Read"}, "is no permission that is asked for"),
        ({"expires_on": "soon"}, "is no date"),
        ({"tenant": "nowhere.example"}, "Step of the guide to redo: Tenant Name in the Azure portal"),
        ({"connector": "gone"}, "There is no connector gone"),
        ({"app": "provider"}, "the settings name no provider's app"),
    ],
)
def test_mistakes_before_microsoft(
    administrator: httpx.Client, simulator: Simulator, changes: dict[str, str], says: str
) -> None:
    popup = click_authorize(administrator, new_dialog(administrator, simulator), simulator, **changes)
    assert popup.status_code == 400
    assert says in text_of(popup)


def test_edit_disable_and_delete(console: Serving, administrator: httpx.Client, simulator: Simulator) -> None:
    whole_way(administrator, simulator, "global_administrator")
    token = token_of(administrator.get(f"{HERE}/norvelt/edit"))
    administrator.post(f"{HERE}/norvelt/edit", data={"csrf_token": token, "description": "Other"})
    administrator.post(f"{HERE}/norvelt/enabled", data={"csrf_token": token, "enabled": "no"})
    (connector,) = list_connectors(console.app.store)
    assert (connector.description, connector.enabled) == ("Other", False)
    assert "disabled" in text_of(administrator.get(HERE))
    asked = text_of(administrator.get(f"{HERE}/norvelt/delete"))
    assert "no data: nothing was read through it yet" in asked
    wrong = administrator.post(f"{HERE}/norvelt/delete", data={"csrf_token": token, "typed": "norvel"})
    assert wrong.status_code == 422
    gone = administrator.post(f"{HERE}/norvelt/delete", data={"csrf_token": token, "typed": " norvelt "})
    assert "Connector norvelt is deleted" in text_of(administrator.get(gone.headers["Location"]))
    assert list_connectors(console.app.store) == []


def test_the_check_is_kept(console: Serving, administrator: httpx.Client, simulator: Simulator) -> None:
    whole_way(administrator, simulator, "global_administrator")
    assert "It was not checked yet" in text_of(administrator.get(f"{HERE}/norvelt/check"))
    token = token_of(administrator.get(f"{HERE}/norvelt/check"))
    administrator.post(f"{HERE}/norvelt/check", data={"csrf_token": token})
    with console.signed_in("viewer") as viewer:
        shown = text_of(viewer.get(f"{HERE}/norvelt/check"))
        listed = text_of(viewer.get(HERE))
    assert "Everything that a sync needs works." in shown
    assert "Check now" not in shown
    assert "Delete" not in listed
    simulator.control(f"applications/{simulator.client_id}", {"expire_secrets": True})
    administrator.post(f"{HERE}/norvelt/check", data={"csrf_token": token})
    shown = text_of(administrator.get(f"{HERE}/norvelt/check"))
    assert "Something that a sync needs does not work." in shown
    assert "Step of the guide to redo: Creating a Client Secret for an App" in shown


def test_the_table_of_permissions(administrator: httpx.Client, simulator: Simulator) -> None:
    page = new_dialog(administrator, simulator).text
    ticked = set(re.findall(r'name="scope" value="([^"]+)" checked', page))
    listed = set(re.findall(r'name="scope" value="([^"]+)"', page))
    assert {"User.Read.All", "Reports.Read.All"} <= ticked
    assert "Directory.Read.All" not in ticked
    assert {"Directory.Read.All", "Group.Read.All", "Reports.Read.All", "User.Read.All"} <= listed
