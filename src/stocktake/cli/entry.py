"""The console script: the list of commands, and how every error becomes one line and an exit code."""

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import typer

from stocktake.cli.authorize import authorize
from stocktake.cli.cloud import add_cloud, show_clouds
from stocktake.cli.connector import add_connector, check, remove_connector, show_connectors
from stocktake.cli.demo import demo
from stocktake.cli.export import export
from stocktake.cli.products import import_products
from stocktake.cli.serve import serve
from stocktake.cli.show import show
from stocktake.cli.sync import sync
from stocktake.cli.user import add_user, change_password, disable_user, enable_user, remove_user, show_users
from stocktake.errors import ConfigurationError, StocktakeError

# In the order in which help shows them. A command returns its exit code; nothing means 0.
COMMANDS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("demo", demo),
    ("cloud add", add_cloud),
    ("cloud list", show_clouds),
    ("connector add", add_connector),
    ("connector authorize", authorize),
    ("connector check", check),
    ("connector list", show_connectors),
    ("connector remove", remove_connector),
    ("sync", sync),
    ("show", show),
    ("export", export),
    ("serve", serve),
    ("user add", add_user),
    ("user list", show_users),
    ("user password", change_password),
    ("user disable", disable_user),
    ("user enable", enable_user),
    ("user remove", remove_user),
    ("products import", import_products),
)
GROUPS = {
    "cloud": "Endpoints other than Microsoft's own clouds.",
    "connector": "Tenants, and how to sign in to them.",
    "products": "Names of products.",
    "user": "Who may sign in to the console.",
}
_INTERRUPTED = 130
_COMMANDS_TO_TYPE = {"chmod", "openssl", "stocktake"}


def main() -> int:
    """Run one command with the arguments of this process; its exit code (design, section 7)."""
    try:
        code = typer.main.get_command(application())(standalone_mode=False)
        sys.stdout.flush()
    except StocktakeError as error:
        return _complain(error.exit_code, one_line(error))
    except typer.TyperException as error:
        return _refuse(error)
    except (typer.Abort, KeyboardInterrupt):
        return _complain(_INTERRUPTED, "interrupted.")
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if isinstance(code, int) else 0


def application() -> typer.Typer:
    """The commands as a Typer application."""
    settings: dict[str, Any] = {
        "no_args_is_help": True,
        "add_completion": False,
        "rich_markup_mode": None,
        "pretty_exceptions_enable": False,
    }
    app = typer.Typer(
        help="Which Microsoft 365 licences you own, who holds them, who uses them.",
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=_options_of_every_command,
        **settings,
    )
    groups = {name: typer.Typer(help=text, **settings) for name, text in GROUPS.items()}
    for path, command in COMMANDS:
        *group, name = path.split()
        (groups[group[0]] if group else app).command(name)(command)
        if group and groups[group[0]] not in [known.typer_instance for known in app.registered_groups]:
            app.add_typer(groups[group[0]], name=group[0])
    return app


def one_line(error: StocktakeError) -> str:
    """Message and remedy as sentences in one line, with the code of Microsoft's where there is one."""
    message = error.message
    code = error.code if isinstance(error, ConfigurationError) else ""
    if code and code not in message:
        message = f"{message} ({code})"
    parts = [part.strip() for part in (message, _remedy(error.remedy)) if part.strip()]
    return " ".join(" ".join(_sentence(part) for part in parts).split())


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else text + "."


def _remedy(text: str) -> str:
    """A sentence of its own, unless it is a command to type, which has to stay as it is."""
    return text if text.split(" ", 1)[0] in _COMMANDS_TO_TYPE else text[:1].upper() + text[1:]


def _complain(code: int, line: str) -> int:
    sys.stderr.write(f"stocktake: {line}\n")
    return code


def _refuse(error: typer.TyperException) -> int:
    """A wrong call. A call without arguments is answered with the help, which Typer also raises as an error."""
    say = getattr(error, "format_message", None)
    message = str(say() if say else error)
    code = getattr(error, "exit_code", 2)
    if message.startswith("Usage:"):
        sys.stderr.write(message.rstrip() + "\n")
        return int(code)
    context = getattr(error, "ctx", None)
    help_call = f"{context.command_path if context else 'stocktake'} --help"
    return _complain(int(code), f"{_sentence(' '.join(message.split()))} See `{help_call}`.")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stocktake {version('stocktake')}")
        raise typer.Exit


def _options_of_every_command(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop.")
    ] = False,
) -> None:
    return
