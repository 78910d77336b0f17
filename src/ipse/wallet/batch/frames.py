"""Messages between a batch and its workers: the length in 8 bytes, then the message."""

from __future__ import annotations

from typing import IO, Final

__all__ = ["read_frame", "write_frame"]

_LENGTH: Final = 8


def write_frame(stream: IO[bytes], message: bytes) -> None:
    """Write `message` and flush. Raises OSError."""
    stream.write(len(message).to_bytes(_LENGTH, "big"))
    stream.write(message)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next message; None where the other side has ended, in the middle of one or not. Raises OSError."""
    head = stream.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    length = int.from_bytes(head, "big")
    message = stream.read(length)
    return message if len(message) == length else None
