"""Consent and sign-in against the simulator: what is saved, and what is said when nothing is."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update
from tests.stocktake.authorize.browser import Browser
from tests.stocktake.authorize.conftest import ORIGIN, Bench

from stocktake.app import open_app
from stocktake.authorize.answer import receive
from stocktake.authorize.begin import begin
from stocktake.authorize.draft import sealed_form
from stocktake.authorize.proof import NotYetError
from stocktake.authorize.save import accept, attempt, open_ticket, seal_ticket
from stocktake.errors import ConfigurationError, StocktakeError, UsageError
from stocktake.identity.credentials import Certificate, ClientSecret
from stocktake.identity.guide import CONSENT, SECRET, TENANT, step_of_code
from stocktake.settings import Settings
from stocktake.store.connectors import list_connectors
from stocktake.store.tables import authorizations


def test_an_administrator_consents(bench: Bench) -> None:
    bench.simulator.control(f"applications/{bench.simulator.client_id}", {"consented": False})
    connector = bench.connect(bench.draft(description="All"), "global_administrator")
    assert list_connectors(bench.app.store) == [connector]
    assert (connector.permissions, connector.granted_by, connector.sealed_grant) == ("application", None, None)
    assert connector.description == "All"


def test_a_person_signs_in(bench: Bench) -> None:
    connector = bench.connect(bench.draft(permissions="delegated"), "global_administrator")
    person = bench.simulator.person("global_administrator")
    assert (connector.permissions, connector.granted_by) == ("delegated", person["user_principal_name"])
    assert connector.sealed_grant


def test_a_person_consents_to_what_was_ticked(bench: Bench) -> None:
    draft = bench.draft(permissions="delegated", scopes=("User.Read.All", "Organization.Read.All"))
    address = begin(bench.app, draft, ORIGIN, None).address
    asked = parse_qs(urlsplit(address).query)
    assert asked["scope"] == ["openid profile offline_access User.Read.All Organization.Read.All"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{ORIGIN}/connectors/microsoft-365/authorize"]
    assert bench.connect(draft, "global_administrator").sealed_grant


def test_a_second_factor_is_walked_through(bench: Bench) -> None:
    bench.simulator.control("people/global_administrator", {"mfa": True})
    assert bench.connect(bench.draft(permissions="delegated"), "global_administrator").sealed_grant


@pytest.mark.parametrize("permissions", ["application", "delegated"])
def test_a_certificate_as_credential(bench: Bench, permissions: str) -> None:
    certificate = sealed_form(Certificate(bench.simulator.certificate_pem))
    draft = bench.draft(permissions=permissions, credential=certificate)
    connector = bench.connect(draft, "global_administrator")
    assert connector.credential_expires_at
    assert "PRIVATE KEY" not in str(connector.sealed_credential)


@pytest.mark.parametrize("permissions", ["application", "delegated"])
def test_the_provider_s_app(settings: Settings, bench: Bench, permissions: str) -> None:
    """Registered in another tenant; the customer's administrator only consents."""
    provider = bench.simulator.application("provider")
    secret = settings.home.parent / "secret"
    secret.write_text(provider["client_secret"] + "\n")
    own = settings.model_copy(update={"provider_client_id": provider["client_id"], "provider_secret_file": secret})
    with open_app(own) as app:
        there = replace(bench, app=app)
        draft = bench.draft(permissions=permissions, client_id=None, credential=None)
        connector = there.connect(draft, "global_administrator")
    assert (connector.client_id, connector.sealed_credential) == (None, None)


def test_without_a_provider_s_app(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="no Client ID was given"):
        begin(bench.app, bench.draft(client_id=None, credential=None), ORIGIN, None)
    with pytest.raises(ConfigurationError, match="needs a client secret or a certificate"):
        begin(bench.app, bench.draft(credential=None), ORIGIN, None)


def test_an_existing_connector_is_authorised_anew(bench: Bench) -> None:
    first = bench.connect(bench.draft(), "global_administrator")
    draft = bench.draft(permissions="delegated", connector_id=first.id, description="ignored")
    second = bench.connect(draft, "global_administrator")
    assert list_connectors(bench.app.store) == [second]
    assert (second.id, second.permissions, second.description) == (first.id, "delegated", "")
    assert second.sealed_grant


def test_nothing_secret_is_kept_in_the_clear(bench: Bench) -> None:
    token = bench.token(bench.draft(permissions="delegated"), "global_administrator")
    attempt(bench.app, accept(bench.app, "norvelt", token))
    with bench.app.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = (bench.app.settings.home / "stocktake.sqlite").read_bytes()
    for secret in (bench.simulator.client_secret, token, token[5:40]):
        assert secret.encode() not in stored


