"""Nobody gets in without a session, and nobody does more than their role: asked of every address that there is."""

import httpx
import pytest
from tests.stocktake.web import world
from tests.stocktake.web.server import Serving, sign_in, token_of

from stocktake.store.accounts import ROLES
from stocktake.web.routes import ROUTES, Address

_VALUES = {
    "{connector}": "contoso",
    "{user}": world.user_id(1),
    "{run}": "1",
    "{token}": "x",
    "{name}": "contoso",
}


def path_of(address: Address) -> str:
    path = address.path
    for name, value in _VALUES.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say here what stands for the parameter of {address.path}"
    return path


def named(address: Address) -> str:
    return f"{address.method} {address.path}"


CLOSED = [address for address in ROUTES if address.role is not None]
CHANGING = [address for address in ROUTES if address.method != "GET"]


@pytest.mark.parametrize("address", CLOSED, ids=named)
def test_a_stranger_gets_nothing(console: Serving, address: Address) -> None:
    with console.stranger() as client:
        answer = client.request(address.method, path_of(address))
        htmx = client.request(address.method, path_of(address), headers={"HX-Request": "true"})
    if address.path.startswith("/api/"):
        assert answer.status_code == 401
        assert answer.json()["error"]["message"] == "sign in first"
    else:
        assert answer.status_code == 303
        assert answer.headers["location"].split("?")[0] == "/sign-in"
        assert (htmx.status_code, htmx.headers["hx-redirect"]) == (401, "/sign-in")
    assert "contoso" not in answer.text


def test_only_these_are_open_to_strangers() -> None:
    paths = {address.path for address in ROUTES if address.role is None}
    # The last is where Microsoft sends an administrator of the tenant, who may have no account here.
    callback = "/connectors/microsoft-365/authorize"
    assert paths == {"/health", "/sign-in", "/first-start/{token}", callback}


def test_every_path_is_listed_once() -> None:
    listed = [named(address) for address in ROUTES]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("address", CLOSED, ids=named)
def test_a_lower_role_is_refused(console: Serving, address: Address) -> None:
    assert address.role is not None
    for role in ROLES[: ROLES.index(address.role)]:
        with console.signed_in(role) as client:
            token = token_of(client.get("/"))
            answer = client.request(address.method, path_of(address), headers={"X-CSRF-Token": token})
            assert answer.status_code == 403, role
            assert f"needs the role {address.role}" in answer.text


@pytest.mark.parametrize("address", CHANGING, ids=named)
def test_a_change_needs_the_token_of_the_session(console: Serving, address: Address) -> None:
    for token in ("", "guessed"):
        with console.signed_in("administrator") as client:
            answer = client.request(address.method, path_of(address), headers={"X-CSRF-Token": token})
            assert answer.status_code == 403
            assert "too old" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("address", CHANGING, ids=named)
def test_a_change_from_another_site_is_refused(console: Serving, address: Address, headers: dict[str, str]) -> None:
    with console.signed_in("administrator") as client:
        token = token_of(client.get("/"))
        answer = client.request(address.method, path_of(address), headers={**headers, "X-CSRF-Token": token})
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_a_token_of_another_session_is_refused(console: Serving) -> None:
    with console.signed_in("analyst") as client, console.signed_in("analyst") as other:
        foreign = token_of(other.get("/runs"))
        answer = client.post("/runs", data={"csrf_token": foreign, "connector": "contoso"})
    assert answer.status_code == 403


def test_signing_in_needs_the_token_of_the_form(console: Serving) -> None:
    with console.stranger() as client:
        client.get("/sign-in")
        data = {"name": "viewer", "password": "correct horse battery", "csrf_token": "guessed"}
        assert client.post("/sign-in", data=data).status_code == 403
        assert client.get("/api/v1/users").status_code == 401


def test_what_is_not_there_says_so(viewer: httpx.Client) -> None:
    assert viewer.get("/nothing").status_code == 404
    assert viewer.get("/static/../routes.py").status_code == 404
    assert viewer.get("/static/%2e%2e/routes.py").status_code == 404
    assert viewer.put("/runs").status_code == 405
    assert viewer.get("/docs").status_code == 404
    assert viewer.get("/openapi.json").status_code == 404


def test_files_of_ours_are_open(console: Serving) -> None:
    with console.stranger() as client:
        answer = client.get("/static/console.css")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/css")
        assert sign_in(client, "viewer").status_code == 303
