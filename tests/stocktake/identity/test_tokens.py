"""Tokens by MSAL, and what is said when there are none."""

import asyncio
import base64
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from tests.stocktake.graph.graph_server import Asked, GraphServer, Say
from tests.stocktake.identity.conftest import CLIENT, DISCOVERY, QUICK, TENANT, TOKEN, discovery, issued, refused
from tests.stocktake.identity.pem import certificate_pem, key_pem, rsa_key

from stocktake.errors import ConfigurationError, TransientError, UsageError
from stocktake.identity.aadsts import EXPLANATIONS, TRANSIENT, SignIn, code_of, refusal
from stocktake.identity.clouds import Cloud
from stocktake.identity.credentials import Certificate, ClientSecret, Credential
from stocktake.identity.tokens import EntraTokens, diagnose

SECRET = "s3cr3t~Va&lue="
CODES = Path("../shared/contract/aadsts.json")


def source(cloud: Cloud, credential: Credential | None = None, tenant: str = TENANT) -> EntraTokens:
    return EntraTokens(cloud, tenant, CLIENT, credential or ClientSecret(SECRET), patience=QUICK)


def form(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}


async def test_by_secret(entra: GraphServer, cloud: Cloud) -> None:
    assert await source(cloud).token() == "token-1"
    first, second = entra.asked
    assert (first.method, first.target) == ("GET", DISCOVERY)
    assert (second.method, second.target) == ("POST", TOKEN)
    sent = form(second)
    assert sent["grant_type"] == "client_credentials"
    assert sent["client_id"] == CLIENT
    assert sent["client_secret"] == SECRET
    assert sent["scope"] == "https://graph.example/.default"


async def test_by_certificate(entra: GraphServer, cloud: Cloud) -> None:
    credential = Certificate(key_pem(rsa_key()) + certificate_pem(rsa_key()))
    assert await source(cloud, credential).token() == "token-1"
    sent = form(entra.asked[1])
    assert sent["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    header, claims, signature = sent["client_assertion"].split(".")
    decoded = json.loads(_bytes(header))
    assert decoded["alg"] == "PS256"
    certificate = x509.load_pem_x509_certificate(credential.certificate_pem.encode())
    assert _bytes(decoded["x5t#S256"]) == certificate.fingerprint(hashes.SHA256())
    assert json.loads(_bytes(claims))["aud"] == f"{entra.url}{TOKEN}"
    rsa_key().public_key().verify(
        _bytes(signature),
        f"{header}.{claims}".encode(),
        padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size),
        hashes.SHA256(),
    )


async def test_one_request_for_many_tasks_and_then_none(entra: GraphServer, cloud: Cloud) -> None:
    tokens = source(cloud)
    assert set(await asyncio.gather(*(tokens.token() for _ in range(20)))) == {"token-1"}
    assert await tokens.token() == "token-1"
    assert [asked.target for asked in entra.asked] == [DISCOVERY, TOKEN]


async def test_claims_force_a_new_token(entra: GraphServer, cloud: Cloud) -> None:
    entra.script(TOKEN, issued("token-1"), issued("token-2"), issued("token-3"))
    tokens = source(cloud)
    await tokens.token()
    assert await tokens.token(claims='{"access_token":{"nbf":{"essential":true,"value":"1"}}}') == "token-2"
    sent = json.loads(form(entra.asked[-1])["claims"])
    assert sent["access_token"] == {"nbf": {"essential": True, "value": "1"}, "xms_cc": {"values": ["cp1"]}}
    assert await tokens.token(claims="{}") == "token-3"
    assert await tokens.token() == "token-3"


async def test_a_token_near_its_end_is_not_used(entra: GraphServer, cloud: Cloud) -> None:
    entra.script(TOKEN, issued("token-1", expires_in=0), issued("token-2"))
    tokens = source(cloud)
    assert await tokens.token() == "token-1"
    assert await tokens.token() == "token-2"
    assert await tokens.token() == "token-2"