# What Microsoft refuses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("permissions", ["application", "delegated"])
def test_consent_declined(bench: Bench, permissions: str) -> None:
    """Microsoft sends admin_consent=True beside the error."""
    bench.simulator.control("withdraw", {"client_id": bench.simulator.client_id, "tenant": bench.simulator.tenant})
    answer = bench.authorize(bench.draft(permissions=permissions), "global_administrator", "cancel")
    assert answer.token == ""
    assert answer.failure is not None
    assert "declined" in answer.failure.message
    assert list_connectors(bench.app.store) == []


def test_an_administrator_who_may_not_consent(bench: Bench) -> None:
    bench.simulator.control("withdraw", {"client_id": bench.simulator.client_id, "tenant": bench.simulator.tenant})
    answer = bench.authorize(bench.draft(), "application_administrator")
    assert isinstance(answer.failure, ConfigurationError)
    assert "administrator" in f"{answer.failure.message} {answer.failure.remedy}"


def test_somebody_of_another_tenant(bench: Bench) -> None:
    """They stay on Microsoft's page: nothing comes back."""
    arrived = bench.go(bench.draft(permissions="delegated"), "neighbour_user")
    assert "AADSTS50020" in arrived.text
    assert list_connectors(bench.app.store) == []


def test_a_redirect_address_that_is_not_registered(bench: Bench) -> None:
    begun = begin(bench.app, bench.draft(permissions="delegated"), "https://elsewhere.example", None)
    with Browser(bench.simulator.ca_bundle) as browser:
        assert "AADSTS50011" in browser.walk(begun.address, bench.simulator.person("global_administrator")).text


def test_a_wrong_secret_shows_at_the_code(bench: Bench) -> None:
    draft = bench.draft(permissions="delegated", credential=sealed_form(ClientSecret("wrong")))
    failure = bench.authorize(draft, "global_administrator").failure
    assert isinstance(failure, ConfigurationError)
    assert failure.code == "AADSTS7000215"
    assert step_of_code(failure.code) is SECRET


def test_a_wrong_secret_shows_at_save(bench: Bench) -> None:
    draft = bench.draft(credential=sealed_form(ClientSecret("wrong")))
    token = bench.token(draft, "global_administrator")
    with pytest.raises(ConfigurationError, match="client secret is wrong"):
        attempt(bench.app, accept(bench.app, "norvelt", token))
    assert list_connectors(bench.app.store) == []


