"""Every mistake is answered by one line that says what to do, and the right exit code."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.stocktake.cli.conftest import Stocktake

ADD = ("connector", "add", "contoso", "--tenant", "contoso.com", "--client-id", "11111111-2222-3333-4444-555555555555")
SECRET = "Zx8~averysecretvalue"


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("show",), "Missing argument 'DATASET'"),
        (("show", "nonsense"), "there is no dataset nonsense. Use one of: subscriptions, users"),
        (("show", "users", "--connector", "nobody"), "there is no connector nobody"),
        (("show", "runs", "--connector", "nobody"), "there is no connector nobody"),
        (("export", "users", "--format", "ods", "--output", "x"), "'ods'"),
        (("export", "nonsense", "--format", "csv", "--output", "x"), "there is no dataset nonsense"),
        (("export", "users", "--format", "csv"), "Missing option '--output'"),
        (("sync",), "there is no connector yet"),
        (("sync", "nobody"), "there is no connector nobody"),
        (("connector", "check", "nobody"), "there is no connector nobody"),
        (("connector", "remove", "nobody"), "there is no connector nobody"),
        (("cloud", "add", "lab", "--login", "http://x", "--graph", "https://y"), "no https address"),
        (("cloud", "add", "lab", "--login", "https://x/path", "--graph", "https://y"), "more than a host and a port"),
        (("cloud", "add", "global", "--login", "https://x", "--graph", "https://y"), "built in"),
        (("cloud", "add", "a b", "--login", "https://x", "--graph", "https://y"), "no name for a cloud"),
        (("products", "import", "/nowhere/at/all.csv"), "can't be read: No such file"),
        (("demo", "--users", "0"), "'--users': Input should be greater"),
    ],
)
def test_wrong_calls_end_with_2(stocktake: Stocktake, arguments: tuple[str, ...], says: str) -> None:
    result = stocktake(*arguments)
    assert says in result.complaint
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"contoso": "a b"}, "no connector name"),
        ({"contoso": "-x"}, "No such option"),
        ({"contoso.com": "https://contoso.com"}, "is no tenant"),
        ({"contoso.com": "common"}, "stands for many tenants"),
        ({"contoso.com": "contoso"}, "is no tenant"),
        ({"11111111-2222-3333-4444-555555555555": "my app"}, "is no client id"),
        ({"11111111-2222-3333-4444-555555555555": "1111111122223333444455555555555"}, "is no client id"),
    ],
)
def test_a_connector_needs_names_of_the_right_form(
    stocktake: Stocktake, secret_file: str, changes: dict[str, str], says: str
) -> None:
    result = stocktake(*(changes.get(word, word) for word in ADD), "--client-secret-file", secret_file)
    assert says in result.complaint
    assert result.code == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "needs one credential. Give one of"),
        (("--client-secret-env", "NO_SUCH", "--certificate", "x.pem"), "and several were given"),
        (("--client-secret-env", "STOCKTAKE_NO_SUCH"), "variable STOCKTAKE_NO_SUCH holds no client secret"),
        (("--client-secret-file", "/nowhere"), "--client-secret-file /nowhere can't be read: No such file"),
        (("--certificate", "/nowhere"), "--certificate /nowhere can't be read: No such file"),
        (("--client-secret-file", "-"), "holds no client secret"),
        (("--client-secret-file", "-", "--permissions", "root"), "'root'"),
    ],
)
def test_a_connector_needs_one_credential(stocktake: Stocktake, options: tuple[str, ...], says: str) -> None:
    result = stocktake(*ADD, *options)
    assert says in result.complaint
    assert result.code == 2


@pytest.mark.parametrize("content", [b"a\nb\n", b"\xff\xfe", b"x" * 70_000])
def test_what_is_no_secret_is_refused(stocktake: Stocktake, content: bytes) -> None:
    result = stocktake(*ADD, "--client-secret-file", "-", stdin=content)
    assert result.code == 2
    assert content[:20].decode("latin-1") not in result.complaint


def test_unknown_clouds_and_doubled_names_are_refused(stocktake: Stocktake, secret_file: str) -> None:
    result = stocktake(*ADD, "--client-secret-file", secret_file, "--cloud", "moon")
    assert "there is no cloud moon. Use one of global" in result.complaint
    assert result.code == 2
    assert stocktake(*ADD, "--client-secret-file", secret_file).code == 0
    result = stocktake(*ADD, "--client-secret-file", secret_file)
    assert "there is a connector contoso already" in result.complaint
    assert result.code == 2
    added = ("cloud", "add", "lab", "--login", "https://x.example", "--graph", "https://y.example")
    assert stocktake(*added).code == 0
    assert "there is a cloud lab already" in stocktake(*added).complaint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STOCKTAKE_LOG_LEVEL", "loud"),
        ("STOCKTAKE_GRAPH_CONCURRENCY", "many"),
        ("STOCKTAKE_GRAPH_PAGE_SIZE", "1000"),
        ("STOCKTAKE_DATABASE_URL", "mysql://x/y"),
        ("STOCKTAKE_DATABASE_URL", "::"),
    ],
)
def test_a_bad_setting_is_named(stocktake: Stocktake, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    result = stocktake("connector", "list")
    assert name in result.complaint
    assert result.code == 2


def test_a_bad_key_is_not_printed(stocktake: Stocktake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKTAKE_KEY", "tooshortakey")
    result = stocktake("connector", "list")
    assert "STOCKTAKE_KEY" in result.complaint
    assert "tooshortakey" not in result.complaint
    assert result.code == 1


def test_a_home_that_cannot_be_made_is_named(
    stocktake: Stocktake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("STOCKTAKE_HOME", str(tmp_path / "file" / "home"))
    result = stocktake("connector", "list")
    assert "home can't be made: Not a directory. Choose a directory" in result.complaint
    assert result.code == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_named(stocktake: Stocktake, home: Path) -> None:
    home.mkdir(mode=0o500)
    assert "can't be written" in stocktake("connector", "list").complaint


def test_a_database_that_is_none_is_named(stocktake: Stocktake, home: Path) -> None:
    home.mkdir()
    (home / "stocktake.sqlite").write_text("something else altogether, and longer than a header of SQLite is" * 20)
    result = stocktake("connector", "list")
    assert "the database can't be used: file is not a database" in result.complaint
    assert result.code == 1


def test_a_lost_key_is_told_from_a_wrong_secret(stocktake: Stocktake, home: Path, secret_file: str) -> None:
    assert stocktake(*ADD, "--client-secret-file", secret_file).code == 0
    (home / "key").unlink()
    result = stocktake("sync", "contoso")
    assert "the key does not fit the data" in result.complaint
    assert result.code == 1
    (home / "key").chmod(0o644)
    assert "chmod 600" in stocktake("connector", "list").complaint


def test_connectors_are_listed_removed_and_private(stocktake: Stocktake, home: Path, secret_file: str) -> None:
    added = stocktake(*ADD, "--client-secret-file", secret_file, "--description", "Ours")
    assert added.out == "Connector contoso added. Next: stocktake connector check contoso\n"
    listed = stocktake("connector", "list")
    assert listed.out.splitlines()[1].startswith("contoso  contoso.com  global  application")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "key").stat().st_mode) == 0o600
    for path in home.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()
    assert stocktake("connector", "remove", "contoso").out == "Connector contoso removed.\n"
    assert stocktake("connector", "list", "--json").out == "[]\n"


def test_help_and_version_need_nothing_heavy() -> None:
    code = (
        "import sys, stocktake.cli.entry as entry; entry.application();"
        "print(sorted({'sqlalchemy', 'dbos', 'aiohttp', 'msal', 'fastapi', 'pydantic', 'msgspec'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_help_lists_every_command(stocktake: Stocktake) -> None:
    help_text = stocktake("--help")
    assert help_text.code == 0
    for word in ("cloud", "connector", "demo", "export", "products", "show", "sync"):
        assert word in help_text.out
    assert stocktake("connector", "add", "--help").code == 0
    assert stocktake("--version").out.startswith("stocktake ")
    assert stocktake("connector").code == 2


def test_a_reader_that_leaves_is_no_error(home: Path) -> None:
    command = f"{sys.executable} -m stocktake cloud list --json | head -c 1; echo ${{PIPESTATUS[0]}}"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert "Traceback" not in found.stderr
