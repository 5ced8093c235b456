"""Overview: the position by product, what the last run changed, and what is incomplete and why."""

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from stocktake.insights.first_look import Fact, first_look
from stocktake.insights.position import EXPIRY_DAYS, ProductPosition, position
from stocktake.products.free import FREE_PART_NUMBERS
from stocktake.store.connectors import Connector
from stocktake.store.grids import scopes_of
from stocktake.store.runs import Entry, Run, count_runs, ledger, unfinished_run
from stocktake.web.console import Console, console_of
from stocktake.web.grid import Said, chosen_connectors, said_of
from stocktake.web.rendering import page

_FACTS_KEPT = 256  # runs


@dataclass(frozen=True, slots=True)
class Totals:
    """Seats of the products that cost something: the free ones come by the ten thousand and would hide the others."""

    bought: int
    assigned: int
    available: int
    over_assigned: int
    expiring: int


@dataclass(frozen=True, slots=True)
class Tenant:
    """What the overview says of one connector; without a finished run there is nothing but its name."""

    connector: Connector
    run: Run | None
    running: bool
    failure: str | None
    positions: tuple[ProductPosition, ...]
    free: tuple[ProductPosition, ...]
    totals: Totals | None
    facts: tuple[Fact, ...]
    entries: tuple[Entry, ...]
    said: tuple[Said, ...]
    first: bool = False  # there is no other run, so that all of it is new

    @property
    def missing(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.outcome not in (None, "complete")]

    @property
    def changes(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.added or entry.changed or entry.removed]


def show(request: Request) -> Response:
    console = console_of(request)
    as_of = request.query_params.get("as_of") or None
    name = request.query_params.get("connector", "")
    every, chosen = chosen_connectors(console.app.store, name)
    tenants = [_tenant(console, connector, as_of) for connector in chosen]
    return page(
        request,
        "overview.html",
        tenants=tenants,
        connectors=every,
        chosen=name,
        as_of=as_of or "",
        expiry_days=EXPIRY_DAYS,
    )


def _tenant(console: Console, connector: Connector, as_of: str | None) -> Tenant:
    app = console.app
    with app.store.read() as connection:
        scopes = scopes_of(connection, [connector], as_of)
        said = tuple(
            line for name in ("subscriptions", "terms") for line in said_of(connection, name, [connector], as_of)
        )
        running = unfinished_run(connection, connector.id) is not None
        failure = console.runner.failure(connector.name)
        if not scopes:
            return Tenant(connector, None, running, failure, (), (), None, (), (), said)
        run = scopes[0].run
        found = position(connection, run, app.name_of(connection))
        entries = tuple(ledger(connection, run.id))
        first = count_runs(connection, [connector.id]) == 1
    paid = tuple(product for product in found if product.sku_part_number not in FREE_PART_NUMBERS)
    free = tuple(product for product in found if product.sku_part_number in FREE_PART_NUMBERS)
    facts = _facts(console, run)
    return Tenant(connector, run, running, failure, paid, free, _totals(paid), facts, entries, said, first)


def _totals(products: tuple[ProductPosition, ...]) -> Totals:
    return Totals(
        bought=sum(product.bought for product in products),
        assigned=sum(product.assigned for product in products),
        available=sum(product.available for product in products),
        over_assigned=sum(product.over_assigned for product in products),
        expiring=sum(product.expiring for product in products),
    )


def _facts(console: Console, run: Run) -> tuple[Fact, ...]:
    """What a finished run says never changes, and with many users it takes a second to count."""
    known = console.facts.get(run.id)
    if known is None:
        with console.app.store.read() as connection:
            known = tuple(first_look(connection, run))
        if len(console.facts) >= _FACTS_KEPT:
            console.facts.clear()
        console.facts[run.id] = known
    return known
