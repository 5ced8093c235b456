"""Five facts worth acting on, each a number with its definition."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, bindparam, text

from stocktake.insights.position import EXPIRY_DAYS, expiry_window, instant_before
from stocktake.products.free import FREE_PART_NUMBERS
from stocktake.store.reading import visible
from stocktake.store.runs import Run, ledger

INACTIVE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Fact:
    """`number` is None where the tenant would not tell; `detail` then says why."""

    title: str
    number: int | None
    detail: str
    definition: str


@dataclass(frozen=True, slots=True)
class _Question:
    """`sql` sees :connector, :run, :today, :horizon, :cutoff and :free, and gives one row with `number`."""

    title: str
    sql: str
    detail: Callable[[RowMapping], str]
    definition: str
    source: str  # whose completeness the number needs


# Everybody who holds a seat of a paid product: an assignment in Error holds none.
_PAID_SEATS = f"""
    SELECT DISTINCT a.user_id, a.sku_id FROM assignments AS a
    JOIN subscriptions AS k ON k.sku_id = a.sku_id AND {visible("k")}
    WHERE {visible("a")} AND (a.state IS NULL OR a.state <> 'Error') AND k.sku_part_number NOT IN :free
"""

_QUESTIONS: tuple[_Question, ...] = (
    _Question(
        "Seats held by disabled accounts",
        f"""
        SELECT count(*) AS number, count(DISTINCT p.user_id) AS users FROM ({_PAID_SEATS}) AS p
        JOIN users AS u ON u.id = p.user_id AND {visible("u")} WHERE NOT u.account_enabled
        """,
        lambda row: f"on {row['users']} accounts",
        "paid seats whose account can't sign in, shared mailboxes and rooms among them",
        "users",
    ),
    _Question(
        "Direct licences doubled by a group",
        f"""
        SELECT count(*) AS number, count(DISTINCT d.user_id) AS users FROM (
            SELECT a.user_id, a.sku_id FROM assignments AS a
            WHERE {visible("a")} AND (a.state IS NULL OR a.state <> 'Error')
            GROUP BY a.user_id, a.sku_id HAVING count(DISTINCT a.source) > 1
        ) AS d
        """,
        lambda row: f"for {row['users']} people",
        "the same product directly and through a group: the direct one outlives every change of the group",
        "users",
    ),
    _Question(
        "Licensed people who stay away",
        f"""
        SELECT count(DISTINCT u.id) AS number, count(*) AS seats FROM ({_PAID_SEATS}) AS p
        JOIN users AS u ON u.id = p.user_id AND {visible("u")}
        LEFT JOIN sign_ins AS s ON s.user_id = u.id AND {visible("s")}
        WHERE u.account_enabled AND u.created_at < :cutoff
              AND COALESCE(s.last_successful_sign_in_at, s.last_sign_in_at, '') < :cutoff
        """,
        lambda row: f"holding {row['seats']} paid seats",
        f"enabled accounts older than {INACTIVE_DAYS} days, without a successful sign-in in that time "
        f"(without any, where Microsoft tells attempts alone)",
        "sign_ins",
    ),
    _Question(
        "Licence assignments in error",
        f"""
        SELECT count(*) AS number, count(DISTINCT a.user_id) AS users FROM assignments AS a
        WHERE {visible("a")} AND a.state IN ('Error', 'ActiveWithError')
        """,
        lambda row: f"for {row['users']} people",
        "assignments that Microsoft could not carry out as they were asked for",
        "users",
    ),
    _Question(
        "Subscriptions that end soon",
        f"""
        SELECT count(*) AS number, COALESCE(SUM(e.total), 0) AS seats FROM terms AS e
        WHERE {visible("e")} AND e.next_lifecycle_at BETWEEN :today AND :horizon AND e.status IN ('Enabled', 'Warning')
        """,
        lambda row: f"with {row['seats']} seats",
        f"purchases whose status changes within {EXPIRY_DAYS} days unless somebody renews",
        "terms",
    ),
)


def first_look(connection: Connection, run: Run) -> list[Fact]:
    """The facts as of a run, in a fixed order."""
    entries = {entry.source: entry for entry in ledger(connection, run.id)}
    parameters = {
        "connector": run.connector_id,
        "run": run.id,
        "cutoff": instant_before(run, INACTIVE_DAYS),
        **expiry_window(run),
    }
    facts = []
    for question in _QUESTIONS:
        entry = entries.get(question.source)
        if entry is None or entry.outcome != "complete":
            reason = (entry.reason or entry.outcome) if entry else "never read"
            facts.append(Fact(question.title, None, f"not known: {question.source} {reason}", question.definition))
            continue
        statement, values = text(question.sql), dict(parameters)
        if ":free" in question.sql:
            statement = statement.bindparams(bindparam("free", expanding=True))
            values["free"] = sorted(FREE_PART_NUMBERS)
        row = connection.execute(statement, values).mappings().one()
        facts.append(Fact(question.title, int(row["number"]), question.detail(row), question.definition))
    return facts
