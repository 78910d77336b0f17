"""Where a server listens: addresses, TLS, and what may be served in clear."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipse.errors import MalformedInput, StorageError, UsageError

if TYPE_CHECKING:
    import socket
    import ssl

__all__ = ["Address", "bind", "bound", "parse_address", "tls_context"]

_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address and a port to listen at; port 0 for any that is free."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def is_unspecified(self) -> bool:
        """Whether it stands for every address of this machine, like 0.0.0.0."""
        return ipaddress.ip_address(self.host).is_unspecified

    @property
    def authority(self) -> str:
        """The address as a URL has it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Parse `127.0.0.1:8080`, `[::1]:8080` or a port alone, which is on loopback. Raises UsageError."""
    host, separator, port = text.rpartition(":")
    if not separator:
        host = "127.0.0.1"
    host = {"localhost": "127.0.0.1"}.get(host, host.removeprefix("[").removesuffix("]"))
    try:
        if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
            raise ValueError
        return Address(str(ipaddress.ip_address(host)), int(port))
    except ValueError:
        raise UsageError(
            f"{text[:100]!r} is not an address to listen at", hint="write it like 127.0.0.1:8080"
        ) from None


def bind(address: Address) -> socket.socket:
    """A listening socket. Raises StorageError where the address is taken or not this machine's."""
    import socket

    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(
            f"can't listen at {address.authority}: {reason}", hint="choose another --listen address"
        ) from error


def bound(listening: socket.socket) -> Address:
    """The address of a listening socket, its port known."""
    host, port = listening.getsockname()[:2]
    return Address(str(host), int(port))


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS 1.2 and later with a certificate chain and its key, PEM files without a passphrase.

    Raises StorageError, MalformedInput, UsageError where they do not belong together.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=lambda: _refuse_passphrase(key))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError(
                f"the key in {key} is not the one of the certificate in {certificate}",
                hint="give --tls-cert and --tls-key that belong together",
            ) from error
        raise MalformedInput(
            f"{certificate} or {key} is not what TLS needs: PEM files, unencrypted"
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"can't read {certificate} or {key}: {reason}") from error
    return context


def _refuse_passphrase(key: str) -> str:
    raise MalformedInput(
        f"the key in {key} is encrypted", hint="TLS needs it in clear, readable by you alone"
    )
