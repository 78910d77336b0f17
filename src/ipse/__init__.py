"""ipse: a self-sovereign AI identity wallet for the terminal.

The public names of the Python API, each loaded when it is first used. docs/python.md is the guide.

    Verifier, Policy, Challenge, NO_CHALLENGE      verify credentials and presentations; needs no wallet
    VerifiedCredential, VerifiedPresentation       what was verified
    Report, Check, Outcome                         the ten checks, and what came of each
    Issuer, Draft, IssueOptions, SigningKey        issue credentials; `Wallet.issuer` gives an issuer
    Wallet, Places, find_places                    a wallet: identities, credentials, profile, disclosure
    Proposal, Decision                             what an owner decides on, and what they decide
    CredentialProposal, CredentialDecision         the same where credentials are asked for
    Certificate, read_certificates                 authorities that issuers are certified by
    Lookup, Reach                                  where a verifier may look, and how far it may go
    IpseError and its subclasses                   every error, each with its exit code

What is not in this list may change without notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipse.credentials.content import VerifiedCredential, VerifiedPresentation
    from ipse.credentials.issuer import Draft, Issued, IssueOptions, SigningKey, TemplateIssuer
    from ipse.credentials.policy import NO_CHALLENGE, Challenge, NoChallenge, Policy
    from ipse.credentials.report import Check, Outcome, Report
    from ipse.disclosure.proposals import Decision, Proposal
    from ipse.errors import (
        AlreadyExists,
        CertificateRejected,
        ConsentError,
        ConsentNeeded,
        ConsentRefused,
        CorruptData,
        DataError,
        InputTooLarge,
        IpseError,
        KeystoreError,
        KeystoreLocked,
        KeystoreUnavailable,
        MalformedInput,
        MissingFeature,
        NotFound,
        PassphraseNeeded,
        RegistrationRejected,
        RequestExpired,
        RequestReplayed,
        RequestTampered,
        StorageError,
        TooMuchWork,
        Undetermined,
        UntrustedCertificate,
        UnusableKey,
        UsageError,
        VaultAltered,
        VaultOutdated,
        VerificationFailed,
        WrongAudience,
        WrongOrigin,
        WrongPassphrase,
    )
    from ipse.keys.certificates import Certificate, read_certificates
    from ipse.storage.places import Places, find_places
    from ipse.wallet.answering.proposals import CredentialDecision, CredentialProposal
    from ipse.wallet.api.wallet import Wallet
    from ipse.wallet.issuer import Issuer
    from ipse.wallet.resolution import Reach
    from ipse.wallet.verifier import Lookup, Verifier

__all__ = [
    "NO_CHALLENGE",
    "AlreadyExists",
    "Certificate",
    "CertificateRejected",
    "Challenge",
    "Check",
    "ConsentError",
    "ConsentNeeded",
    "ConsentRefused",
    "CorruptData",
    "CredentialDecision",
    "CredentialProposal",
    "DataError",
    "Decision",
    "Draft",
    "InputTooLarge",
    "IpseError",
    "IssueOptions",
    "Issued",
    "Issuer",
    "KeystoreError",
    "KeystoreLocked",
    "KeystoreUnavailable",
    "Lookup",
    "MalformedInput",
    "MissingFeature",
    "NoChallenge",
    "NotFound",
    "Outcome",
    "PassphraseNeeded",
    "Places",
    "Policy",
    "Proposal",
    "Reach",
    "RegistrationRejected",
    "Report",
    "RequestExpired",
    "RequestReplayed",
    "RequestTampered",
    "SigningKey",
    "StorageError",
    "TemplateIssuer",
    "TooMuchWork",
    "Undetermined",
    "UntrustedCertificate",
    "UnusableKey",
    "UsageError",
    "VaultAltered",
    "VaultOutdated",
    "VerificationFailed",
    "VerifiedCredential",
    "VerifiedPresentation",
    "Verifier",
    "Wallet",
    "WrongAudience",
    "WrongOrigin",
    "WrongPassphrase",
    "find_places",
    "read_certificates",
]

__version__ = "0.1.0.dev0"

_MODULES = {
    "credentials.issuer": ("Draft", "IssueOptions", "Issued", "SigningKey", "TemplateIssuer"),
    "credentials.policy": ("NO_CHALLENGE", "Challenge", "NoChallenge", "Policy"),
    "credentials.report": ("Check", "Outcome", "Report"),
    "credentials.content": ("VerifiedCredential", "VerifiedPresentation"),
    "disclosure.proposals": ("Decision", "Proposal"),
    "keys.certificates": ("Certificate", "read_certificates"),
    "storage.places": ("Places", "find_places"),
    "wallet.answering.proposals": ("CredentialDecision", "CredentialProposal"),
    "wallet.api.wallet": ("Wallet",),
    "wallet.issuer": ("Issuer",),
    "wallet.resolution": ("Reach",),
    "wallet.verifier": ("Lookup", "Verifier"),
}
"""Where each public name comes from; the errors are in `ipse.errors`."""


if not TYPE_CHECKING:  # type checkers know every name, and that there is no other

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'ipse' has no attribute {name!r}")
        import importlib

        module = next((module for module, names in _MODULES.items() if name in names), "errors")
        value = getattr(importlib.import_module(f"ipse.{module}"), name)
        globals()[name] = value  # found at once the next time
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
