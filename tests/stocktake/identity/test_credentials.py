"""Secrets and certificates, and what is refused in their place."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.stocktake.identity.pem import certificate_pem, key_pem, rsa_key

from stocktake.errors import ConfigurationError
from stocktake.identity.credentials import Certificate, ClientSecret, deserialize, read_certificate, serialize


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_a_key_with_its_certificate_among_others(form: serialization.PrivateFormat) -> None:
    mine = certificate_pem(rsa_key())
    certificate = read_certificate(
        f"Bag Attributes\n{certificate_pem(rsa_key(1))}{mine}{key_pem(rsa_key(), form=form)}"
    )
    assert certificate.certificate_pem == mine
    parsed = x509.load_pem_x509_certificate(mine.encode())
    assert certificate.thumbprint == parsed.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - the portal's name for it
    assert timedelta(days=29) < certificate.expires_at - datetime.now(UTC) < timedelta(days=31)


ENCRYPTED_OLD = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
BROKEN_KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
BROKEN_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def test_what_is_refused() -> None:
    key, own = key_pem(rsa_key()), certificate_pem(rsa_key())
    curve = ec.generate_private_key(ec.SECP256R1())
    refused = {
        "": "no private key",
        own: "no private key",
        key: "no certificate",
        key_pem(rsa_key(), b"pw") + own: "encrypted",
        ENCRYPTED_OLD + own: "encrypted",
        key + certificate_pem(rsa_key(1)): "do not belong together",
        key_pem(curve) + certificate_pem(curve): "no RSA key",
        BROKEN_KEY + own: "can't be read",
        key + BROKEN_CERTIFICATE: "can't be read",
        key + certificate_pem(rsa_key(), days=-1): "expired on",
    }
    for pem, says in refused.items():
        with pytest.raises(ConfigurationError, match=says) as caught:
            read_certificate(pem)
        assert caught.value.remedy
        assert "\n" not in caught.value.message + caught.value.remedy
        assert "BEGIN" not in caught.value.message


def test_an_expired_certificate_can_still_be_read_from_the_store() -> None:
    stored = serialize(Certificate(key_pem(rsa_key()) + certificate_pem(rsa_key(), days=-1)))
    read = deserialize(stored)
    assert isinstance(read, Certificate)
    assert read.expires_at < datetime.now(UTC)


def test_nothing_secret_is_shown() -> None:
    secret = ClientSecret("s3cr3t~value")
    certificate = Certificate(key_pem(rsa_key()) + certificate_pem(rsa_key()))
    for shown in (repr(secret), str(secret), repr(certificate), f"{certificate!s}"):
        assert "s3cr3t" not in shown
        assert "PRIVATE" not in shown
        assert key_pem(rsa_key()).splitlines()[1] not in shown


@pytest.mark.parametrize("value", ["", " x", "x\n"])
def test_a_secret_with_white_space_is_a_mistake(value: str) -> None:
    with pytest.raises(ConfigurationError, match="white space"):
        ClientSecret(value)


def test_round_trip() -> None:
    for credential in (ClientSecret("ä~secret"), Certificate(key_pem(rsa_key()) + certificate_pem(rsa_key()))):
        assert deserialize(serialize(credential)) == credential


@pytest.mark.parametrize("plain", [b"", b"{}", b'{"kind": "password", "value": "x"}', b"\xff"])
def test_what_was_never_stored_by_us(plain: bytes) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        deserialize(plain)
