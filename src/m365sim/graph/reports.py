"""/reports/get...(), /copilot/reports/get...() and the host that the first of them send to (graph-facts 2.1 to 2.4).

The address of a download is all that the download needs: a sealed note of tenant, report and time, good for five
minutes ("a few minutes"), without Authorization.
"""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import msgspec
from aiohttp import web

from m365sim.graph.caches import remembered
from m365sim.graph.errors import GraphError, malformed, unknown_segment
from m365sim.graph.odata import Options, options_of, page_size
from m365sim.graph.page_tokens import after_of, page_link, question_of
from m365sim.graph.permissions import require_reports
from m365sim.graph.request import Answer, GraphRequest
from m365sim.graph.seals import seal, unseal
from m365sim.reports.app_usage import APP_USAGE, app_usage_json
from m365sim.reports.catalogue import BY_NAME
from m365sim.reports.copilot import COPILOT, COPILOT_V2, PERIODS_V1, PERIODS_V2, all_periods, copilot_json
from m365sim.reports.files import Files, csv_file, named
from m365sim.reports.report import Report, Row, rows_of
from m365sim.reports.window import PERIODS, Window, last_days, one_day
from m365sim.tenant import Tenant
from m365sim.world import World

ADDRESS_LIFETIME_S = 300
DOWNLOADS = "/data/download/"
_CALL = re.compile(r"(?:microsoft\.graph\.)?(\w+)(?:\((.*)\))?", re.IGNORECASE)
_PARAMETER = re.compile(r"\s*(\w+)=(?:'([^']*)'|([^',]+))\s*(?:,|$)")
_EPOCH = date(1970, 1, 1)
_JSON = "application/json"
_JSON_PAGE = 200  # the v1.0 page of getM365AppUserDetail
_WITHOUT_PERIOD = 30  # days that a deleted user could still be shown; no report without period shows them


class Download(msgspec.Struct, array_like=True, frozen=True):
    tenant_id: str
    issued: int
    function: str  # in lower case
    period: int  # days; 0: a report without period
    day: str  # YYYY-MM-DD; empty: the last `period` days


def report(request: GraphRequest) -> Answer:
    """GET /reports/getOffice365ActiveUserDetail(period='D7') or (date=2026-11-20): 302 to the file.

    getM365AppUserDetail answers JSON itself where $format asks for it.
    """
    name, parameters = _called(request.parameters[0])
    found = BY_NAME.get(name.lower())
    if found is None or set(parameters) not in _signatures(found):
        raise unknown_segment(name)
    require_reports(request)
    paged = found is APP_USAGE
    options = options_of(request, frozenset({"$format", "$top", "$skiptoken"} if paged else {"$format"}))
    note = _note(request, found, parameters)
    if paged and _wants_json(options):
        return _json_page(request, found, note, options)
    address = f"{request.world.reports_url}{DOWNLOADS}{seal('report', '', note)}"
    return Answer(302, headers={"Location": address}, content_type="text/plain")


def copilot(request: GraphRequest) -> Answer:
    """GET /copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D7'[,version='v2']): the file itself."""
    name, parameters = _called(request.parameters[0])
    if name.lower() != COPILOT.function.lower() or set(parameters) not in ({"period"}, {"period", "version"}):
        raise unknown_segment(name)
    require_reports(request)
    options = options_of(request, frozenset({"$format"}))
    version, period = parameters.get("version", "v1").lower(), parameters["period"]
    if version not in {"v1", "v2"}:
        raise _invalid(f"Invalid version value specified: {version}. Supported values are v1, v2.")
    known = PERIODS_V2 if version == "v2" else PERIODS_V1
    if period not in {*known, "ALL"}:
        raise _invalid(
            f"Invalid period value specified: {period}. Supported values for version {version} are "
            f"{', '.join(known)}, ALL."
        )
    found, tenant = COPILOT_V2 if version == "v2" else COPILOT, request.principal.tenant
    whole = last_days(request.now, 180)
    windows = all_periods(whole, version) if period == "ALL" else (last_days(request.now, known[period]),)
    wants_json = _wants_json(options)

    def make() -> bytes:
        rows = (row for window in windows for row in rows_of(found, tenant, window))
        if not wants_json:
            return csv_file(found, rows, conceal=tenant.conceal_names)
        shown = named(found, rows, conceal=tenant.conceal_names)
        return msgspec.json.encode({"value": [copilot_json(row) for row in shown]})

    content = _files(tenant, request.now).whole(("copilot", version, period, wants_json), make)
    return Answer(body=content, content_type=_JSON if wants_json else "application/octet-stream")


def _called(segment: str) -> tuple[str, dict[str, str]]:
    """The function and its parameters by lower-case name; GraphError 400 for what is no call."""
    call = _CALL.fullmatch(segment)
    if call is None:
        raise unknown_segment(segment.partition("(")[0])
    text, parameters, at = (call[2] or "").strip(), {}, 0
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None:
            raise unknown_segment(call[1])
        parameters[found[1].lower()] = found[2] if found[2] is not None else found[3]
        at = found.end()
    return call[1], parameters