def test_an_unknown_tenant_shows_before_anybody_signs_in(bench: Bench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        begin(bench.app, bench.draft(tenant="nowhere.example"), ORIGIN, None)
    assert step_of_code(caught.value.code) is TENANT


def test_consent_for_another_tenant(bench: Bench) -> None:
    query = bench.go(bench.draft(), "global_administrator").query
    other = next(tenant["id"] for tenant in bench.simulator.tenants if tenant["id"] != bench.simulator.tenant_id)
    failure = receive(bench.app, {**query, "tenant": other}).failure
    assert failure is not None
    assert failure.message.startswith(f"the consent is for tenant {other}")


def test_another_sign_in_s_code(bench: Bench) -> None:
    """The code of one authorisation brought back with the state of another: the verifier does not fit."""
    one = bench.go(bench.draft("one", permissions="delegated"), "global_administrator").query
    two = bench.go(bench.draft("two", permissions="delegated"), "global_administrator").query
    failure = receive(bench.app, {**one, "code": two["code"]}).failure
    assert isinstance(failure, ConfigurationError)
    assert "AADSTS" in failure.code


def test_a_code_that_was_used(bench: Bench) -> None:
    draft = bench.draft(permissions="delegated")
    query = bench.go(draft, "global_administrator").query
    assert receive(bench.app, query).failure is None
    with pytest.raises(UsageError, match="received already"):
        receive(bench.app, query)


def test_without_offline_access_or_code(bench: Bench) -> None:
    query = bench.go(bench.draft(permissions="delegated"), "global_administrator").query
    failure = receive(bench.app, {"state": query["state"]}).failure
    assert failure is not None
    assert failure.message == "Microsoft's answer holds no code"


def test_a_state_that_nobody_gave(bench: Bench) -> None:
    query = bench.go(bench.draft(), "global_administrator").query
    with pytest.raises(UsageError, match="no authorisation waits for this answer"):
        receive(bench.app, {**query, "state": query["state"][:-1] + "x"})
    with pytest.raises(UsageError, match="opened without an answer"):
        receive(bench.app, {})


def test_an_authorisation_of_yesterday(bench: Bench) -> None:
    query = bench.go(bench.draft(), "global_administrator").query
    _set(bench, created_at="2026-01-01T00:00:00Z")
    failure = receive(bench.app, query).failure
    assert failure is not None
    assert "more than an hour ago" in failure.message


def test_a_lagging_consent_is_waited_for(bench: Bench, settings: Settings) -> None:
    bench.simulator.control("withdraw", {"client_id": bench.simulator.client_id, "tenant": bench.simulator.tenant})
    bench.simulator.control("consent-delay", {"seconds": 120})
    token = bench.token(bench.draft(), "global_administrator")
    with open_app(settings.model_copy(update={"consent_patience": 600})) as app:
        ticket = open_ticket(app, seal_ticket(app, accept(app, "norvelt", token)))
        with pytest.raises(NotYetError):
            attempt(app, ticket)
        assert list_connectors(app.store) == []
        bench.simulator.control("clock", {"advance": 121})
        assert attempt(app, ticket).name == "norvelt"


def test_a_consent_that_never_takes_effect(bench: Bench) -> None:
    token = bench.token(bench.draft(), "global_administrator")
    bench.simulator.control(f"applications/{bench.simulator.client_id}", {"consented": False})
    with pytest.raises(ConfigurationError, match="has not taken effect") as caught:
        attempt(bench.app, accept(bench.app, "norvelt", token))
    assert step_of_code(caught.value.code) is CONSENT
    assert list_connectors(bench.app.store) == []


# What people do with a Token --------------------------------------------------------------------------------------


@pytest.fixture
def token(bench: Bench) -> str:
    return bench.token(bench.draft(), "global_administrator")


def refused(bench: Bench, token: str, connector: str = "norvelt") -> StocktakeError:
    with pytest.raises(StocktakeError) as caught:
        attempt(bench.app, accept(bench.app, connector, token))
    assert caught.value.remedy
    return caught.value


def test_blanks_around_it_are_taken_off(bench: Bench, token: str) -> None:
    assert attempt(bench.app, accept(bench.app, "norvelt", f" \t{token}\r\n ")).name == "norvelt"


def test_pasted_into_another_connector(bench: Bench, token: str) -> None:
    assert refused(bench, token, "other").message == "this Token was made for connector norvelt, and not for other"
    assert attempt(bench.app, accept(bench.app, "norvelt", token)).name == "norvelt"


def test_pasted_twice(bench: Bench, token: str) -> None:
    attempt(bench.app, accept(bench.app, "norvelt", token))
    assert "was used already" in refused(bench, token).message
    assert len(list_connectors(bench.app.store)) == 1


def test_two_pages_save_at_once(bench: Bench, token: str) -> None:
    one, two = accept(bench.app, "norvelt", token), accept(bench.app, "norvelt", token)
    attempt(bench.app, one)
    with pytest.raises(UsageError, match="was used already"):
        attempt(bench.app, two)
    assert len(list_connectors(bench.app.store)) == 1


def test_pasted_after_ten_minutes(bench: Bench, token: str) -> None:
    _set(bench, completed_at="2026-01-01T00:00:00Z")
    assert "minutes old, and it was good for ten" in refused(bench, token).message


def test_altered_by_one_character(bench: Bench, token: str) -> None:
    """Every character counts, also the last one, which base64 does not use up to the last bit."""
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        message = refused(bench, token[:place] + other + token[place + 1 :]).message
        assert "damaged" in message or "no Token" in message, (place, message)
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if last != token[-1]:
            assert "damaged" in refused(bench, token[:-1] + last).message
    assert attempt(bench.app, accept(bench.app, "norvelt", token)).name == "norvelt"


@pytest.mark.parametrize(
    ("pasted", "says"),
    [("", "there is no Token"), ("   ", "there is no Token"), ("eyJ0eXAi", "no Token"), ("stk1.", "damaged")],
)
def test_something_else_was_pasted(bench: Bench, pasted: str, says: str) -> None:
    assert says in refused(bench, pasted).message


def test_cut_short_or_doubled(bench: Bench, token: str) -> None:
    for pasted in (token[:-1], token[:20], token + token, token + "="):
        assert "damaged" in refused(bench, pasted).message


def test_of_another_installation(bench: Bench, token: str, settings: Settings) -> None:
    with open_app(settings.model_copy(update={"home": settings.home.parent / "other"})) as app:
        elsewhere = replace(bench, app=app)
        assert "another installation" in refused(elsewhere, token).message


def test_useless_without_the_stored_authorisation(bench: Bench, token: str) -> None:
    with bench.app.store.write() as connection:
        connection.execute(authorizations.delete())
    assert "no authorisation that is still known" in refused(bench, token).message


def test_the_name_is_taken_meanwhile(bench: Bench, token: str) -> None:
    """Both dialogs were authorised; the second to save is told, and nothing of it is kept."""
    second = bench.token(bench.draft(), "global_administrator")
    attempt(bench.app, accept(bench.app, "norvelt", token))
    assert refused(bench, second).message == "there is a connector norvelt already"
    assert len(list_connectors(bench.app.store)) == 1
    with bench.app.store.read() as connection:
        used = [row.used_at for row in connection.execute(authorizations.select())]
    assert used.count(None) == 1


def test_a_ticket_that_was_made_up(bench: Bench, token: str) -> None:
    for made_up in ("", token, "v1.x.y.z"):
        with pytest.raises(UsageError, match="damaged"):
            open_ticket(bench.app, made_up)


def _set(bench: Bench, **values: str) -> None:
    with bench.app.store.write() as connection:
        connection.execute(update(authorizations).values(**values))
