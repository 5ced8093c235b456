"""A usage report is read by column name, whatever Microsoft did to the file."""

from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktake.catalog import Report
from stocktake.catalog.activations import ACTIVATIONS
from stocktake.catalog.active_users import ACTIVE_USERS
from stocktake.catalog.copilot import COPILOT
from stocktake.catalog.email_apps import EMAIL_APPS
from stocktake.catalog.groups_activity import GROUPS_ACTIVITY
from stocktake.catalog.mailbox_usage import MAILBOX_USAGE
from stocktake.catalog.onedrive_usage import ONEDRIVE_USAGE
from stocktake.catalog.report_file import ReportReader, snake
from stocktake.catalog.sharepoint_site_usage import SHAREPOINT_SITE_USAGE
from stocktake.catalog.usage import ReportFile
from stocktake.catalog.yammer_activity import YAMMER_ACTIVITY
from stocktake.errors import UntrustworthyAnswerError

NAMES = [column.name for column in ACTIVE_USERS.columns]
CELLS = {
    "Report Refresh Date": "2026-11-22",
    "User Principal Name": "Zoe@Norvelt.example",
    "Display Name": 'Zoë "Z", O\'Brien',
    "Is Deleted": "False",
    "Has Exchange License": "True",
    "Has Teams License": "Yes",
    "Has Yammer License": "no",
    "Exchange Last Activity Date": "2026-11-20",
    "Teams Last Activity Date": "2026-11-21",
    "Assigned Products": "MICROSOFT 365 E5+ENTERPRISE MOBILITY + SECURITY E3",
}


class ParsedReport(NamedTuple):
    rows: tuple[Any, ...]
    file: ReportFile


def read_report(report: Report, body: bytes) -> ParsedReport:
    reader = ReportReader(report, body)
    return ParsedReport(tuple(reader.rows()), reader.file)


def quoted(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def read(names: list[str], cells: dict[str, str], *, bom: bool = True, end: str = "\r\n") -> ParsedReport:
    lines = [quoted(names), quoted([cells.get(name.strip(), "") for name in names])]
    return read_report(ACTIVE_USERS, (("\ufeff" if bom else "") + end.join(lines) + end).encode())


def test_cells_become_typed_metrics() -> None:
    [row] = read(NAMES, CELLS).rows
    assert row.user_principal_name == "Zoe@Norvelt.example"
    assert row.last_activity_on == "2026-11-21"
    assert row.metrics["display_name"] == 'Zoë "Z", O\'Brien'
    assert row.metrics["has_exchange_license"] is True
    assert row.metrics["has_teams_license"] is True
    assert row.metrics["has_yammer_license"] is False
    assert row.metrics["has_onedrive_license"] is None  # blank is unknown
    assert row.metrics["exchange_last_activity_date"] == "2026-11-20"
    assert row.metrics["assigned_products"] == ["MICROSOFT 365 E5", "ENTERPRISE MOBILITY + SECURITY E3"]
    assert "user_principal_name" not in row.metrics
    assert len(row.metrics) == len(NAMES) - 2


@given(
    order=st.permutations(NAMES), bom=st.booleans(), pad=st.sampled_from(["", " "]), end=st.sampled_from(["\n", "\r\n"])
)
def test_order_blanks_bom_and_line_ends_do_not_matter(order: list[str], bom: bool, pad: str, end: str) -> None:
    usual = read(NAMES, CELLS)
    other = read([f"{pad}{name}{pad}" for name in order], CELLS, bom=bom, end=end)
    assert other.file == usual.file
    assert other.rows == usual.rows


def test_case_of_a_column_does_not_matter() -> None:
    lower = read_report(
        ACTIVE_USERS,
        (quoted([name.lower() for name in NAMES]) + "\n" + quoted([CELLS.get(n, "") for n in NAMES])).encode(),
    )
    assert lower.rows == read(NAMES, CELLS).rows


def test_a_new_column_is_kept_and_said() -> None:
    parsed = read([*NAMES, "Loop Last Visit"], {**CELLS, "Loop Last Visit": "=1+1"})
    assert parsed.file.unknown_columns == ("Loop Last Visit",)
    assert parsed.rows[0].metrics["loop_last_visit"] == "=1+1"


def test_a_missing_column_is_said() -> None:
    parsed = read([name for name in NAMES if name != "Teams Last Activity Date"], CELLS)
    assert parsed.file.missing_columns == ("Teams Last Activity Date",)
    assert parsed.rows[0].last_activity_on == "2026-11-20"


def test_concealed_names_are_recognised_by_their_shape() -> None:
    assert read(NAMES, {**CELLS, "User Principal Name": "E58EEF6A6BBD3D0293CB306D24A42057"}).file.concealed
    assert not read(NAMES, CELLS).file.concealed


def test_a_deleted_user_is_not_taken_for_a_live_one_of_the_same_name() -> None:
    live = read(NAMES, CELLS).rows[0]
    deleted = read(NAMES, {**CELLS, "Is Deleted": "True", "Deleted Date": "2026-11-01"}).rows[0]
    assert live.subject == "zoe@norvelt.example"
    assert deleted.subject != live.subject


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "header"),
        (b"<html><body>Service unavailable</body></html>", "User Principal Name"),
        (b'{"error":{"code":"x"}}', "another shape"),
        (b'{"value":[{"userPrincipalName":"a@b"', "another shape"),
        (b'{"value":[{"displayName":"Zoe"}]}', "User Principal Name"),
        (b"\xff\xfe\x00", "UTF-8"),
        (quoted(NAMES).encode() + b'\n"unclosed', "CSV"),
        (quoted(NAMES).encode() + b"\nonly,three,cells", "cells"),
        (quoted(NAMES).encode() + b"\n" + quoted(["yesterday", *[""] * 23]).encode(), None),
        (
            quoted(NAMES).encode() + b"\n" + quoted(["2026-11-22", "a@b", "", "perhaps", *[""] * 20]).encode(),
            "is deleted",
        ),
    ],
)
def test_what_is_no_such_report_is_refused_in_one_line(body: bytes, says: str | None) -> None:
    if says is None:
        body = body.replace(b'"yesterday","",', b'"2026-11-22","",')
        assert read_report(ACTIVE_USERS, body).rows[0].user_principal_name is None
        return
    with pytest.raises(UntrustworthyAnswerError) as refusal:
        read_report(ACTIVE_USERS, body)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_names_in_snake_case() -> None:
    assert snake("Storage Used (Byte)") == "storage_used_byte"
    assert snake("OneDrive Last Activity Date") == "onedrive_last_activity_date"