TROUBLES = [
    Say(503, headers={"Retry-After": "0.05"}),
    Say(500, b"<html>"),
    Say(429, b""),
    Say(drop=True),
    Say(cut=True),
    Say(body=b"<html>"),
    Say(body=b"[]"),
]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_with_discovery_is_outlived(entra: GraphServer, cloud: Cloud, trouble: Say) -> None:
    entra.script(DISCOVERY, trouble, discovery(entra))
    assert await source(cloud).token() == "token-1"


@pytest.mark.parametrize("trouble", [*TROUBLES, refused(90033, "temporarily_unavailable"), refused(50196)])
async def test_trouble_with_tokens_is_outlived(entra: GraphServer, cloud: Cloud, trouble: Say) -> None:
    entra.script(TOKEN, trouble, issued())
    assert await source(cloud).token() == "token-1"


async def test_trouble_that_does_not_end(entra: GraphServer, cloud: Cloud) -> None:
    entra.script(TOKEN, Say(503))
    with pytest.raises(TransientError, match="localhost answered 503"):
        await source(cloud).token()
    assert [asked.target for asked in entra.asked].count(TOKEN) == 3


@pytest.mark.parametrize("code", sorted(EXPLANATIONS))
def test_every_code_has_a_message_and_a_remedy(code: int) -> None:
    error = refusal({"error_codes": [code]}, SignIn("the-app", "the-tenant", "the-host"))
    assert f"(AADSTS{code})" in error.message
    assert error.code == f"AADSTS{code}"
    assert error.remedy
    for text in (error.message, error.remedy):
        assert "\n" not in text
        assert "{" not in text


@pytest.mark.parametrize("code", [7000215, 7000222, 700016, 700027, 70011, 7000216, 53003, 7000112, 700024, 500011])
async def test_refusals_of_the_token_endpoint(entra: GraphServer, cloud: Cloud, code: int) -> None:
    entra.script(TOKEN, refused(code, status=401))
    with pytest.raises(ConfigurationError) as caught:
        await source(cloud).token()
    assert caught.value.code == f"AADSTS{code}"
    assert "Trace" not in caught.value.message
    assert SECRET not in repr(caught.value)
    assert len(entra.asked) == 2


async def test_a_refusal_is_not_remembered(entra: GraphServer, cloud: Cloud) -> None:
    """MSAL keeps refusals for a minute; a secret that was mended in between has to work."""
    entra.script(TOKEN, refused(7000215, status=400), issued())
    tokens = source(cloud)
    with pytest.raises(ConfigurationError):
        await tokens.token()
    assert await tokens.token() == "token-1"


async def test_an_unknown_code_is_told_in_microsofts_words(entra: GraphServer, cloud: Cloud) -> None:
    entra.script(TOKEN, refused(123456, text="The moon is in the wrong place."))
    with pytest.raises(ConfigurationError) as caught:
        await source(cloud).token()
    said = "Microsoft Entra refused the sign-in: The moon is in the wrong place (AADSTS123456)"
    assert caught.value.message == said


async def test_an_unknown_tenant(entra: GraphServer, cloud: Cloud) -> None:
    entra.script(DISCOVERY, refused(90002, "invalid_tenant"))
    with pytest.raises(ConfigurationError, match=r"the tenant norvelt\.example does not exist .*AADSTS90002"):
        await source(cloud).token()


@pytest.mark.parametrize("tenant", ["common", "Organizations", "consumers", "a/b", "", "a b", "../x", "x?y", "-x"])
def test_what_is_no_tenant(tenant: str) -> None:
    with pytest.raises(UsageError):
        source(Cloud("x", "https://login.example", "https://graph.example"), tenant=tenant)


async def test_the_secret_goes_to_no_other_host(entra: GraphServer, cloud: Cloud) -> None:
    entra.script(DISCOVERY, discovery(entra, entra.other_url))
    with pytest.raises(ConfigurationError, match=r"served by 127\.0\.0\.1, not by localhost"):
        await source(cloud).token()
    assert [asked.target for asked in entra.asked] == [DISCOVERY]


async def test_redirects_are_not_followed(entra: GraphServer, cloud: Cloud) -> None:
    entra.script(TOKEN, Say(307, b"", {"Location": f"{entra.other_url}{TOKEN}"}))
    with pytest.raises(TransientError):
        await source(cloud).token()
    assert {asked.host for asked in entra.asked} == {f"localhost:{entra.port}"}


