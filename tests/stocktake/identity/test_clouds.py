"""Microsoft's clouds, and those that a user defines."""

import json
from pathlib import Path

import pytest
import trustme

from stocktake.errors import ConfigurationError, UsageError
from stocktake.identity.clouds import BUILT_IN, define_cloud, read_ca_bundle

PUBLISHED = Path("../shared/contract/clouds.json")


def test_reports_exist_in_the_global_cloud_only() -> None:
    assert {cloud.name for cloud in BUILT_IN if cloud.reports} == {"global"}
    assert [cloud.name for cloud in BUILT_IN] == ["global", "usgov-l4", "usgov-l5", "china"]
    assert all(cloud.built_in and cloud.ca_bundle is None for cloud in BUILT_IN)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="needs ../shared/contract, which is beside a development checkout")
def test_endpoints_are_the_published_ones() -> None:
    published = {
        (cloud["authority"], cloud["graph"])
        for cloud in json.loads(PUBLISHED.read_text("utf-8"))["clouds"]
        if cloud["graph"] != "closed"
    }
    assert {(cloud.login_url, cloud.graph_url) for cloud in BUILT_IN} == published


def test_a_cloud_of_ones_own(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    pem = trustme.CA().cert_pem.bytes().decode()
    bundle.write_text(pem)
    cloud = define_cloud("Sim-1", "https://LOCALHOST:8443/", "https://localhost", bundle)
    assert (cloud.login_url, cloud.graph_url) == ("https://localhost:8443", "https://localhost")
    assert cloud.ca_bundle == pem
    assert cloud.reports
    assert not cloud.built_in
    assert "CERTIFICATE" not in repr(cloud)


def test_default_ports_and_ipv6() -> None:
    cloud = define_cloud("x", "https://login.example:443", "https://[::1]:8443")
    assert (cloud.login_url, cloud.graph_url) == ("https://login.example", "https://[::1]:8443")


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost",
        "localhost",
        "",
        "https://",
        "https://host/path",
        "https://host?x=1",
        "https://host#f",
        "https://user:pw@host",
        "https://host:99999",
        "ftp://host",
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        define_cloud("x", "https://login.example", address)
    assert caught.value.message.startswith("--graph: ")
    with pytest.raises(UsageError):
        define_cloud("x", address, "https://graph.example")


@pytest.mark.parametrize("name", ["", "-x", "a b", "x/y", "x" * 64, "Global", "china"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(UsageError):
        define_cloud(name, "https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no readable certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no readable certificate"),
        (b"\x30\x82\xff", "no PEM file"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "private key"),
        (None, "can't be read"),
    ],
)
def test_bundles_that_are_none(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=says) as caught:
        read_ca_bundle(path)
    assert "\n" not in caught.value.message