def table(
    report: Report, *lines: dict[str, str], left_out: tuple[str, ...] = (), part_bytes: int = 2**24
) -> ParsedReport:
    """The file of a report with these lines, cells by title."""
    titles = [column.name for column in report.columns if column.name not in left_out]
    rows = [quoted(titles), *(quoted([line.get(title, "") for title in titles]) for line in lines)]
    reader = ReportReader(report, "\r\n".join(rows).encode(), part_bytes=part_bytes)
    return ParsedReport(tuple(reader.rows()), reader.file)


def test_the_owner_is_whom_a_onedrive_account_is_about() -> None:
    line = {"Owner Principal Name": "Zoe@norvelt.example", "Site Id": "s1", "Last Activity Date": "2026-11-20"}
    parsed = table(ONEDRIVE_USAGE, {**line, "File Count": "7", "Active File Count": ""})
    [row] = parsed.rows
    assert (row.subject, row.user_principal_name, row.last_activity_on) == (
        "zoe@norvelt.example",
        "Zoe@norvelt.example",
        "2026-11-20",
    )
    assert (row.metrics["file_count"], row.metrics["active_file_count"], row.metrics["site_id"]) == (7, None, "s1")
    assert not {"owner_principal_name", "last_activity_date", "report_period"} & row.metrics.keys()


def test_accounts_without_an_owner_stay_apart() -> None:
    parsed = table(ONEDRIVE_USAGE, {"Site Id": "s1"}, {"Site Id": "s2"}, {"Site Id": "s3", "Is Deleted": "True"})
    assert [row.subject for row in parsed.rows] == ["|s1", "|s2", "|deleted s3"]
    assert all(row.user_principal_name is None for row in parsed.rows)


def test_a_column_that_only_some_files_have_is_not_missed() -> None:
    parsed = table(MAILBOX_USAGE, {"User Principal Name": "a@b"}, left_out=("Recipient Type",))
    assert (parsed.file.missing_columns, parsed.file.unknown_columns) == ((), ())
    parsed = table(MAILBOX_USAGE, {"User Principal Name": "a@b", "Recipient Type": "Shared"})
    assert parsed.rows[0].metrics["recipient_type"] == "Shared"
    assert parsed.file.unknown_columns == ()


def test_a_column_goes_by_its_former_name_too() -> None:
    titles = [column.name for column in GROUPS_ACTIVITY.columns]
    titles[titles.index("External Member Count")] = "Guest Count"
    cells = ["g1" if title == "Group Id" else "3" if title == "Guest Count" else "" for title in titles]
    parsed = read_report(GROUPS_ACTIVITY, f"{quoted(titles)}\n{quoted(cells)}".encode())
    assert parsed.rows[0].metrics["external_member_count"] == 3
    assert (parsed.file.missing_columns, parsed.file.unknown_columns) == ((), ())


def test_sites_and_groups_are_told_apart_by_their_ids() -> None:
    site = table(SHAREPOINT_SITE_USAGE, {"Site Id": "s1", "Page View Count": "12", "Owner Display Name": "Zoe"}).rows[0]
    assert (site.report, site.period, site.site_id) == ("getSharePointSiteUsageDetail", 180, "s1")
    assert (site.metrics["page_view_count"], site.metrics["owner_display_name"]) == (12, "Zoe")
    assert "site_id" not in site.metrics
    group = table(GROUPS_ACTIVITY, {"Group Id": "g1", "Last Activity Date": "2026-11-02", "Member Count": "4"}).rows[0]
    assert (group.group_id, group.last_activity_on, group.metrics["member_count"]) == ("g1", "2026-11-02", 4)
    with pytest.raises(UntrustworthyAnswerError, match="without a Site Id"):
        table(SHAREPOINT_SITE_USAGE, {"Page View Count": "12"})


