"""What can go wrong on the network. None of it says that something is valid or invalid: exit 9.

NetworkError                 network                        base
 ├─ UrlRefused               network-url                    no https URL that ipse fetches
 ├─ NameNotFound             network-name                   the name does not resolve
 ├─ PrivateAddress           network-private-address        the name resolves to an address that isn't public
 ├─ ConnectionFailed         network-connection             nobody answers, or not in TLS
 │   └─ ClosedEarly          network-closed-early           the answer broke off
 ├─ CertificateWrong         network-certificate            wrong name, expired, unknown authority
 ├─ TooSlow                  network-too-slow               not all there by the deadline
 ├─ TooLarge                 network-too-large              more bytes than the limit
 ├─ BadResponse              network-bad-response           no HTTP, or HTTP that was not asked for
 ├─ StatusRefused            network-status                 a status other than 200
 └─ RedirectRefused          network-redirect               a redirect that leads nowhere
     ├─ RedirectNotFollowed  network-redirect-not-followed  none may be followed from here
     ├─ RedirectToHttp       network-redirect-to-http       it leaves https
     ├─ RedirectLoop         network-redirect-loop          it was there before
     └─ TooManyRedirects     network-too-many-redirects
"""

from __future__ import annotations

from ipse.errors import Undetermined

__all__ = [
    "BadResponse",
    "CertificateWrong",
    "ClosedEarly",
    "ConnectionFailed",
    "NameNotFound",
    "NetworkError",
    "PrivateAddress",
    "RedirectLoop",
    "RedirectNotFollowed",
    "RedirectRefused",
    "RedirectToHttp",
    "StatusRefused",
    "TooLarge",
    "TooManyRedirects",
    "TooSlow",
    "UrlRefused",
]


class NetworkError(Undetermined):
    """Nothing was learnt from the network."""

    code = "network"

    @classmethod
    def default_hint(cls) -> str:
        return "nothing was decided; try again later, or ask whoever runs this server"


class UrlRefused(NetworkError):
    """Not an https URL that ipse fetches."""

    code = "network-url"

    @classmethod
    def default_hint(cls) -> str:
        return "ipse fetches https://host[:port]/path, without a user name or password"


class NameNotFound(NetworkError):
    """The host name does not resolve."""

    code = "network-name"

    @classmethod
    def default_hint(cls) -> str:
        return "check the spelling of the name and that this machine is online"


class PrivateAddress(NetworkError):
    """The host name resolves to an address that is not on the public internet."""

    code = "network-private-address"

    @classmethod
    def default_hint(cls) -> str:
        return "ipse never lets somebody else's URL reach into this machine or its network"


class ConnectionFailed(NetworkError):
    """Nobody answers at the address, or what answers does not speak TLS."""

    code = "network-connection"


class ClosedEarly(ConnectionFailed):
    """The server closed the connection before its answer was complete."""

    code = "network-closed-early"


class CertificateWrong(NetworkError):
    """The server's certificate is for another name, expired, or from nobody we trust."""

    code = "network-certificate"

    @classmethod
    def default_hint(cls) -> str:
        return "this may be somebody in between; whoever runs the server has to renew its certificate"


class TooSlow(NetworkError):
    """The whole answer was not there by the deadline."""

    code = "network-too-slow"


class TooLarge(NetworkError):
    """The answer is larger than the limit."""

    code = "network-too-large"


class BadResponse(NetworkError):
    """What came back is no HTTP response, or one in a form that was not asked for."""

    code = "network-bad-response"


class StatusRefused(NetworkError):
    """The server answered with a status other than 200, which is in `status`."""

    code = "network-status"

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class RedirectRefused(NetworkError):
    """The server redirects to nowhere."""

    code = "network-redirect"


class RedirectNotFollowed(RedirectRefused):
    """The server redirects a request that must go to this one place alone."""

    code = "network-redirect-not-followed"

    @classmethod
    def default_hint(cls) -> str:
        return "nothing was sent to the other place; whoever runs this server has to answer where it is asked"


class RedirectToHttp(RedirectRefused):
    """The server redirects away from https."""

    code = "network-redirect-to-http"


class RedirectLoop(RedirectRefused):
    """The server redirects to where this request has been."""

    code = "network-redirect-loop"


class TooManyRedirects(RedirectRefused):
    """The server redirects more often than is followed."""

    code = "network-too-many-redirects"
