"""Options that several commands have."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ConnectorName = Annotated[str | None, typer.Option("--connector", metavar="NAME", help="This connector only.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="As it was at the end of that day (UTC).")]
