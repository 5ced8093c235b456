"""`stocktake demo`: a simulated tenant, read as a real one would be, and what comes of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktake.cli.installation import installation
from stocktake.cli.output import note, print_rows, printable, say
from stocktake.cli.sync import print_ledger, sync_one
from stocktake.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from stocktake.app import App
    from stocktake.cli.simulator import SimulatedTenant
    from stocktake.store.connectors import Connector

CLOUD = "m365sim"
CONNECTOR = "demo"

_NEXT = """\
Next, with a tenant of your own (it is only read, never changed):
  1. Portal, App registrations: register an application, make a client secret, add the application permissions
     Directory.Read.All, Group.Read.All, Reports.Read.All, User.Read.All, and grant admin consent.
  2. stocktake connector add NAME --tenant contoso.onmicrosoft.com --client-id ID --client-secret-file FILE
  3. stocktake connector check NAME
  4. stocktake sync NAME
  5. stocktake show subscriptions; stocktake export assignments --format xlsx --output assignments.xlsx"""


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop when the position is printed.")] = False,
    users: Annotated[int, typer.Option("--users", min=1, metavar="N", help="People of the simulated company.")] = 1000,
    groups: Annotated[int, typer.Option("--groups", min=1, metavar="N", help="Its groups.")] = 100,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another number is another company.")] = 7,
) -> int:
    """Read a simulated tenant through OAuth 2.0 and Graph over TLS, and print its licence position."""
    from stocktake.cli.simulator import simulated_tenant

    with installation() as app:
        _refuse_foreign(app)
        note(f"Starting a simulated tenant of {users:,} users.")
        arguments = ["--users", str(users), "--groups", str(groups), "--seed", str(seed), "--quiet"]
        with simulated_tenant(arguments) as tenant:
            connector = _connect(app, tenant)
            _check(app, connector)
            report = sync_one(app, connector, full=False)
            say("")
            _print_position(app, connector)
            _print_facts(app, connector)
            say("Completeness: what was asked for, and what came")
            print_ledger(report)
            say("")
            say(_NEXT)
            if not once:
                _stay(app, tenant)
    return report.exit_code


def _refuse_foreign(app: "App") -> None:
    """A connector that somebody made by that name must not be replaced."""
    from stocktake.store.connectors import list_connectors

    if any(found.name == CONNECTOR and found.cloud != CLOUD for found in list_connectors(app.store)):
        raise UsageError(f"there is a connector {CONNECTOR} of yours", "set STOCKTAKE_HOME to another directory")


def _connect(app: "App", tenant: "SimulatedTenant") -> "Connector":
    """The connector to the simulator. Its port, authority and secret are new each time; what was read stays."""
    from stocktake.identity.clouds import define_cloud
    from stocktake.identity.credentials import ClientSecret, serialize
    from stocktake.logs import hide
    from stocktake.store.clouds import add_cloud
    from stocktake.store.connectors import (
        NewConnector,
        add_connector,
        credential_context,
        get_connector,
        list_connectors,
        remove_connector,
        replace_credential,
    )

    hide(tenant.client_secret)
    add_cloud(app.store, define_cloud(CLOUD, tenant.login_url, tenant.graph_url, tenant.ca_bundle), replace=True)
    sealed = app.sealer.seal(serialize(ClientSecret(tenant.client_secret)), credential_context(CONNECTOR))
    for known in list_connectors(app.store):
        if known.name == CONNECTOR:
            if (known.tenant, known.client_id) == (tenant.tenant, tenant.client_id):
                replace_credential(app.store, CONNECTOR, sealed)
                return get_connector(app.store, CONNECTOR)
            remove_connector(app.store, CONNECTOR)
    new = NewConnector(
        name=CONNECTOR,
        tenant=tenant.tenant,
        cloud=CLOUD,
        permissions="application",
        client_id=tenant.client_id,
        description="A simulated tenant",
        sealed_credential=sealed,
    )
    return add_connector(app.store, new)


def _check(app: "App", connector: "Connector") -> None:
    from stocktake.check import check_connector
    from stocktake.store.clouds import get_cloud

    checks = check_connector(app.settings, app.store, app.sealer, get_cloud(app.store, connector.cloud), connector)
    for found in checks:
        if found.ok is False and not found.optional:
            raise ConfigurationError(f"{found.check}: {found.message}", found.remedy, code=found.code)
    passed = sum(found.ok is True for found in checks)
    note(f"Connected to {connector.tenant}: {passed} of {len(checks)} checks passed.")


def _print_position(app: "App", connector: "Connector") -> None:
    from stocktake.insights.position import EXPIRY_DAYS, position
    from stocktake.store.runs import finished_run

    with app.store.read() as connection:
        run = finished_run(connection, connector.id, None)
        if run is None:
            return
        products = position(connection, run, app.name_of(connection))
    say(f"Licence position of {connector.tenant} as of {run.finished_at}")
    rows: list[dict[str, object]] = [
        {
            "product": product.product_name,
            "bought": f"{product.bought:,}",
            "assigned": f"{product.assigned:,}",
            "available": f"{product.available:,}",
            "over-assigned": f"{product.over_assigned:,}" if product.over_assigned else None,
            f"ends in {EXPIRY_DAYS} days": f"{product.expiring:,}" if product.expiring else None,
            "status": product.status,
        }
        for product in products
    ]
    if rows:
        print_rows(list(rows[0]), rows)
    say("")


def _print_facts(app: "App", connector: "Connector") -> None:
    from stocktake.insights.first_look import first_look
    from stocktake.store.runs import finished_run

    with app.store.read() as connection:
        run = finished_run(connection, connector.id, None)
        facts = first_look(connection, run) if run is not None else []
    say("Worth acting on")
    for fact in facts:
        number = "?" if fact.number is None else f"{fact.number:,}"
        say(f"  {number:>6}  {fact.title}, {printable(fact.detail)}")
        say(f"          ({fact.definition})")
    say("")


def _stay(app: "App", tenant: "SimulatedTenant") -> None:
    """The console beside the simulated tenant's portal, until Ctrl-C."""
    from stocktake.cli.serve import serve_console

    def say_more() -> None:
        note(f"The simulated portal is at {tenant.portal_url} (your browser will not know its certificate).")
        note(f"Sign in there as {tenant.administrator} with the password {tenant.password}")
        note("Ctrl-C stops both.")

    serve_console(app, say_more)
