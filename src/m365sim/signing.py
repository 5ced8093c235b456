"""RSA key pairs: of the identity platform, which signs tokens, and of applications, which sign their assertions."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey

_BITS = 2048
_DAYS = 730


@dataclass(slots=True, frozen=True)
class KeyPair:
    """An RSA key with a self-signed certificate, as PEM."""

    private_pem: str
    certificate_pem: str

    @property
    def thumbprint_sha1(self) -> bytes:
        return certificate_of(self.certificate_pem).fingerprint(hashes.SHA1())  # noqa: S303  # an identifier: x5t of RFC 7515 4.1.7

    @property
    def thumbprint_sha256(self) -> bytes:
        return certificate_of(self.certificate_pem).fingerprint(hashes.SHA256())


def new_key_pair(common_name: str, now: float) -> KeyPair:
    """A key whose certificate is valid from a day before `now` (epoch seconds) for two years."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    start = datetime.fromtimestamp(int(now), UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=_DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


class SigningKey:
    """The platform's own key, made when it is first needed: a tenth of a second that a start need not wait for."""

    def __init__(self, made_at: float) -> None:
        self._made_at = made_at

    @cached_property
    def pair(self) -> KeyPair:
        return new_key_pair("accounts.accesscontrol.windows.net", self._made_at)

    @cached_property
    def key_id(self) -> str:
        """Microsoft's kid, which is also its x5t."""
        return base64url(self.pair.thumbprint_sha1)

    @cached_property
    def private(self) -> RSAKey:
        return RSAKey.import_key(self.pair.private_pem, {"kid": self.key_id, "alg": "RS256", "use": "sig"})


def certificate_of(pem: str) -> x509.Certificate:
    """ValueError for what is no certificate."""
    return x509.load_pem_x509_certificate(pem.encode())


def public_key_of(pem: str) -> RSAKey:
    """The key of a certificate; ValueError where it is none or not RSA."""
    key = certificate_of(pem).public_key()
    return RSAKey.import_key(
        key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
