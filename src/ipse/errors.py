"""Every error ipse raises on purpose, each with its exit code.

    IpseError
     ├─ UsageError                 2    the call itself is wrong
     │   └─ AlreadyExists          2    a name or a wallet is taken
     ├─ VerificationFailed         3    the thing was checked and is not valid
     │   ├─ UnusableKey            3    signed with a key that is not for that, or no longer
     │   ├─ CertificateRejected    3    a certificate, or a chain of them, that can't be relied on
     │   ├─ RegistrationRejected   3    a registration certificate of a verifier that can't be relied on
     │   ├─ RequestTampered        3    a request that its signer did not sign so
     │   ├─ RequestReplayed        3    a request that was answered before
     │   ├─ RequestExpired         3    too late, or too early
     │   ├─ WrongAudience          3    a request to somebody else
     │   ├─ WrongOrigin            3    a request from another place than it says
     │   ├─ VaultAltered           3    the vault is no state that this wallet has left
     │   └─ VaultOutdated          3    the vault is older than the keystore remembers
     ├─ KeystoreError              4    the keys can't be reached
     │   ├─ KeystoreUnavailable    4    no usable keystore answers
     │   ├─ KeystoreLocked         4    it answers and is locked
     │   ├─ PassphraseNeeded       4    nobody to ask for the passphrase
     │   └─ WrongPassphrase        4
     ├─ NotFound                   5    no such DID, credential, statement, file
     ├─ DataError                  6    malformed, corrupt or unreadable data, I/O
     │   ├─ MalformedInput         6
     │   │   ├─ InputTooLarge      6
     │   │   └─ TooMuchWork        6    reading it would take more time or memory than it is given
     │   ├─ CorruptData            6    what ipse itself stored can't be trusted
     │   └─ StorageError           6    reading or writing failed
     ├─ ConsentError               7
     │   ├─ ConsentRefused         7    the owner said no
     │   └─ ConsentNeeded          7    nobody to ask and no grant
     ├─ MissingFeature             8    an extra or a platform feature is missing
     └─ Undetermined               9    could not be found out; neither valid nor invalid
         └─ UntrustedCertificate   9    certificates that lead to no authority that is trusted

Anything else that escapes is a bug in ipse (exit 1). An interrupt is exit 130.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

__all__ = [
    "AlreadyExists",
    "CertificateRejected",
    "ConsentError",
    "ConsentNeeded",
    "ConsentRefused",
    "CorruptData",
    "DataError",
    "InputTooLarge",
    "IpseError",
    "KeystoreError",
    "KeystoreLocked",
    "KeystoreUnavailable",
    "MalformedInput",
    "MissingFeature",
    "NotFound",
    "PassphraseNeeded",
    "RegistrationRejected",
    "RequestExpired",
    "RequestReplayed",
    "RequestTampered",
    "StorageError",
    "TooMuchWork",
    "Undetermined",
    "UntrustedCertificate",
    "UnusableKey",
    "UsageError",
    "VaultAltered",
    "VaultOutdated",
    "VerificationFailed",
    "WrongAudience",
    "WrongOrigin",
    "WrongPassphrase",
]


FROM_BACKUP: Final = "`ipse backup restore FILE --keys` makes wallet.json and the keystore again"
"""The hint where wallet.json or the keystore is damaged; the vault stays."""


class IpseError(Exception):
    """Base of all errors that ipse raises on purpose.

    `message` is one lower-case line that says what is wrong with what; `hint` is the next step,
    usually a command. `code` is stable and meant for programs.

    `error_code` is what the other side of a protocol is told in its words, such as `invalid_request`, and
    `reply` is where that may be sent (`ipse.protocols.openid4vp.ReplyAddress`). Both are empty where no
    protocol is spoken, and `reply` also where nobody may be told.
    """

    code: str = "error"
    exit_code: ClassVar[int] = 1
    error_code: str = ""
    reply: Any = None

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        """`code` is more exact than that of the class, where whoever raises the error knows more."""
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint()
        if code:
            self.code = code

    @classmethod
    def default_hint(cls) -> str:
        """The next step where the one who raised the error named none."""
        return "`ipse --help` lists the commands"


class UsageError(IpseError):
    """The call itself is wrong: an option, a name, a combination."""

    code = "usage"
    exit_code = 2


class AlreadyExists(UsageError):
    """The name or the place is taken, and ipse never overwrites."""

    code = "already-exists"


class VerificationFailed(IpseError):
    """Checked, and not valid. `report` is the `ipse.Report` that says why, None where there is none."""

    code = "verification-failed"
    exit_code = 3

    def __init__(self, message: str, *, hint: str = "", code: str = "", report: Any = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.report = report

    @classmethod
    def default_hint(cls) -> str:
        return "do not rely on it; ask its sender for a new one"


class UnusableKey(VerificationFailed):
    """The key may not be used for this, or no longer; `code` says which (`ipse.dids.resolver`)."""

    code = "unusable-key"

    @classmethod
    def default_hint(cls) -> str:
        return "do not rely on it; who signed it has to use a key that is listed for that"


class CertificateRejected(VerificationFailed):
    """The certificates of a signer have a fault; `code` says which (`ipse.keys.certificates`)."""

    code = "certificate-rejected"

    @classmethod
    def default_hint(cls) -> str:
        return "do not rely on it; its signer has to send certificates without this fault"


class RegistrationRejected(VerificationFailed):
    """The registration certificate of a verifier has a fault; `code` says which."""

    code = "registration-rejected"

    @classmethod
    def default_hint(cls) -> str:
        return "decide as if the verifier had no registration"


class RequestTampered(VerificationFailed):
    """The request's signature is not its signer's, or not over what it says."""

    code = "request-tampered"


class RequestReplayed(VerificationFailed):
    """The request was answered before: its nonce is used up."""

    code = "request-replayed"


class RequestExpired(VerificationFailed):
    """The request has expired, or comes from the future."""

    code = "request-expired"

    @classmethod
    def default_hint(cls) -> str:
        return "ask the application for a new one"


class WrongAudience(VerificationFailed):
    """The request is addressed to somebody else than a wallet."""

    code = "request-wrong-audience"


class WrongOrigin(VerificationFailed):
    """The request, or its answer's address, is of another origin than its signer's."""

    code = "request-wrong-origin"


class VaultAltered(VerificationFailed):
    """The vault is no state that this wallet has left: part of it is older, or missing."""

    code = "vault-altered"

    @classmethod
    def default_hint(cls) -> str:
        return "put the newest whole vault.db of this wallet back; nothing is disclosed or changed until then"


class VaultOutdated(VerificationFailed):
    """The vault is not the one that the keystore remembers: older, or gone its own way since."""

    code = "vault-outdated"


class KeystoreError(IpseError):
    """The keys can't be reached."""

    code = "keystore"
    exit_code = 4


