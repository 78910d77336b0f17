"""A TLS connection to an address that was checked first, every wait of which ends at one deadline."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from ipse.network.addresses import is_loopback, is_public
from ipse.network.errors import (
    CertificateWrong,
    ClosedEarly,
    ConnectionFailed,
    NameNotFound,
    PrivateAddress,
    TooSlow,
)
from ipse.network.locations import Location, shown

if TYPE_CHECKING:
    import socket
    import ssl

__all__ = ["Clock", "Connection", "Lookup", "addresses_of", "connect", "system_lookup"]

Lookup: TypeAlias = Callable[[str, int], Sequence[str]]
"""Host and port to IP addresses. Raises OSError."""

_MAX_ADDRESSES: Final = 16


class Clock:
    """Seconds that are left until one deadline, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, location: Location) -> float:
        """Seconds left, more than 0. Raises TooSlow."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise too_slow(location)
        return left


def too_slow(location: Location) -> TooSlow:
    """The error for a server that did not make it."""
    return TooSlow(f"{location.authority} did not answer in full in time")


def system_lookup(host: str, port: int) -> Sequence[str]:
    """The addresses that the operating system's resolver gives. Raises OSError."""
    import socket

    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def addresses_of(location: Location, lookup: Lookup, clock: Clock, *, allow_loopback: bool) -> list[str]:
    """The addresses of `location`, all of them public. Raises NameNotFound, PrivateAddress, TooSlow.

    One address that is not public condemns the name: who mixes them is about to swap them.
    """
    found: list[Sequence[str]] = []
    failed: list[Exception] = []

    def look_up() -> None:
        try:
            found.append(lookup(location.host, location.port))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    worker = threading.Thread(target=look_up, daemon=True)  # a resolver can't be interrupted, only left
    worker.start()
    worker.join(clock.left(location))
    if failed or (found and not found[0]):
        raise NameNotFound(f"the name {location.host} does not resolve")
    if not found:
        raise too_slow(location)
    addresses = list(dict.fromkeys(found[0]))
    for address in addresses:
        if not (is_public(address) or (allow_loopback and is_loopback(address))):
            raise PrivateAddress(
                f"the name {location.host} resolves to {shown(address)}, which is not on the public internet"
            )
    return addresses[:_MAX_ADDRESSES]


class Connection:
    """A TLS connection whose reads and writes together take no longer than its clock allows.

    Every wait is given what is left of the clock, so a server that drips bytes gains nothing by it.
    """

    def __init__(self, sock: ssl.SSLSocket, location: Location, clock: Clock) -> None:
        self._sock = sock
        self._location = location
        self._clock = clock

    def send(self, data: bytes) -> None:
        """Send all of `data`. Raises TooSlow, ConnectionFailed."""
        try:
            self._sock.settimeout(self._clock.left(self._location))
            self._sock.sendall(data)
        except TimeoutError as error:
            raise too_slow(self._location) from error
        except OSError as error:
            raise ClosedEarly(f"{self._location.authority} closed the connection: {error}") from error

    def receive_into(self, buffer: memoryview) -> int:
        """The number of bytes received, 0 after a proper end. Raises TooSlow, ClosedEarly."""
        try:
            self._sock.settimeout(self._clock.left(self._location))
            return self._sock.recv_into(buffer)
        except TimeoutError as error:
            raise too_slow(self._location) from error
        except OSError as error:
            raise ClosedEarly(f"{self._location.authority} broke off: {error}") from error

    def makefile(self, mode: str) -> io.BufferedReader:
        """A reader of what comes in, as http.client asks for one."""
        if mode != "rb":
            raise ValueError(mode)
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Close at once, without the farewell of TLS, which could block."""
        self._sock.close()


class _Incoming(io.RawIOBase):
    """The incoming half of a connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._connection.receive_into(buffer)


def connect(
    location: Location, addresses: Sequence[str], clock: Clock, *, ca_file: Path | None = None
) -> Connection:
    """A connection to the first of `addresses` that answers, its certificate checked for the name.

    `ca_file` (PEM) replaces the authorities that the system trusts. Raises ConnectionFailed,
    CertificateWrong, TooSlow.
    """
    import ssl

    context = _context(ca_file)
    plain = _plain(location, addresses, clock)
    try:
        plain.settimeout(clock.left(location))
        secured = context.wrap_socket(
            plain,
            server_hostname=location.host,
            suppress_ragged_eofs=False,  # an end that TLS does not vouch for may be somebody's cut
        )
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise CertificateWrong(
            f"the certificate of {location.authority} is wrong: {error.verify_message}"
        ) from error
    except TimeoutError as error:
        plain.close()
        raise too_slow(location) from error
    except (OSError, ValueError) as error:  # ValueError: a name that no certificate can hold
        plain.close()
        raise ConnectionFailed(f"{location.authority} does not speak TLS with ipse: {error}") from error
    except BaseException:
        plain.close()
        raise
    return Connection(secured, location, clock)


def _context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 and later, names and chains checked; nothing of it comes from the environment's key log."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        context.load_verify_locations(cafile=ca_file)
    return context


def _plain(location: Location, addresses: Sequence[str], clock: Clock) -> socket.socket:
    """A TCP connection to the very address that was checked; each gets its share of what time is left."""
    import socket

    reason: OSError | None = None
    for position, address in enumerate(addresses):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        share = clock.left(location) / (len(addresses) - position)
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            reason = error
            continue
        try:
            sock.settimeout(share)
            sock.connect((address, location.port))
        except OSError as error:
            sock.close()
            reason = error
        else:
            return sock
    if isinstance(reason, TimeoutError):
        raise too_slow(location) from reason
    raise ConnectionFailed(f"nobody answers at {location.authority}: {reason}") from reason
