"""`make migration M="what changed"`: write the next migration from the difference between schema and models."""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL

from stocktake.store.engine import database_engine

_HERE = Path(__file__).parent / "migrations"


def write_migration(message: str, versions: Path | None = None) -> Path:
    """The path of the new file, in `versions` (default: the product's own). It is made on a fresh SQLite database."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    if versions is not None:
        config.set_main_option("version_locations", str(versions).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
    with tempfile.TemporaryDirectory() as folder:
        engine = database_engine(URL.create("sqlite", database=f"{folder}/empty.sqlite"))
        config.attributes["engine"] = engine
        try:
            command.upgrade(config, "head")
            number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
            script = command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04}")
        finally:
            engine.dispose()
    if script is None or isinstance(script, list) or script.path is None:
        raise RuntimeError("Alembic wrote no migration")
    return Path(script.path)


if __name__ == "__main__":
    sys.stdout.write(f"{write_migration(' '.join(sys.argv[1:]) or 'change')}\n")