def test_concealed_owners_are_recognised() -> None:
    code = "E58EEF6A6BBD3D0293CB306D24A42057"
    assert table(SHAREPOINT_SITE_USAGE, {"Site Id": "s1", "Owner Display Name": code}).file.concealed
    assert table(ONEDRIVE_USAGE, {"Site Id": "s1", "Owner Principal Name": code}).file.concealed


def test_programs_are_lists_of_versions() -> None:
    line = {"User Principal Name": "a@b", "Outlook For Windows": "2016+2019", "Outlook For Web": "Undetermined"}
    metrics = table(EMAIL_APPS, line).rows[0].metrics
    assert metrics["outlook_for_windows"] == ["2016", "2019"]
    assert metrics["outlook_for_web"] == ["Undetermined"]
    assert metrics["pop3_app"] == []


def test_somebody_deleted_in_yammer_is_not_taken_for_a_live_one() -> None:
    line = {"User Principal Name": "Zoe@b", "State Change Date": "2026-11-01"}
    live, gone = table(YAMMER_ACTIVITY, {**line, "User State": "active"}, {**line, "User State": "Deleted"}).rows
    assert (live.subject, gone.subject) == ("zoe@b", "zoe@b|deleted 2026-11-01")


def test_the_last_activity_is_that_of_its_own_column_or_the_latest_of_any() -> None:
    line = {"User Principal Name": "a@b", "Word Copilot Last Activity Date": "2026-11-05"}
    line |= {"Excel Copilot Last Activity Date": "2026-11-07"}
    named, blank = table(COPILOT, {**line, "Last Activity Date": "2026-11-09"}, line).rows
    assert (named.last_activity_on, blank.last_activity_on) == ("2026-11-09", "2026-11-07")


@given(
    lines=st.lists(st.tuples(st.sampled_from(["a@b", "A@b", "c@d", "e@f", ""]), st.integers(0, 9)), max_size=40),
    part_bytes=st.integers(50, 5000),
)
def test_lines_about_one_person_become_one_row(lines: list[tuple[str, int]], part_bytes: int) -> None:
    """Wherever they stand, and however many parts the file is read in."""
    cells = [
        {"User Principal Name": upn, "Display Name": "Zoe", "Product Type": f"P{product}", "Windows": str(at)}
        for at, (upn, product) in enumerate(lines)
    ]
    whole = table(ACTIVATIONS, *cells)
    parted = table(ACTIVATIONS, *cells, part_bytes=part_bytes)
    assert sorted(parted.rows, key=lambda row: row.subject) == sorted(whole.rows, key=lambda row: row.subject)
    assert parted.file == whole.file
    expected: dict[str, list[tuple[str, int]]] = {}
    for at, (upn, product) in enumerate(lines):
        expected.setdefault(upn.casefold(), []).append((f"P{product}", at))
    found = {
        row.subject: [(line["product_type"], line["windows"]) for line in row.metrics["activations"]]
        for row in parted.rows
    }
    assert found == {upn: sorted(ways) for upn, ways in expected.items()}
    for row in parted.rows:
        assert (row.period, row.last_activity_on, row.metrics["display_name"]) == (0, None, "Zoe")
        assert all("display_name" not in line for line in row.metrics["activations"])


def test_json_is_read_as_the_file_would_be() -> None:
    item = {
        "@odata.type": "#x",
        "reportRefreshDate": "2026-11-22",
        "userPrincipalName": "Zoe@b",
        "displayName": None,
        "lastActivityDate": "2026-11-20",
        "copilotChatLastActivityDate": "",
        "brandNew": True,
        "copilotActivityUserDetailsByPeriod": [{"reportPeriod": 180}],
    }
    body = {"@odata.nextLink": "https://graph.example/next", "value": [item]}
    reader = ReportReader(COPILOT, b"\xef\xbb\xbf" + msgspec.json.encode(body))
    [row] = reader.rows()
    assert (row.subject, row.last_activity_on) == ("zoe@b", "2026-11-20")
    assert row.metrics == {"display_name": None, "copilot_chat_last_activity_date": None, "brandnew": "True"}
    assert reader.next_link == "https://graph.example/next"
    reader.turn(
        msgspec.json.encode({"value": [{**item, "userPrincipalName": "b@b", "reportRefreshDate": "2026-11-23"}]})
    )
    assert [row.subject for row in reader.rows()] == ["b@b"]
    assert reader.next_link is None
    assert reader.file.refreshed_on == "2026-11-23"
    assert reader.file.unknown_columns == ("brandNew",)
    assert "Word Copilot Last Activity Date" in reader.file.missing_columns
    empty = read_report(COPILOT, b'{"value":[]}')
    assert (empty.rows, empty.file.missing_columns) == ((), ())
