"""Signing in and out, sessions that end, guessing that is slowed down, and the first administrator's link."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update
from tests.stocktake.web.server import PASSWORD, SESSION, Serving, serving, sign_in, token_of

from stocktake.store.accounts import get_account, make_first_start_link, remove_account, set_enabled, set_password
from stocktake.store.sessions import MOST_FOR_AN_ACCOUNT, MOST_FROM_AN_ADDRESS
from stocktake.store.tables import one_time_links, sessions, sign_in_failures
from stocktake.web.passwords import hash_password, token_hash


def test_a_session_begins_with_a_token_of_its_own(fresh: Serving) -> None:
    planted = "planted-by-somebody-else"
    with fresh.stranger() as client:
        client.cookies.set(SESSION, planted)
        assert sign_in(client, "viewer").status_code == 303
        tokens = [cookie.value for cookie in client.cookies.jar if cookie.name == SESSION]
        assert planted not in tokens[-1:]
    with fresh.stranger() as client:
        client.cookies.set(SESSION, planted)
        assert client.get("/users").status_code == 303


def test_signing_in_again_ends_the_session_before(fresh: Serving) -> None:
    with fresh.signed_in("viewer") as client, fresh.stranger() as thief:
        thief.cookies.set(SESSION, client.cookies[SESSION])
        assert thief.get("/users").status_code == 200
        form = token_of(client.get("/"))
        client.post("/sign-in", data={"csrf_token": form, "name": "viewer", "password": PASSWORD})
        assert client.get("/users").status_code == 200
        assert thief.get("/users").status_code == 303


def test_the_token_is_kept_as_a_hash_and_the_cookie_is_shut_to_scripts(fresh: Serving) -> None:
    with fresh.stranger() as client:
        cookie = sign_in(client, "viewer").headers.get_list("set-cookie")[0]
    assert re.search(r"; HttpOnly; Path=/; SameSite=lax$", cookie)
    token = cookie.split("=")[1].split(";")[0]
    assert len(token) >= 43
    with fresh.app.store.read() as connection:
        kept = connection.execute(select(sessions.c.token_hash)).scalars().all()
    assert kept == [token_hash(token)]
    assert token not in kept


def test_over_tls_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    address = "https://licences.example"
    with serving(tmp_path, public_url=address) as served, served.stranger(Host="licences.example") as client:
        answer = client.get("/sign-in")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-stocktake-visit=")
    assert "; Secure" in cookie
    assert answer.headers["strict-transport-security"]


def test_signing_out_ends_the_session_wherever_its_token_is(fresh: Serving) -> None:
    with fresh.signed_in("viewer") as client, fresh.stranger() as thief:
        thief.cookies.set(SESSION, client.cookies[SESSION])
        answer = client.post("/sign-out", data={"csrf_token": token_of(client.get("/"))})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert client.get("/users").status_code == 303
        assert thief.get("/users").status_code == 303


@pytest.mark.parametrize("column", ["last_seen_at", "created_at"])
def test_a_session_runs_out(fresh: Serving, column: str) -> None:
    with fresh.signed_in("viewer") as client:
        with fresh.app.store.write() as connection:
            connection.execute(update(sessions).values({column: "2020-01-01T00:00:00Z"}))
        assert client.get("/users").status_code == 303


def test_being_seen_keeps_a_session_alive(fresh: Serving) -> None:
    with fresh.signed_in("viewer") as client:
        with fresh.app.store.read() as connection:
            begun = connection.execute(select(sessions.c.created_at)).scalar_one()
        with fresh.app.store.write() as connection:
            connection.execute(update(sessions).values(created_at=begun, last_seen_at=_back(begun)))
        assert client.get("/users").status_code == 200
        client.get("/health")  # the note is made after the answer: one more request has to wait for it
        with fresh.app.store.read() as connection:
            seen = connection.execute(select(sessions.c.last_seen_at)).scalar_one()
    assert seen >= begun


def _back(instant: str) -> str:
    return (datetime.fromisoformat(instant) - timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("what", ["disabled", "removed", "new password"])
def test_an_account_that_is_shut_out_loses_its_sessions(fresh: Serving, what: str) -> None:
    store = fresh.app.store
    with fresh.signed_in("viewer") as client:
        account = get_account(store, "viewer")
        match what:
            case "disabled":
                set_enabled(store, account, enabled=False)
            case "removed":
                remove_account(store, account)
            case _:
                set_password(store, account, hash_password("another long password"))
        assert client.get("/users").status_code == 303
        assert sign_in(client, "viewer").status_code == 403


def test_names_are_the_same_whichever_way_they_are_capitalised(fresh: Serving) -> None:
    with fresh.stranger() as client:
        assert sign_in(client, " Viewer ").status_code == 303


def test_guessing_at_an_account_is_slowed_down(fresh: Serving) -> None:
    with fresh.stranger() as client:
        for _ in range(MOST_FOR_AN_ACCOUNT):
            answer = sign_in(client, "administrator", "wrong")
            assert answer.status_code == 403
            assert "No enabled account has that name and password" in answer.text
        answer = sign_in(client, "ADMINISTRATOR")
        assert answer.status_code == 429
        assert "Too many failed attempts. Try again in 15 minutes." in answer.text
        assert 0 < int(answer.headers["retry-after"]) <= 900
        assert sign_in(client, "viewer").status_code == 303
        with fresh.app.store.write() as connection:
            connection.execute(update(sign_in_failures).values(at="2020-01-01T00:00:00Z"))
    with fresh.stranger() as client:
        assert sign_in(client, "administrator").status_code == 303


def test_guessing_at_names_is_slowed_down_by_address(fresh: Serving) -> None:
    with fresh.stranger() as client:
        with fresh.app.store.write() as connection:
            from stocktake.store.sessions import reserve_attempt

            for number in range(MOST_FROM_AN_ADDRESS):
                assert reserve_attempt(connection, f"name {number}", "127.0.0.1") == 0
        assert sign_in(client, "viewer").status_code == 429


def test_the_right_password_forgives_the_wrong_ones(fresh: Serving) -> None:
    for _ in range(2):
        with fresh.stranger() as client:
            for _ in range(MOST_FOR_AN_ACCOUNT - 1):
                sign_in(client, "viewer", "wrong")
            assert sign_in(client, "viewer").status_code == 303


def test_a_password_typed_as_name_is_not_kept(fresh: Serving) -> None:
    with fresh.stranger() as client:
        sign_in(client, "my secret password", "x")
    with fresh.app.store.read() as connection:
        assert "secret" not in str(connection.execute(select(sign_in_failures)).all())


@pytest.mark.parametrize(
    "after",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example", ""],
)
def test_signing_in_leads_to_no_other_site(fresh: Serving, after: str) -> None:
    with fresh.stranger() as client:
        assert sign_in(client, "viewer", after=after).headers["location"] == "/"
        shown = client.get("/sign-in", params={"next": after})
        assert shown.headers["location"] == "/"


def test_signing_in_leads_to_the_page_that_was_asked_for(fresh: Serving) -> None:
    with fresh.stranger() as client:
        answer = client.get("/users?q=anna&page=1")
        assert answer.headers["location"] == "/sign-in?next=/users%3Fq%3Danna%26page%3D1"
        form = client.get(answer.headers["location"])
        assert 'name="next" value="/users?q=anna&amp;page=1"' in form.text
        assert sign_in(client, "viewer", after="/users?q=anna&page=1").headers["location"] == "/users?q=anna&page=1"


def test_the_first_start_link_makes_one_administrator_once(tmp_path: Path) -> None:
    with serving(tmp_path, accounts=()) as served:
        store, path = served.app.store, "/first-start/secret-token"
        with served.stranger() as client:
            assert client.get(path).status_code == 404
            assert "There is no account yet" in client.get("/sign-in").text
            assert make_first_start_link(store, token_hash("secret-token"))
            form = token_of(client.get(path))
            good = {"csrf_token": form, "name": "ada", "password": PASSWORD, "repeated": PASSWORD}
            for bad in ({"password": "short", "repeated": "short"}, {"repeated": "another"}, {"name": " "}):
                assert client.post(path, data={**good, **bad}).status_code == 422
            assert client.post(path, data={**good, "csrf_token": "x"}).status_code == 403
            answer = client.post(path, data=good)
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            assert "ada" in client.get("/").text
        with served.stranger() as client:
            assert client.get(path).status_code == 404
            form = token_of(client.get("/sign-in"))
            assert client.post(path, data={**good, "name": "eve", "csrf_token": form}).status_code == 404
        assert not make_first_start_link(store, token_hash("another"))
        assert get_account(store, "ada").role == "administrator"


def test_the_first_start_link_runs_out(tmp_path: Path) -> None:
    with serving(tmp_path, accounts=()) as served:
        make_first_start_link(served.app.store, token_hash("t"))
        with served.app.store.write() as connection:
            connection.execute(update(one_time_links).values(expires_at="2020-01-01T00:00:00Z"))
        with served.stranger() as client:
            assert client.get("/first-start/t").status_code == 404


def test_two_people_are_signed_in_side_by_side(fresh: Serving) -> None:
    with fresh.signed_in("viewer") as one, fresh.signed_in("administrator") as other:
        assert _who(one) == "viewer"
        assert _who(other) == "administrator"


def _who(client: httpx.Client) -> str:
    found = re.search(r"Signed in as </span>([^<]+)<", client.get("/").text)
    assert found
    return found[1]
