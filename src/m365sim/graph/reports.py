"""/reports/getOffice365ActiveUserDetail and the host it sends to (graph-facts 2.1, 2.2).

The address of the download is all that the download needs: a sealed note of tenant, report and time, good for five
minutes ("a few minutes"), without Authorization.
"""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import msgspec
from aiohttp import web

from m365sim.activity import ActiveUserRow, active_user_rows, concealed
from m365sim.graph.caches import remembered
from m365sim.graph.errors import GraphError, unknown_segment
from m365sim.graph.odata import options_of
from m365sim.graph.permissions import require_reports
from m365sim.graph.request import Answer, GraphRequest
from m365sim.graph.seals import seal, unseal
from m365sim.tenant import Tenant
from m365sim.world import World

ADDRESS_LIFETIME_S = 300
DAYS_BACK = 30
DOWNLOADS = "/data/download/"
_ACTIVE_USERS = "getoffice365activeuserdetail"
_CALL = re.compile(r"(?:microsoft\.graph\.)?(\w+)\((\w+)=(?:'([^']*)'|([^')]*))\)", re.IGNORECASE)
_PERIODS = {"D7": 7, "D30": 30, "D90": 90, "D180": 180}
_DAY_PERIOD = 1  # what the service calls the period of a report for one day
_WORKLOADS = ("Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams")

# In the order of the report's page, which is that of its file.
COLUMNS = (
    "Report Refresh Date",
    "User Principal Name",
    "Display Name",
    "Is Deleted",
    "Deleted Date",
    *(f"Has {name} License" for name in _WORKLOADS),
    *(f"{name} Last Activity Date" for name in _WORKLOADS),
    *(f"{name} License Assign Date" for name in _WORKLOADS),
    "Assigned Products",
)


class Download(msgspec.Struct, array_like=True, frozen=True):
    tenant_id: str
    issued: int
    period: int
    day: str  # the one day of date=, else empty


def report(request: GraphRequest) -> Answer:
    """GET /reports/getOffice365ActiveUserDetail(period='D7') or (date=2026-11-20): 302 to the file."""
    call = _CALL.fullmatch(request.parameters[0])
    if call is None or call[1].lower() != _ACTIVE_USERS or call[2].lower() not in {"period", "date"}:
        raise unknown_segment(request.parameters[0].partition("(")[0])
    require_reports(request)
    options_of(request, frozenset({"$format"}))
    value = call[3] if call[3] is not None else call[4]
    if call[2].lower() == "period":
        if value not in _PERIODS:
            raise _invalid(f"Invalid period value specified: {value}. Supported values are D7, D30, D90, D180.")
        note = Download(request.tenant.id, int(request.now), _PERIODS[value], "")
    else:
        note = Download(request.tenant.id, int(request.now), _DAY_PERIOD, _day(value, request.now).isoformat())
    address = f"{request.world.reports_url}{DOWNLOADS}{seal('report', '', note)}"
    return Answer(302, headers={"Location": address}, content_type="text/plain")


def _invalid(message: str) -> GraphError:
    return GraphError(400, "InvalidArgument", message)


def _day(text: str, now: float) -> date:
    """Text of the refusal: microsoft-graph-docs#8946, which says 28 days for Teams; this report has 30."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _invalid(f"Invalid date value specified: {text}. The date must have the format YYYY-MM-DD.") from None
    today = datetime.fromtimestamp(now, UTC).date()
    if not today - timedelta(days=DAYS_BACK) <= day <= today:
        raise _invalid(f"Invalid date value specified: {text}. Only support data for the past {DAYS_BACK} days.")
    return day


def file_of(world: World, token: str) -> bytes:
    """The CSV behind an address; GraphError 403 for one that is invented or older than five minutes."""
    note = unseal("report", "", token, Download)
    tenant = world.tenants.get(note.tenant_id) if isinstance(note, Download) else None
    if tenant is None or not isinstance(note, Download) or world.clock.now() - note.issued > ADDRESS_LIFETIME_S:
        raise GraphError(403, "AuthenticationFailed", "The download address is not valid or has expired.")
    found = tenant
    shown = (found.revision, note.period, note.day, int(world.clock.now()) // 86_400, found.conceal_names)
    return remembered(found, "report", shown, lambda: csv_of(found, world.clock.now(), note.period, note.day))


def csv_of(tenant: Tenant, now: float, period: int, day: str) -> bytes:
    """The file: UTF-8 with a byte order mark, CRLF, True and False, empty for what is not known."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in active_user_rows(tenant, now, period):
        if not day or day in row.last_activity_on:
            writer.writerow(_cells(row, conceal=tenant.conceal_names))
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _cells(row: ActiveUserRow, *, conceal: bool) -> tuple[str | None, ...]:
    name, shown = row.user_principal_name, row.display_name
    return (
        row.refreshed_on,
        concealed(name) if conceal else name,
        concealed(shown) if conceal else shown,
        str(row.is_deleted),
        row.deleted_on,
        *(str(has) for has in row.licensed),
        *row.last_activity_on,
        *row.licence_assigned_on,
        "+".join(row.assigned_products),
    )


def download(world: World, token: str) -> web.Response:
    """What the download host answers."""
    try:
        content = file_of(world, token)
    except GraphError as refusal:
        return web.json_response({"error": {"code": refusal.code, "message": refusal.message}}, status=refusal.status)
    return web.Response(
        body=content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": 'attachment; filename="Office365ActiveUserDetail.csv"'},
    )