class KeystoreUnavailable(KeystoreError):
    """No usable keystore answers."""

    code = "keystore-unavailable"

    @classmethod
    def default_hint(cls) -> str:
        return (
            "start your desktop's keyring (gnome-keyring, KWallet), or make a wallet with "
            "`ipse init --keystore file`"
        )


class KeystoreLocked(KeystoreError):
    """The keystore answers and is locked."""

    code = "keystore-locked"

    @classmethod
    def default_hint(cls) -> str:
        return "unlock the keyring in your desktop session, then run the command again"


class PassphraseNeeded(KeystoreError):
    """The encrypted keystore needs its passphrase and there is nobody to ask."""

    code = "passphrase-needed"

    @classmethod
    def default_hint(cls) -> str:
        return "give --passphrase-file FILE, --passphrase-fd N, or set IPSE_PASSPHRASE_FILE"


class WrongPassphrase(KeystoreError):
    """The passphrase does not open the encrypted keystore, or the file was altered."""

    code = "wrong-passphrase"

    @classmethod
    def default_hint(cls) -> str:
        return "check which passphrase file is in use (--passphrase-file, IPSE_PASSPHRASE_FILE)"


class NotFound(IpseError):
    """No such thing."""

    code = "not-found"
    exit_code = 5


class DataError(IpseError):
    """Malformed, corrupt or unreadable data, or failed I/O."""

    code = "data"
    exit_code = 6


class MalformedInput(DataError):
    """The input is not what the command reads."""

    code = "malformed"

    @classmethod
    def default_hint(cls) -> str:
        return "check that this is the file you meant"


class InputTooLarge(MalformedInput):
    """The input is over the bound for its kind."""

    code = "too-large"


class TooMuchWork(MalformedInput):
    """Made, or happening, to take more time or memory than it is given. No verdict is passed on it."""

    code = "too-much-work"

    @classmethod
    def default_hint(cls) -> str:
        return "do not rely on it; nothing made in good faith needs that much"


class CorruptData(DataError):
    """What ipse itself stored does not read back, or not unaltered."""

    code = "corrupt"

    @classmethod
    def default_hint(cls) -> str:
        return "`ipse backup restore FILE` goes on from a backup; ipse does not guess at what was there"


class StorageError(DataError):
    """Reading or writing failed."""

    code = "storage"

    @classmethod
    def default_hint(cls) -> str:
        return "check the permissions of the folder and the free space of the disk"


class ConsentError(IpseError):
    """Nothing left: the owner has not agreed."""

    code = "consent"
    exit_code = 7


class ConsentRefused(ConsentError):
    """The owner was asked and said no."""

    code = "consent-refused"

    @classmethod
    def default_hint(cls) -> str:
        return "nothing was disclosed"


class ConsentNeeded(ConsentError):
    """There is nobody to ask and no grant that covers it."""

    code = "consent-needed"


class MissingFeature(IpseError):
    """An optional part or a feature of the platform is missing."""

    code = "missing-feature"
    exit_code = 8


class Undetermined(IpseError):
    """It could not be found out: never treated as valid, never called invalid.

    `report` is the `ipse.Report` that says why, None where there is none.
    """

    code = "undetermined"
    exit_code = 9

    def __init__(self, message: str, *, hint: str = "", code: str = "", report: Any = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.report = report


class UntrustedCertificate(Undetermined):
    """The certificates of a signer lead to no authority that is trusted here."""

    code = "untrusted-certificate"

    @classmethod
    def default_hint(cls) -> str:
        return "`ipse trust add --ca FILE --for PURPOSE` trusts an authority; check its certificate first"
