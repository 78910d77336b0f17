"""Every parser of outside data as a target, by name."""

from typing import Final

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    batches,
    credentials,
    dcql,
    dids,
    encodings,
    files,
    keys,
    openid4vp,
    sources,
    statuses,
    terms,
    tokens,
    wire,
)

__all__ = ["TARGETS"]

TARGETS: Final[dict[str, Target]] = {
    target.name: target
    for module in (
        encodings,
        keys,
        files,
        dids,
        credentials,
        tokens,
        statuses,
        batches,
        sources,
        wire,
        dcql,
        terms,
        openid4vp,
    )
    for target in module.TARGETS
}