async def test_an_unknown_authority(
    entra: GraphServer, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The cloud says whom to trust, whatever the environment says."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text(cloud.ca_bundle or "")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setitem(os.environ, name, str(bundle))
    other = Cloud("x", cloud.login_url, cloud.graph_url, trustme.CA().cert_pem.bytes().decode())
    with pytest.raises(ConfigurationError, match=r"localhost: its certificate is not trusted") as caught:
        await source(other).token()
    assert "--ca-bundle" in caught.value.remedy
    assert len(entra.asked) == 0


async def test_an_environment_that_names_another_authority(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(trustme.CA().cert_pem.bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert await source(cloud).token() == "token-1"


async def test_an_unreachable_host(entra: GraphServer, cloud: Cloud) -> None:
    await entra.__aexit__(None, None, None)
    with pytest.raises(ConfigurationError, match="localhost refuses the connection"):
        await source(cloud).token()


async def test_a_name_that_does_not_exist(cloud: Cloud) -> None:
    nowhere = Cloud("x", "https://login.invalid", cloud.graph_url, cloud.ca_bundle)
    with pytest.raises(ConfigurationError, match=r"login\.invalid can't be resolved"):
        await source(nowhere).token()


async def test_an_expired_certificate_is_refused_before_microsoft_does(entra: GraphServer, cloud: Cloud) -> None:
    with pytest.raises(ConfigurationError, match="expired on"):
        await source(cloud, Certificate(key_pem(rsa_key()) + certificate_pem(rsa_key(), days=-1))).token()
    assert TOKEN not in [asked.target for asked in entra.asked]


async def test_nothing_secret_is_shown(entra: GraphServer, cloud: Cloud) -> None:
    tokens = source(cloud)
    await tokens.token()
    assert SECRET not in repr(tokens)
    assert "token-1" not in repr(tokens)


async def test_nothing_secret_is_logged(entra: GraphServer, cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    entra.script(TOKEN, Say(body=b"<html>"), refused(90033), issued("very-secret-token"))
    await source(cloud).token()
    assert SECRET not in caplog.text
    assert "very-secret-token" not in caplog.text


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _jwt(claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.signature"


def test_diagnosis() -> None:
    facts = diagnose(_jwt({"roles": ["User.Read.All", 7], "tid": "t", "appid": "a", "exp": 1795500000}))
    assert (facts.roles, facts.scopes) == (frozenset({"User.Read.All"}), frozenset())
    assert (facts.tenant_id, facts.app_id) == ("t", "a")
    assert facts.expires_at is not None
    assert facts.expires_at.year == 2026
    assert diagnose(_jwt({"scp": "User.Read Group.Read.All", "azp": "b"})).scopes == {"User.Read", "Group.Read.All"}


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.e30", _jwt([]), _jwt({"roles": "x", "exp": "soon"})])
def test_tokens_that_say_nothing(token: str) -> None:
    facts = diagnose(token)
    assert (facts.roles, facts.expires_at) == (frozenset(), None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error_codes": [70011]}, 70011),
        ({"error_description": "AADSTS90002: Tenant 'x' not found."}, 90002),
        ({"error_codes": [], "error_description": "nothing"}, None),
        ({}, None),
    ],
)
def test_codes_are_found(body: dict[str, Any], code: int | None) -> None:
    assert code_of(body) == code


@pytest.mark.skipif(not CODES.is_file(), reason="needs ../shared/contract, which is beside a development checkout")
def test_published_codes_of_client_credentials_are_explained() -> None:
    """Every published code that client credentials can meet and that a person can mend has words of ours."""
    whole = json.loads(CODES.read_text("utf-8"))
    listed = next(value for value in whole.values() if isinstance(value, list))
    wanted = {entry["code"] for entry in listed if "cc" in entry["flow"]}
    developers = {28002, 90036, 901002, 50000, 700229}
    assert wanted - set(EXPLANATIONS) - TRANSIENT - developers == set()
