"""Log lines on stderr, ours and those of libraries, with secrets taken out before they are written.

Redaction works on what a line holds, not on where it comes from: on keys by their name, on text by its shape (a JWT, a
bearer, a secret in a form body), and on the very values that `hide` was told.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

HIDDEN = "[redacted]"

_SECRET_KEY = re.compile(
    r"secret|token|assertion|passw|authorization|credential|private_?key|^key$|cookie|api_?key", re.IGNORECASE
)
_SHAPES = (
    # A JWT: two base64url parts that begin with `{"`, and the signature.
    re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?"),
    re.compile(r"(?<=bearer )[\w.~+/=-]{16,}", re.IGNORECASE),
    re.compile(r"(?<=basic )[A-Za-z0-9+/=]{16,}", re.IGNORECASE),
    re.compile(
        r"(?<=client_secret=)[^&\s]+|(?<=client_assertion=)[^&\s]+|(?<=refresh_token=)[^&\s]+|(?<=password=)[^&\s]+"
    ),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
)
# Quieter than we are: at debug level they print whole requests, at info level advertisements.
_LIBRARIES = ("aiohttp", "alembic", "asyncio", "dbos", "msal", "requests", "sqlalchemy", "urllib3", "uvicorn")

_hidden: set[str] = set()


def hide(value: str) -> None:
    """Never let this value appear in a log line of this process. Values under 6 characters are too common to hide."""
    if len(value) >= 6:
        _hidden.add(value)


def redact(value: object, key: str = "") -> object:
    """The value without what is secret in it; containers are copied, other objects are read as text only if need be."""
    if key and _SECRET_KEY.search(key) and not isinstance(value, bool | int | float | None):
        return HIDDEN
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, bytes):
        return _redact_text(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return {name: redact(item, str(name)) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    if isinstance(value, bool | int | float | None):
        return value
    return _redact_text(str(value))


def _redact_text(text: str) -> str:
    for secret in _hidden:
        text = text.replace(secret, HIDDEN)
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return text


def _redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # structlog's own entries (_record, _from_structlog) are objects that later processors need as they are.
    for key, value in event.items():
        if not key.startswith("_") and key != "exc_info":
            event[key] = redact(value, key)
    return event


class _QuietLibraries(logging.Filter):
    """Holds back what libraries say, whatever level they set on their own loggers later.

    DBOS prints the traceback of every error that it also raises; that is for those who asked to see everything.
    """

    def __init__(self, level: str) -> None:
        super().__init__()
        least = logging.INFO if level == "debug" else max(_number(level), logging.WARNING)
        self.least = dict.fromkeys(_LIBRARIES, least)
        if level != "debug":
            self.least["dbos"] = logging.CRITICAL

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self.least.get(record.name.split(".")[0], logging.NOTSET)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def configure_logs(level: str, form: str) -> None:
    """Send every log of this process to stderr at `level` (debug, info, warning, error) as `form` (text, json)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    closing: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*closing, renderer]))
    handler.addFilter(_QuietLibraries(level))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_number(level))
    # DBOS adds a handler of its own, with its advertisement, unless its logger has one already.
    dbos = logging.getLogger("dbos")
    dbos.handlers = [handler]
    dbos.propagate = False