def _signatures(found: Report) -> list[set[str]]:
    """What the function may be called with."""
    if not found.periods:
        return [set()]
    return [{"period"}] if found.days_back is None else [{"period"}, {"date"}]


def _note(request: GraphRequest, found: Report, parameters: dict[str, str]) -> Download:
    period, day = 0, ""
    if "period" in parameters:
        value = parameters["period"]
        if value not in PERIODS:
            raise _invalid(f"Invalid period value specified: {value}. Supported values are {', '.join(PERIODS)}.")
        period = PERIODS[value]
    elif "date" in parameters:
        day = _day(parameters["date"], request.now, found.days_back or 0).isoformat()
    return Download(request.principal.tenant.id, int(request.now), found.function.lower(), period, day)


def _wants_json(options: Options) -> bool:
    wanted = (options.get("$format") or "text/csv").lower()
    if wanted not in {"text/csv", _JSON}:
        raise malformed(f"Unsupported $format value '{wanted}'.")
    return wanted == _JSON


def _invalid(message: str) -> GraphError:
    return GraphError(400, "InvalidArgument", message)


def _day(text: str, now: float, days_back: int) -> date:
    """Text of the refusal: microsoft-graph-docs#8946, which says 28 days for Teams; most reports have 30."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _invalid(f"Invalid date value specified: {text}. The date must have the format YYYY-MM-DD.") from None
    today = datetime.fromtimestamp(now, UTC).date()
    if not today - timedelta(days=days_back) <= day <= today:
        raise _invalid(f"Invalid date value specified: {text}. Only support data for the past {days_back} days.")
    return day


def _window(note: Download, now: float) -> Window:
    if note.day:
        day = (date.fromisoformat(note.day) - _EPOCH).days
        return one_day(now, day)
    return last_days(now, note.period or _WITHOUT_PERIOD)


def _rows(note: Download, tenant: Tenant, now: float) -> Iterator[Row]:
    """A day that the reports do not cover yet has no rows (microsoft-graph-docs#5536)."""
    window = _window(note, now)
    covered = window.last <= window.covered
    return rows_of(BY_NAME[note.function], tenant, window) if covered else iter(())


def _files(tenant: Tenant, now: float) -> Files:
    return remembered(tenant, "reports", (tenant.revision, int(now) // 86_400, tenant.conceal_names), Files)


def _json_page(request: GraphRequest, found: Report, note: Download, options: Options) -> Answer:
    """One page of the JSON form, 200 rows unless $top says otherwise."""
    tenant, size = request.principal.tenant, page_size(options.get("$top"), default=_JSON_PAGE)
    mark = question_of(request, options.get("$top"))
    token = options.get("$skiptoken")
    start = 0 if token is None else int(after_of(request, token, mark)[0] or 0)

    def encoded() -> Iterator[bytes]:
        rows = named(found, _rows(note, tenant, request.now), conceal=tenant.conceal_names)
        while some := list(islice(rows, _JSON_PAGE)):
            yield b"\n".join(msgspec.json.encode(app_usage_json(row)) for row in some)

    parts = _files(tenant, request.now).parts(("json", note.function, note.period, note.day), encoded)
    first, last = start // _JSON_PAGE, (start + size) // _JSON_PAGE + 1  # one more row, to see whether there is one
    lines = [line for part in parts[first:last] for line in zlib.decompress(part).splitlines()]
    skipped = start - first * _JSON_PAGE
    body = b'"value":[' + b",".join(lines[skipped : skipped + size]) + b"]}"
    if len(lines) > skipped + size:
        link = page_link(request, options.link, mark, [start + size])
        body = b'"@odata.nextLink":' + msgspec.json.encode(link) + b"," + body
    return Answer(body=b"{" + body, content_type=_JSON)


def file_of(world: World, token: str) -> tuple[str, bytes]:
    """Function and CSV behind an address; GraphError 403 for one that is invented or older than five minutes."""
    note = unseal("report", "", token, Download)
    tenant = world.tenants.get(note.tenant_id) if isinstance(note, Download) else None
    now = world.clock.now()
    if tenant is None or not isinstance(note, Download) or now - note.issued > ADDRESS_LIFETIME_S:
        raise GraphError(403, "AuthenticationFailed", "The download address is not valid or has expired.")
    found, conceal = BY_NAME[note.function], tenant.conceal_names
    content = _files(tenant, now).whole(
        ("csv", note.function, note.period, note.day),
        lambda: csv_file(found, _rows(note, tenant, now), conceal=conceal),
    )
    return found.function, content


def download(world: World, token: str) -> web.Response:
    """What the download host answers."""
    try:
        function, content = file_of(world, token)
    except GraphError as refusal:
        return web.json_response({"error": {"code": refusal.code, "message": refusal.message}}, status=refusal.status)
    return web.Response(
        body=content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{function.removeprefix("get")}.csv"'},
    )
