"""Telling a verifier that it gets no answer: with an error code, once, and only where that is safe.

Whatever ends the work before an answer left, an interruption or a bug included, is told as one code and no
more, so that nobody waits for an answer that never comes. OpenID4VP 1.0 sections 8.5 and 15.7.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from ipse.errors import ConsentRefused, IpseError, RequestExpired, RequestReplayed
from ipse.protocols.openid4vp.refusals import ACCESS_DENIED, INVALID_REQUEST, ReplyAddress
from ipse.protocols.openid4vp.responses import Reply, build_error

__all__ = ["Pending", "Told", "refusing"]

_log = logging.getLogger(__name__)

_CODES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (RequestExpired, INVALID_REQUEST),
    (RequestReplayed, INVALID_REQUEST),
)
"""What is told for errors that name no code. Everything else is told as the owner's no."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the verifier was told: the error `code`, and whether it got there.

    - `url`: with mode fragment, what would tell it if it were opened; empty else
    - `decided`: whether the owner saw the request and said no, so that opening `url` tells nothing new
    - `reason`: why it could not be told, empty where it was
    """

    code: str
    url: str = ""
    decided: bool = False
    reason: str = ""


@dataclass(slots=True)
class Pending:
    """A request that waits for its answer.

    `reply` is where an error may go, None as long as nothing shows that the address is theirs.
    """

    reply: ReplyAddress | None = None


@contextmanager
def refusing(post: Callable[[Reply], object], told: Callable[[Told], None]) -> Iterator[Pending]:
    """Within the block an answer is made, and not yet sent. If it ends in any error, the verifier is told.

    `post` sends a form and raises where that fails; `told` hears what the verifier was told. The error goes
    on as it is.
    """
    pending = Pending()
    try:
        yield pending
    except BaseException as error:
        reply = pending.reply or getattr(error, "reply", None)
        if reply is not None:
            said = _tell(reply, _code_of(error), post)
            told(replace(said, decided=isinstance(error, ConsentRefused)))
        raise


def _code_of(error: BaseException) -> str:
    code = getattr(error, "error_code", None)
    if isinstance(code, str) and code:
        return code
    return next((code for kind, code in _CODES if isinstance(error, kind)), ACCESS_DENIED)


def _tell(address: ReplyAddress, code: str, post: Callable[[Reply], object]) -> Told:
    try:
        reply = build_error(address, code)
        if reply.mode == "fragment":
            return Told(code, url=reply.url)
        post(reply)
    except IpseError as error:
        _log.info("the error %s did not reach %s: %s", code, address.url, error.message)
        return Told(code, reason=error.message)
    except KeyboardInterrupt:
        return Told(code, reason="interrupted while it was being told")
    return Told(code)
