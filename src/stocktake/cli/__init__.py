"""The command line. Commands import what is heavy when they are called: `--help` and mistakes answer at once."""

from stocktake.cli.entry import main

__all__ = ["main"]
