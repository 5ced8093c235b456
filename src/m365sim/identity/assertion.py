"""Client assertions signed with a certificate (entra-docs certificate-credentials.md, graph-facts 7.1).

A `jti` may come again: Microsoft does not refuse it, and MSAL sends one assertion for as long as it is valid
(msal.AutoRefresher).
"""

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from m365sim.applications import Application, KeyCredential
from m365sim.identity.sign_in_refusals import SignInError
from m365sim.signing import public_key_of
from m365sim.tenant import Tenant
from m365sim.world import World

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS256", "PS256"]
_SKEW_S = 300


class _Registry(jws.JWSRegistry):
    """Room for a chain of certificates in the header: MSAL sends x5c beside the thumbprint."""

    max_header_length = 16_384


_REGISTRY = _Registry(algorithms=ALGORITHMS)
_REVIEW = "Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."


def check_assertion(world: World, tenant: Tenant | None, name: str, application: Application, assertion: str) -> None:
    """SignInError unless the assertion is signed by a registered key and meant for this tenant, now.

    `name` is the tenant as the address names it.
    """
    header = _header(assertion)
    key = _key_of(world, application, header)
    try:
        claims = jwt.decode(assertion, public_key_of(key.pem), registry=_REGISTRY).claims
    except (JoseError, ValueError) as error:
        raise _not_registered(application, key.thumbprint_sha1.hex().upper(), "found, but it did not verify") from error
    if not claims.get("iss") == claims.get("sub") == application.client_id:
        text = "Client assertion application identifier doesn't match 'client_id' parameter."
        raise SignInError(700021, "invalid_client", text)
    _check_audience(world, tenant, name, claims)
    _check_time(world, claims)


def _header(assertion: str) -> Mapping[str, Any]:
    try:
        header = jws.extract_compact(assertion.encode(), registry=_REGISTRY).headers()
    except (JoseError, ValueError) as error:
        raise malformed() from error
    if header.get("alg") not in ALGORITHMS:
        raise malformed()
    return header


def malformed() -> SignInError:
    return SignInError(50027, "invalid_client", "JWT token is invalid or malformed.")


def _key_of(world: World, application: Application, header: Mapping[str, Any]) -> KeyCredential:
    thumbprint = b""
    for name in ("x5t#S256", "x5t"):
        if isinstance(header.get(name), str):
            thumbprint = _decoded(header[name])
            break
    else:
        if isinstance(header.get("kid"), str):
            thumbprint = _from_hex(header["kid"])
    shown = thumbprint.hex().upper()
    for key in application.keys:
        if thumbprint and thumbprint in {key.thumbprint_sha1, key.thumbprint_sha256}:
            if not key.starts_at <= world.clock.now() < key.ends_at:
                raise _not_registered(application, shown, "expired")
            return key
    raise _not_registered(application, shown, "not found")


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (Base64Error, ValueError) as error:
        raise malformed() from error


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise malformed() from error


def _not_registered(application: Application, thumbprint: str, reason: str) -> SignInError:
    what = {"expired": "is expired on application. [Reason - The key used is expired."}.get(
        reason, f"is not registered on application. [Reason - The key was {reason}."
    )
    return SignInError(
        700027,
        "invalid_client",
        f"The certificate with identifier used to sign the client assertion {what}, Thumbprint of key used by client: "
        f"'{thumbprint}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured "
        f"keys for app Id '{application.client_id}'.]",
    )


def _check_audience(world: World, tenant: Tenant | None, name: str, claims: Mapping[str, Any]) -> None:
    """The token endpoint's address or an issuer form of the tenant, by any of the tenant's names."""
    names = {name.lower()}
    if tenant is not None:
        names |= {tenant.id, *(domain.id.lower() for domain in tenant.domains)}
    roots = [f"{world.login_url}/{each}".lower() for each in names]
    accepted = {root + tail for root in roots for tail in ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/", "")}
    audience = claims.get("aud")
    given = audience if isinstance(audience, list) else [audience]
    if not any(str(each).lower() in accepted for each in given):
        text = f"Client assertion audience claim does not match Realm issuer. {_REVIEW}"
        raise SignInError(700023, "invalid_client", text)


def _check_time(world: World, claims: Mapping[str, Any]) -> None:
    now, starts, ends = world.clock.now(), claims.get("nbf", 0), claims.get("exp")
    if not isinstance(ends, int | float) or not isinstance(starts, int | float):
        raise malformed()
    if starts - _SKEW_S <= now < ends + _SKEW_S:
        return
    raise SignInError(
        700024,
        "invalid_client",
        f"Client assertion is not within its valid time range. Current time: {_instant(now)}, assertion valid from "
        f"{_instant(starts)}, expiry time of assertion {_instant(ends)}. {_REVIEW}",
    )


def _instant(epoch: float) -> str:
    """Seven digits of a second, as .NET prints an instant."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
