"""What the commands for applications share: requests, topics, amounts of epsilon, and a notice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ipse.cli import params
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError

if TYPE_CHECKING:
    from ipse.cli.context import Context
    from ipse.wallet.wallet import Wallet

__all__ = ["read_epsilon", "read_request", "read_topics", "resolver", "show_epsilon", "tell_of_summaries"]

_COMPACT: Final = re.compile(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*", re.ASCII)
_SUMMARIES: Final = (
    "grants are answered from a private summary now, and budgets are gone: `ipse dapp summary`;"
    " grants of topics go on exactly, up to 260 bits each: `ipse dapp grants`"
)
_EPSILON: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)


def read_request(source: str) -> JsonObject | str:
    """Read a request from a file or stdin: a JSON object, or a compact JWS if it is signed.

    It is not verified yet. Raises NotFound, MalformedInput.
    """
    text = params.read_text(source)
    stripped = text.strip()
    if _COMPACT.fullmatch(stripped):
        return stripped
    return strict_json.parse_object(text, what="standard input" if source == "-" else source)


def resolver(ca_file: str | None, *, allow_loopback: bool) -> Callable[[str], JsonObject]:
    """Return the function that resolves a DID to its document; did:web goes through the guarded client."""
    from ipse.wallet import resolution

    reach = resolution.Reach(ca_file, allow_loopback)
    return lambda did: resolution.resolve(did, reach)


def read_topics(text: str) -> tuple[str, ...]:
    """Return the identifiers of topics given as `hiking,Jazz and blues`. Raises UsageError, NotFound."""
    from ipse.preferences import topics

    found = tuple(topics.called(name).id for name in text.split(",") if name.strip())
    if not found:
        raise UsageError("--topics names no topic", hint="give identifiers or labels, separated by commas")
    if len(set(found)) != len(found):
        raise UsageError("--topics names a topic twice", hint="name each once")
    return found


def read_epsilon(text: str, option: str) -> int:
    """Return the thousandths of epsilon that `text` spells, like 0.5. Raises UsageError naming `option`."""
    match = _EPSILON.fullmatch(text)
    if match is None:
        raise UsageError(
            f"invalid value for {option}: {text[:50]!r} is not an amount of epsilon",
            hint="write it like 1 or 0.5, at most three decimals, less than 1000",
        )
    return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))


def show_epsilon(thousandths: int) -> str:
    """Return thousandths of epsilon as a decimal: 1000 is 1.0, 125 is 0.125; a negative amount is 0.0."""
    whole, rest = divmod(max(thousandths, 0), 1000)
    decimals = f"{rest:03d}".rstrip("0")
    return f"{whole}.{decimals or '0'}"


def tell_of_summaries(context: Context, wallet: Wallet) -> None:
    """Say once what has become of the grants and budgets of a wallet that an older version made."""
    from ipse.wallet.disclosure import summaries

    if not context.output.quiet and summaries.is_news(wallet):
        context.output.message(_SUMMARIES)
