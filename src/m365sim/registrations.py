"""What is done to application registrations, by whomever: the portal and Graph's writes act through these functions.

Each takes `actor` (a user principal name or a client id) for the audit.
"""

import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from m365sim.applications import Application, KeyCredential, Secret
from m365sim.consents import ensure_principal, record
from m365sim.world import World

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_SECRET_LENGTH = 40
_YEAR = 365 * 24 * 3600
LONGEST_SECRET = 2 * _YEAR  # what the portal offers; the API's default is two years


@dataclass(slots=True, frozen=True)
class Registration:
    """What a new registration states. A redirect URI here is of the kind Web."""

    display_name: str
    multi_tenant: bool = False
    redirect_uris: tuple[str, ...] = ()
    public_redirect_uris: tuple[str, ...] = ()
    public_client: bool = False


def register(world: World, tenant_id: str, wanted: Registration, owner: str | None, actor: str) -> Application:
    """A new registration without service principal (Graph's POST /applications; the portal adds one itself)."""
    application = Application(
        object_id=str(uuid4()),
        client_id=str(uuid4()),
        display_name=wanted.display_name,
        tenant_id=tenant_id,
        service_principal_id="",
        multi_tenant=wanted.multi_tenant,
        redirect_uris=list(wanted.redirect_uris),
        created_at=int(world.clock.now()),
        public_client=wanted.public_client,
        public_redirect_uris=list(wanted.public_redirect_uris),
    )
    if owner is not None:
        application.owners.add(owner)
    world.applications[application.client_id] = application
    record(world, tenant_id, actor, "Add application", application.client_id, wanted.display_name)
    return application


def add_principal(world: World, application: Application, tenant_id: str, actor: str) -> str:
    """The application's service principal in that tenant, made if it is missing."""
    made = ensure_principal(application, tenant_id)
    record(world, tenant_id, actor, "Add service principal", application.client_id, made)
    return made


def remove(world: World, application: Application, actor: str) -> None:
    """Soft delete, as Microsoft does: the registration works no more and can be found among the deleted ones."""
    world.interactive.deleted_applications[application.client_id] = world.applications.pop(application.client_id)
    record(world, application.tenant_id, actor, "Delete application", application.client_id, application.display_name)


def add_secret(world: World, application: Application, name: str, ends_at: int | None, actor: str) -> Secret:
    """A new client secret; its value is never to be had again. `ends_at` None: in two years."""
    now = int(world.clock.now())
    value = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    made = Secret(str(uuid4()), value, value[:3], name, now, ends_at if ends_at is not None else now + LONGEST_SECRET)
    application.secrets.append(made)
    record(world, application.tenant_id, actor, "Add password", application.client_id, made.key_id)
    return made


def remove_secret(world: World, application: Application, key_id: str, actor: str) -> bool:
    """False if there is no such secret."""
    kept = [secret for secret in application.secrets if secret.key_id != key_id]
    if len(kept) == len(application.secrets):
        return False
    application.secrets[:] = kept
    record(world, application.tenant_id, actor, "Remove password", application.client_id, key_id)
    return True


def certificate_of(text: str | bytes) -> x509.Certificate:
    """A certificate from PEM, DER or base64 of DER; ValueError for anything else."""
    raw = text if isinstance(text, bytes) else text.encode()
    if b"-----BEGIN CERTIFICATE-----" in raw:
        return x509.load_pem_x509_certificate(raw)
    if isinstance(text, str):
        try:
            raw = b64decode("".join(text.split()), validate=True)
        except Base64Error as error:
            raise ValueError("no certificate: neither PEM nor base64") from error
    try:
        return x509.load_der_x509_certificate(raw)
    except ValueError:
        # Uploaded .cer files may hold base64 without a header; Graph's keyCredentials too are encoded twice by some.
        return _from_inner_base64(raw)


def _from_inner_base64(raw: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(b64decode(b"".join(raw.split()), validate=True))
    except Base64Error as error:
        raise ValueError("no certificate: neither PEM nor DER nor base64") from error


def key_credential(certificate: x509.Certificate, name: str) -> KeyCredential:
    """The credential that a certificate makes; without a name it is called by its subject."""
    return KeyCredential(
        key_id=str(uuid4()),
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        thumbprint_sha1=certificate.fingerprint(hashes.SHA1()),  # noqa: S303 - Microsoft's x5t is SHA-1
        thumbprint_sha256=certificate.fingerprint(hashes.SHA256()),
        display_name=name or certificate.subject.rfc4514_string(),
        starts_at=int(certificate.not_valid_before_utc.timestamp()),
        ends_at=int(certificate.not_valid_after_utc.timestamp()),
    )


def set_keys(world: World, application: Application, keys: Iterable[KeyCredential], actor: str) -> None:
    """Exactly these certificates."""
    application.keys[:] = list(keys)
    names = ", ".join(key.display_name for key in application.keys)
    record(world, application.tenant_id, actor, "Update key credentials", application.client_id, names)


def request_permissions(
    world: World, application: Application, roles: Iterable[str], scopes: Iterable[str], actor: str
) -> None:
    """Exactly these application and delegated permissions stand in the registration; consent is another matter."""
    application.requested_roles = set(roles)
    application.requested_scopes = set(scopes)
    detail = " ".join([*sorted(application.requested_roles), *sorted(application.requested_scopes)])
    record(world, application.tenant_id, actor, "Update required permissions", application.client_id, detail)


def set_report_concealment(world: World, tenant_id: str, conceal: bool, actor: str) -> None:
    """adminReportSettings.displayConcealedNames of that tenant."""
    world.tenants[tenant_id].conceal_names = conceal
    detail = f"displayConcealedNames={str(conceal).lower()}"
    record(world, tenant_id, actor, "Update report settings", tenant_id, detail)


def set_redirect_uris(world: World, application: Application, addresses: Iterable[str], actor: str) -> None:
    """Exactly these redirect URIs of the kind Web."""
    application.redirect_uris[:] = dict.fromkeys(addresses)
    detail = " ".join(application.redirect_uris)
    record(world, application.tenant_id, actor, "Update redirect URIs", application.client_id, detail)
