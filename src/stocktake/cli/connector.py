"""`stocktake connector`: tenants, and how to sign in to them."""

import sys
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stocktake.access.forms import valid_client_id, valid_name, valid_tenant
from stocktake.cli.installation import installation
from stocktake.cli.options import Json
from stocktake.cli.output import note, print_json, print_json_array, print_rows, printable, say
from stocktake.cli.secrets import CredentialOptions, read_credential
from stocktake.errors import UsageError

if TYPE_CHECKING:
    from stocktake.app import App
    from stocktake.identity.credentials import Credential
    from stocktake.store.connectors import NewConnector

_MARKS = {True: "ok", False: "FAILED", None: "-"}


class Permissions(StrEnum):
    APPLICATION = "application"
    DELEGATED = "delegated"


def add_connector(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call it.")],
    tenant: Annotated[str, typer.Option("--tenant", metavar="TENANT", help="A domain of the tenant, or its id.")],
    client_id: Annotated[
        str | None,
        typer.Option(
            "--client-id", metavar="ID", help="Application (client) ID of the app registration; none: the provider's."
        ),
    ] = None,
    permissions: Annotated[
        Permissions, typer.Option("--permissions", help="Kind of the permissions that were granted.")
    ] = Permissions.APPLICATION,
    cloud: Annotated[str, typer.Option("--cloud", metavar="NAME", help="See `stocktake cloud list`.")] = "global",
    description: Annotated[str, typer.Option("--description", metavar="TEXT", help="For people.")] = "",
    client_secret_file: Annotated[
        str | None,
        typer.Option("--client-secret-file", metavar="FILE", help="File that holds the client secret; - reads stdin."),
    ] = None,
    client_secret_env: Annotated[
        str | None,
        typer.Option("--client-secret-env", metavar="VARIABLE", help="Variable that holds the client secret."),
    ] = None,
    certificate: Annotated[
        str | None,
        typer.Option("--certificate", metavar="PEM", help="File with the private key and the certificate."),
    ] = None,
) -> None:
    """Add a connector. The credential is sealed before it is kept; Microsoft is not contacted."""
    options = CredentialOptions(client_secret_file, client_secret_env, certificate)
    delegated = permissions is Permissions.DELEGATED
    valid_name(name, "connector")
    tenant = valid_tenant(tenant)
    client_id = valid_client_id(client_id) if client_id is not None else None
    credential = _credential(client_id, options)
    with installation() as app:
        from stocktake.store.connectors import NewConnector

        kind: Literal["application", "delegated"] = "delegated" if delegated else "application"
        _keep(app, NewConnector(name, tenant, cloud, kind, client_id, description=description), credential)
    step = "authorize" if delegated or client_id is None else "check"
    say(f"Connector {name} added. Next: stocktake connector {step} {name}")


def _credential(client_id: str | None, options: CredentialOptions) -> "Credential | None":
    if client_id is not None:
        return read_credential(options)
    if options.given:
        raise UsageError(
            "a credential without --client-id belongs to no app registration",
            "give --client-id ID, or leave the credential out to use the provider's app of the settings",
        )
    return None


def _keep(app: "App", new: "NewConnector", credential: "Credential | None") -> None:
    from stocktake.identity.applications import provider_application
    from stocktake.identity.credentials import Certificate, serialize
    from stocktake.store.clouds import get_cloud
    from stocktake.store.connectors import add_connector, credential_context

    get_cloud(app.store, new.cloud)
    if new.client_id is None and provider_application(app.settings) is None:
        raise UsageError("there is no --client-id, and the settings name no provider's app", "give --client-id ID")
    if credential is not None:
        ends = credential.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(credential, Certificate) else None
        sealed = app.sealer.seal(serialize(credential), credential_context(new.name))
        new = replace(new, sealed_credential=sealed, credential_expires_at=ends)
    add_connector(app.store, new)


def show_connectors(json: Json = False) -> None:
    """List the connectors and how their last run ended."""
    with installation() as app:
        from stocktake.store.connectors import list_connectors
        from stocktake.store.runs import list_runs

        with app.store.read() as connection:
            last = {str(run["connector"]): run for run in reversed(list_runs(connection))}
        rows: list[dict[str, object]] = [
            {
                "name": connector.name,
                "tenant": connector.tenant,
                "cloud": connector.cloud,
                "permissions": connector.permissions,
                "client_id": connector.client_id,
                "granted_by": connector.granted_by,
                "grant_lost": connector.grant_lost,
                "credential_expires_at": connector.credential_expires_at,
                "enabled": connector.enabled,
                "description": connector.description,
                "created_at": connector.created_at,
                "last_run_at": last.get(connector.name, {}).get("finished_at"),
                "last_outcome": last.get(connector.name, {}).get("outcome"),
            }
            for connector in list_connectors(app.store)
        ]
    if json:
        print_json_array(rows)
    elif rows:
        print_rows(list(rows[0]), rows)
    else:
        note("There is no connector yet: add one with `stocktake connector add`, or see `stocktake demo`.")


def check(name: Annotated[str, typer.Argument(metavar="NAME")], json: Json = False) -> int:
    """Tell what works and what is missing. Reads only, and changes nothing anywhere."""
    with installation() as app:
        from stocktake.check import check_connector, keep_checks
        from stocktake.store.clouds import get_cloud
        from stocktake.store.connectors import get_connector

        connector = get_connector(app.store, name)
        checks = check_connector(app.settings, app.store, app.sealer, get_cloud(app.store, connector.cloud), connector)
        keep_checks(app.store, connector, checks)
    good = not any(found.ok is False and not found.optional for found in checks)
    if json:
        print_json({"connector": name, "ok": good, "checks": [found.as_json() for found in checks]})
        return 0 if good else 1
    width = max(len(found.check) for found in checks)
    for found in checks:
        remedy = f" {found.remedy}." if found.remedy and found.ok is not True else ""
        mark = "missing" if found.ok is False and found.optional else _MARKS[found.ok]
        say(f"{mark:8}{found.check:{width}}  {printable(found.message)}.{printable(remedy)}")
    return 0 if good else 1


def remove_connector(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a connector with everything that was read through it, its history included."""
    with installation() as app:
        from stocktake.store.connectors import get_connector
        from stocktake.store.connectors import remove_connector as remove

        get_connector(app.store, name)
        if not yes and sys.stdin.isatty():
            typer.confirm(f"Remove {name} with all its data and history?", abort=True, err=True)
        gone = remove(app.store, name)
    parts = ", ".join(f"{count} {dataset}" for dataset, count in gone.items())
    say(f"Connector {name} removed{f', with {parts}' if parts else ''}.")
