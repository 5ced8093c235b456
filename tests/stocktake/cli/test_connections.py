"""Everything that can be wrong between a connector and its tenant: what `check` and `sync` say of it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.simulator import Simulator
from tests.stocktake.cli.conftest import Result, Stocktake

CheckOf = Callable[..., tuple[Result, dict[str, dict[str, Any]]]]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(users=60, groups=10) as running:
        yield running


@pytest.fixture
def lab(stocktake: Stocktake, simulator: Simulator) -> Iterator[None]:
    simulator.reset()
    endpoints = ("--login", simulator.login_url, "--graph", simulator.graph_url)
    assert stocktake("cloud", "add", "lab", *endpoints, "--ca-bundle", str(simulator.ca_bundle)).code == 0
    yield
    simulator.reset()


@pytest.fixture
def check_of(stocktake: Stocktake, simulator: Simulator, lab: None) -> CheckOf:
    """Add a connector to the simulator and check it: the result, and the checks by name."""

    def run(name: str = "default", secret: str | None = None, **options: str) -> tuple[Result, dict[str, Any]]:
        default = {"name": "default", "client_id": simulator.client_id, "client_secret": simulator.client_secret}
        planted = next(found for found in (default, *simulator.applications) if found["name"] == name)
        chosen = {
            "--tenant": simulator.tenant,
            "--client-id": planted["client_id"],
            "--cloud": "lab",
            **{f"--{option}": value for option, value in options.items()},
        }
        if "--certificate" not in chosen:
            chosen["--client-secret-file"] = "-"
        words = [word for pair in chosen.items() for word in pair]
        added = stocktake("connector", "add", "it", *words, stdin=(secret or planted["client_secret"]).encode())
        assert added.code == 0, added.err
        result = stocktake("connector", "check", "it", "--json")
        assert result.err == ""
        return result, {found["check"]: found for found in json.loads(result.out)["checks"]}

    return run


def failing(checks: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, found in checks.items() if found["ok"] is False}


def test_a_good_connector_passes_every_check(check_of: CheckOf, simulator: Simulator, stocktake: Stocktake) -> None:
    result, checks = check_of()
    assert result.code == 0
    assert failing(checks) == set()
    assert simulator.tenant_id in checks["tenant"]["message"]
    assert {"clock", "credential", "permission: users", "read", "sign-in activity", "names in reports"} <= set(checks)
    assert "expires on" in checks["secret expiry"]["message"] or checks["secret expiry"]["ok"] is None
    shown = stocktake("connector", "check", "it")
    assert shown.code == 0
    assert "FAILED" not in shown.out
    assert simulator.ledger()["complaints"] == []


def test_a_certificate_does_as_well(check_of: CheckOf, simulator: Simulator) -> None:
    result, checks = check_of(certificate=str(simulator.certificate))
    assert result.code == 0
    assert checks["credential"]["ok"] is True
    assert "expires on" in checks["certificate expiry"]["message"]


def test_the_guides_four_permissions_are_enough(check_of: CheckOf) -> None:
    result, checks = check_of("guide")
    assert result.code == 0
    assert failing(checks) == {"permission: sign_ins", "permission: report_settings"}
    assert checks["permission: sign_ins"]["optional"] is True
    assert "AuditLog.Read.All" in checks["permission: sign_ins"]["message"]


def test_the_least_privileged_set_is_enough(check_of: CheckOf) -> None:
    result, checks = check_of("least")
    assert result.code == 0
    assert failing(checks) == set()


@pytest.mark.parametrize(
    ("name", "check", "permission"),
    [
        ("without Reports.Read.All", "permission: active_users", "Reports.Read.All"),
        ("without Group.Read.All", "permission: groups", "GroupMember.Read.All"),
    ],
)
def test_a_missing_permission_is_named(check_of: CheckOf, name: str, check: str, permission: str) -> None:
    result, checks = check_of(name)
    assert result.code == 1
    assert check in failing(checks)
    assert permission in checks[check]["message"]
    assert permission in checks[check]["remedy"]


def test_missing_consent_is_told_from_a_missing_permission(check_of: CheckOf) -> None:
    result, checks = check_of("no consent")
    assert result.code == 1
    assert "consent" in failing(checks)
    assert "Privileged Role Administrator" in checks["consent"]["remedy"]


@pytest.mark.parametrize(
    ("wrong", "check", "code"),
    [
        ({"secret": "Zx8~not-the-secret"}, "credential", "AADSTS7000215"),
        ({"name": "expired secret"}, "credential", "AADSTS7000222"),
        ({"tenant": "nobody.example"}, "tenant", "AADSTS90002"),
        ({"client-id": "11111111-2222-3333-4444-555555555555"}, "credential", "AADSTS700016"),
    ],
)
def test_what_microsoft_refuses_is_explained_with_its_code(
    check_of: CheckOf, stocktake: Stocktake, wrong: dict[str, str], check: str, code: str
) -> None:
    result, checks = check_of(**wrong)
    assert result.code == 1
    assert checks[check]["ok"] is False
    assert checks[check]["code"] == code
    assert checks[check]["remedy"]
    synced = stocktake("sync", "it")
    assert synced.code == 1
    assert code in synced.complaint
    assert "Zx8~" not in result.out + synced.err


def test_a_certificate_that_was_not_uploaded_is_explained(
    check_of: CheckOf, tmp_path: Path, stocktake: Stocktake
) -> None:
    stranger = tmp_path / "stranger.pem"
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("app.example", key_type=trustme.KeyType.RSA)
    issued.private_key_and_cert_chain_pem.write_to_path(str(stranger))
    result, checks = check_of(certificate=str(stranger))
    assert result.code == 1
    assert checks["credential"]["code"] == "AADSTS700027"
    assert "AADSTS700027" in stocktake("sync", "it").complaint


def test_an_unknown_authority_is_explained(stocktake: Stocktake, simulator: Simulator, lab: None) -> None:
    endpoints = ("--login", simulator.login_url, "--graph", simulator.graph_url)
    assert stocktake("cloud", "add", "blind", *endpoints).code == 0
    added = stocktake(
        *("connector", "add", "it", "--tenant", simulator.tenant, "--client-id", simulator.client_id),
        *("--cloud", "blind", "--client-secret-file", "-"),
        stdin=simulator.client_secret.encode(),
    )
    assert added.code == 0
    result = stocktake("connector", "check", "it", "--json")
    (found,) = json.loads(result.out)["checks"]
    assert result.code == 1
    assert "--ca-bundle" in found["remedy"]
    synced = stocktake("sync", "it")
    assert synced.code == 1
    assert "--ca-bundle" in synced.complaint


def test_concealed_names_and_a_tenant_without_premium_are_no_failures(check_of: CheckOf, simulator: Simulator) -> None:
    simulator.control("tenant", {"conceal_names": True, "premium": False})
    result, checks = check_of()
    assert result.code == 0
    assert checks["names in reports"]["ok"] is False
    assert "Reports" in checks["names in reports"]["remedy"]
    assert checks["sign-in activity"]["ok"] is None
    assert "P1" in checks["sign-in activity"]["message"]


def test_the_ledger_is_printed_and_is_json(check_of: CheckOf, stocktake: Stocktake) -> None:
    check_of()
    report = stocktake("sync", "it", "--json")
    assert report.code == 0
    answer = json.loads(report.out)
    assert (answer["connector"], answer["permissions"], answer["outcome"]) == ("it", "application", "complete")
    fields = (
        "source outcome reason remedy mode pages rows added changed removed requests retries throttled waited_s check"
    )
    assert all(set(source) == set(fields.split()) for source in answer["sources"])
    everything = stocktake("sync", "--json")
    assert [found["connector"] for found in json.loads(everything.out)] == ["it"]
    again = stocktake("sync", "it")
    assert again.out.startswith("it: run 3 is complete")
    assert "it: users: 60 rows" in again.err


def test_a_source_that_is_not_permitted_ends_with_3_and_keeps_the_others(
    check_of: CheckOf, stocktake: Stocktake
) -> None:
    check_of("without Reports.Read.All")
    result = stocktake("sync", "it")
    assert result.code == 3
    assert "active_users: not permitted: needs Reports.Read.All" in result.out
    assert stocktake("show", "usage").err.startswith("it: incomplete as of")
    assert stocktake("show", "users").err.startswith("it: ")


def test_no_secret_is_in_any_file_output_or_log(
    check_of: CheckOf, stocktake: Stocktake, simulator: Simulator, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, checks = check_of()
    monkeypatch.setenv("STOCKTAKE_LOG_LEVEL", "debug")
    key = (home / "key").read_bytes().strip()
    said = json.dumps(checks)
    for arguments in (("sync", "it"), ("connector", "check", "it"), ("connector", "list"), ("show", "runs")):
        result = stocktake(*arguments)
        assert result.code == 0
        said += result.out + result.err
    wrong = ("connector", "add", "other", "--tenant", simulator.tenant, "--client-id", simulator.client_id)
    assert stocktake(*wrong, "--cloud", "lab", "--client-secret-file", "-", stdin=b"Zx8~wrong-secret").code == 0
    said += stocktake("sync", "other").err
    secrets = (simulator.client_secret.encode(), key, b"Zx8~wrong-secret", b"eyJ0eXAi", b"eyJhbGci")
    for secret in secrets:
        assert secret not in said.encode()
    files = [path for path in home.rglob("*") if path.is_file() and path.name != "key"]
    assert len(files) >= 2
    for path in files:
        content = path.read_bytes()
        assert [secret for secret in secrets if secret in content] == [], path.name
