"""What a holder does with an SD-JWT: look, choose, and see what leaves (RFC 9901 section 7.2)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ipse.credentials.formats.sd_jwt.disclosures import ClaimPath, holds, spelled
from ipse.credentials.formats.sd_jwt.unpack import Unpacked, unpack
from ipse.errors import NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ipse.credentials.formats.sd_jwt.serialization import SdJwt
    from ipse.encoding.strict_json import JsonObject

__all__ = ["Selection", "disclosable_paths", "select"]


@dataclass(frozen=True, slots=True)
class Selection:
    """A choice of disclosures and exactly what it reveals.

    - `presentation`: what is sent, still without a key binding
    - `claims`: what its reader sees, computed from `presentation` itself. Where an array element is
      withheld, those after it move up
    - `disclosed`, `withheld`: the selectively disclosable claims on either side, by their paths in the
      credential, parents before children. What a withheld claim contains is withheld with it
    """

    presentation: SdJwt
    claims: JsonObject = field(repr=False)
    disclosed: tuple[ClaimPath, ...]
    withheld: tuple[ClaimPath, ...]


def disclosable_paths(sd_jwt: SdJwt) -> tuple[ClaimPath, ...]:
    """The paths a holder of `sd_jwt` can reveal or withhold, parents before children.

    Raises SdJwtInvalid where the disclosures don't fit the JWT.
    """
    return tuple(placement.path for placement in _unpacked(sd_jwt).placements)


def select(sd_jwt: SdJwt, paths: Iterable[ClaimPath]) -> Selection:
    """A presentation that reveals the claims at `paths`, and nothing else that can be withheld.

    Disclosures that a path lies in are pulled in. Those inside a path are not: to reveal an object whose
    members are disclosable one by one, name the members (`disclosable_paths` has them).
    The issuer's signature is not checked here; that was done when the credential came in.

    Raises NotFound for a path that is not in the credential, UsageError where a key binding is attached
    already, SdJwtInvalid where the disclosures don't fit the JWT.
    """
    if sd_jwt.kb_jwt is not None:
        raise UsageError(
            "this is a presentation with a key binding, not a credential",
            hint="use the credential as it came from its issuer",
        )
    whole = _unpacked(sd_jwt)
    placed = {placement.path: placement.disclosure.encoded for placement in whole.placements}
    chosen: set[str] = set()
    for path in paths:
        if not holds(whole.claims, path):
            raise NotFound(f"there is no claim {spelled(path)!r} in this credential")
        steps = (path[: length + 1] for length in range(len(path)))
        chosen.update(placed[step] for step in steps if step in placed)
    kept = tuple(encoded for encoded in sd_jwt.disclosures if encoded in chosen)
    presentation = replace(sd_jwt, disclosures=kept)
    return Selection(
        presentation=presentation,
        claims=_unpacked(presentation).claims,
        disclosed=tuple(path for path, encoded in placed.items() if encoded in chosen),
        withheld=tuple(path for path, encoded in placed.items() if encoded not in chosen),
    )


def _unpacked(sd_jwt: SdJwt) -> Unpacked:
    return unpack(sd_jwt.jwt.payload, sd_jwt.disclosures)
