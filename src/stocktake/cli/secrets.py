"""Credentials as people hand them over: in a file, on standard input, in the environment. Never as an argument."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stocktake.errors import UsageError

if TYPE_CHECKING:
    from stocktake.identity.credentials import Credential

STDIN = "-"
_LONGEST = 65_536  # bytes; a secret has about 40, a certificate with its chain a few thousand


@dataclass(frozen=True, slots=True)
class CredentialOptions:
    """Where the credential is, as the options said; each None where the option was not given."""

    secret_file: str | None
    secret_variable: str | None
    certificate: str | None

    @property
    def given(self) -> list[str]:
        return [value for value in (self.secret_file, self.secret_variable, self.certificate) if value is not None]


def read_credential(options: CredentialOptions) -> "Credential":
    """The credential from the one place that was named; UsageError for none, several, or one that holds nothing."""
    given = options.given
    if len(given) != 1:
        raise UsageError(
            "an app registration needs one credential" + (", and several were given" if given else ""),
            "give one of --client-secret-file FILE, --client-secret-env VARIABLE, --certificate PEM",
        )
    from stocktake.identity.credentials import ClientSecret, read_certificate
    from stocktake.logs import hide

    if options.certificate is not None:
        return read_certificate(_read(options.certificate, "--certificate"))
    if options.secret_file is not None:
        secret, source = (
            _read(options.secret_file, "--client-secret-file"),
            f"--client-secret-file {options.secret_file}",
        )
    else:
        secret, source = os.environ.get(str(options.secret_variable), ""), f"variable {options.secret_variable}"
    secret = secret.rstrip("\r\n")
    if not secret.strip():
        raise UsageError(f"{source} holds no client secret", "put the secret's value there, not its id")
    if "\n" in secret:
        raise UsageError(f"{source} holds several lines", "put the secret's value alone there")
    hide(secret)
    return ClientSecret(secret)


def _read(name: str, option: str) -> str:
    try:
        if name == STDIN:
            raw = sys.stdin.buffer.read(_LONGEST + 1)
        else:
            with Path(name).expanduser().open("rb") as source:
                raw = source.read(_LONGEST + 1)
    except OSError as error:
        raise UsageError(f"{option} {name} can't be read: {error.strerror}") from None
    if len(raw) > _LONGEST:
        raise UsageError(f"{option} {name} is too long to be a credential")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{option} {name} is no text file") from None
