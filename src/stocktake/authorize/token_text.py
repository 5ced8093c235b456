"""The Token: the text that leads from Microsoft's answer to the dialog that waits for it.

It names an answer that is kept, sealed, in this installation, and holds nothing of it: who finds one has nothing.
"""

import msgspec

from stocktake.errors import ConfigurationError, UsageError
from stocktake.identity.sealing import Sealer

PREFIX = "stk1."
_CONTEXT = "authorization/token"
_FORM = "v1."  # of the sealer


def make_token(sealer: Sealer, state_hash: str) -> str:
    """Letters, digits, dots, dashes and underscores, beginning with `stk1.`."""
    sealed = sealer.seal(msgspec.json.encode(state_hash), _CONTEXT)
    return PREFIX + sealed.removeprefix(_FORM)


def read_token(sealer: Sealer, pasted: str) -> tuple[str, str]:
    """(the Token without the blanks around it, the hash of the state that it names). UsageError says what is wrong."""
    token = pasted.strip()
    if not token:
        raise UsageError("there is no Token", "click Authorize, and paste the Token that the pop-up shows")
    if not token.startswith(PREFIX):
        raise UsageError(
            f"that is no Token: a Token begins with {PREFIX}", "copy the whole text that the pop-up shows as Token"
        )
    try:
        found = msgspec.json.decode(sealer.open(_FORM + token.removeprefix(PREFIX), _CONTEXT), type=str)
    except (ConfigurationError, msgspec.DecodeError):
        raise altered() from None
    return token, found


def altered() -> UsageError:
    return UsageError(
        "this Token is damaged, or comes from another installation",
        "copy it once more from the pop-up, whole, or click Authorize again",
    )
