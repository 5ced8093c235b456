"""`stocktake user`: who may sign in to the console."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stocktake.cli.installation import installation
from stocktake.cli.options import Json
from stocktake.cli.output import note, print_json_array, print_rows, say
from stocktake.errors import UsageError

PasswordFile = Annotated[
    str | None,
    typer.Option("--password-file", metavar="FILE", help="File whose first line is the password; - reads stdin."),
]
PasswordVariable = Annotated[
    str | None, typer.Option("--password-env", metavar="VARIABLE", help="Variable that holds the password.")
]
_LONGEST = 4096  # bytes


class RoleName(StrEnum):
    ADMINISTRATOR = "administrator"
    ANALYST = "analyst"
    VIEWER = "viewer"


def add_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the person signs in with.")],
    role: Annotated[
        RoleName, typer.Option("--role", help="Viewers look, analysts also sync, administrators also connect tenants.")
    ],
    password_file: PasswordFile = None,
    password_env: PasswordVariable = None,
) -> None:
    """Let somebody in. The password is asked for, unless it is in a file or a variable."""
    from stocktake.web.passwords import hash_password, valid_account_name

    name = valid_account_name(name)
    hashed = hash_password(_password(password_file, password_env))
    with installation() as app:
        from stocktake.store.accounts import add_account

        add_account(app.store, name, hashed, role.value)
    say(f"{name} may sign in as {role.value}. The console is started by `stocktake serve`.")


def change_password(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    password_file: PasswordFile = None,
    password_env: PasswordVariable = None,
) -> None:
    """Give an account another password. Its sessions end."""
    from stocktake.web.passwords import hash_password

    with installation() as app:
        from stocktake.store.accounts import get_account, set_password

        account = get_account(app.store, name)
        set_password(app.store, account, hash_password(_password(password_file, password_env)))
    say(f"{account.name} has a new password.")


def disable_user(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Shut an account out at once, without forgetting it."""
    _set_enabled(name, enabled=False)
    say(f"{name} may no longer sign in.")


def enable_user(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Let a disabled account in again."""
    _set_enabled(name, enabled=True)
    say(f"{name} may sign in.")


def remove_user(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Remove an account. Its sessions end."""
    with installation() as app:
        from stocktake.store.accounts import get_account, remove_account

        remove_account(app.store, get_account(app.store, name))
    say(f"{name} is removed.")


def show_users(json: Json = False) -> None:
    """List the accounts."""
    with installation() as app:
        from stocktake.store.accounts import list_accounts

        with app.store.read() as connection:
            rows: list[dict[str, object]] = [
                {
                    "name": account.name,
                    "role": account.role,
                    "enabled": account.enabled,
                    "created_at": account.created_at,
                }
                for account in list_accounts(connection)
            ]
    if json:
        print_json_array(rows)
    elif rows:
        print_rows(list(rows[0]), rows)
    else:
        note(
            "There is no account yet: add one with `stocktake user add`, or by the link that `stocktake serve` prints."
        )


def _set_enabled(name: str, *, enabled: bool) -> None:
    with installation() as app:
        from stocktake.store.accounts import get_account, set_enabled

        set_enabled(app.store, get_account(app.store, name), enabled=enabled)


def _password(file: str | None, variable: str | None) -> str:
    if file is not None and variable is not None:
        raise UsageError("the password was given twice", "give one of --password-file and --password-env")
    if variable is not None:
        if not (found := os.environ.get(variable, "")):
            raise UsageError(f"variable {variable} holds no password", "set it, or leave out --password-env")
        return found
    if file is not None:
        return _first_line(file)
    if not sys.stdin.isatty():
        raise UsageError("there is nobody to ask for a password", "give --password-file FILE or --password-env NAME")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True))


def _first_line(name: str) -> str:
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(_LONGEST)
        else:
            with Path(name).expanduser().open("rb") as source:
                raw = source.read(_LONGEST)
    except OSError as error:
        raise UsageError(f"--password-file {name} can't be read: {error.strerror}") from None
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UsageError(f"--password-file {name} is no text file") from None
    if not lines or not lines[0]:
        raise UsageError(f"--password-file {name} holds no password", "write it in the first line")
    return lines[0]
