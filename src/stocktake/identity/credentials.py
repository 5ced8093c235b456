"""What an application proves itself with. repr and messages never show it.

Certificate credentials: entra-docs certificate-credentials.md (assertion signed with PS256, `x5t#S256`), so RSA only.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from stocktake.errors import ConfigurationError

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """The value of a client secret (not its id)."""

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.value or self.value != self.value.strip():
            raise ConfigurationError(
                "the client secret is empty or has white space around it",
                "Give the value as the portal showed it when the secret was made",
            )


@dataclass(frozen=True, slots=True)
class Certificate:
    """A private key with its certificate, from PEM text that may hold a chain as well.

    ConfigurationError: no key, an encrypted one, one that is not RSA, no certificate, or none that fits the key.
    Expiry is not judged here, so that a stored one can still be read: `read_certificate` and EntraTokens do.
    """

    pem: str = field(repr=False)
    private_key_pem: str = field(init=False, repr=False)
    certificate_pem: str = field(init=False, repr=False)
    thumbprint: str = field(init=False)  # SHA-1 in upper-case hex, as the portal shows it
    starts_at: datetime = field(init=False)
    expires_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        blocks = [(found[1], found[0]) for found in _BLOCK.finditer(self.pem)]
        key_text, key = _private_key(blocks)
        certificate = _fitting_certificate(blocks, key)
        put = object.__setattr__  # the only way to fill a frozen dataclass from what it was given
        put(self, "private_key_pem", key_text)
        put(self, "certificate_pem", certificate.public_bytes(serialization.Encoding.PEM).decode())
        put(self, "thumbprint", certificate.fingerprint(hashes.SHA1()).hex().upper())  # noqa: S303 - a name, no proof
        put(self, "starts_at", certificate.not_valid_before_utc)
        put(self, "expires_at", certificate.not_valid_after_utc)

    def refuse_expired(self, now: datetime | None = None) -> None:
        """ConfigurationError when the certificate is past its end."""
        if self.expires_at <= (now or datetime.now(UTC)):
            raise ConfigurationError(
                f"the certificate {self.thumbprint} expired on {self.expires_at:%Y-%m-%d}",
                "Upload a new one in the portal (Certificates & secrets, Certificates), then give it to the connector",
            )


Credential: TypeAlias = ClientSecret | Certificate


def read_certificate(pem: str) -> Certificate:
    """A certificate to be used from now on: as `Certificate`, and not expired."""
    certificate = Certificate(pem)
    certificate.refuse_expired()
    return certificate


class _StoredSecret(msgspec.Struct, tag="client_secret", tag_field="kind"):
    value: str


class _StoredCertificate(msgspec.Struct, tag="certificate", tag_field="kind"):
    pem: str


def serialize(credential: Credential) -> bytes:
    """Plain bytes, only to be sealed at once (`Sealer.seal`)."""
    match credential:
        case ClientSecret(value=value):
            return msgspec.json.encode(_StoredSecret(value))
        case Certificate(pem=pem):
            return msgspec.json.encode(_StoredCertificate(pem))


def deserialize(plain: bytes) -> Credential:
    """The credential that `serialize` was given."""
    try:
        stored = msgspec.json.decode(plain, type=_StoredSecret | _StoredCertificate)
    except msgspec.DecodeError:
        raise ConfigurationError(
            "the stored credential can't be read", "Give the connector its credential again"
        ) from None
    return ClientSecret(stored.value) if isinstance(stored, _StoredSecret) else Certificate(stored.pem)


def _private_key(blocks: list[tuple[str, str]]) -> tuple[str, RSAPrivateKey]:
    keys = [text for label, text in blocks if label.endswith("PRIVATE KEY")]
    if not keys:
        raise ConfigurationError(
            "the certificate file holds no private key", "Give one PEM file with the private key and the certificate"
        )
    if "ENCRYPTED" in keys[0]:
        raise ConfigurationError(
            "the private key is encrypted", "Decrypt it first: openssl pkey -in KEY.pem -out PLAIN.pem"
        )
    try:
        key = serialization.load_pem_private_key(keys[0].encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError("the private key can't be read", "Give it as PEM (PKCS #8 or PKCS #1)") from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(
            "the private key is no RSA key", "Microsoft Entra signs applications in with RSA certificates only"
        )
    return keys[0], key


def _fitting_certificate(blocks: list[tuple[str, str]], key: RSAPrivateKey) -> x509.Certificate:
    try:
        certificates = [
            x509.load_pem_x509_certificate(text.encode()) for label, text in blocks if label == "CERTIFICATE"
        ]
    except ValueError:
        raise ConfigurationError("the certificate can't be read", "Give it as PEM (X.509)") from None
    if not certificates:
        raise ConfigurationError(
            "the certificate file holds no certificate", "Give one PEM file with the private key and the certificate"
        )
    for certificate in certificates:
        if certificate.public_key() == key.public_key():
            return certificate
    raise ConfigurationError(
        "the private key and the certificate do not belong together", "Give the key that the certificate was made for"
    )
