"""`ipse.Wallet`: an open wallet, its identities, credentials, profile and disclosures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from ipse.errors import ConsentNeeded, PassphraseNeeded
from ipse.storage.places import Places, find_places
from ipse.wallet import wallet
from ipse.wallet.clock import time_or_now
from ipse.wallet.wallet import Passphrase

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts
    from ipse.disclosure.proposals import Consent, Decision, Proposal
    from ipse.preferences.embedding import Embedder
    from ipse.wallet.answering import Answered, Told
    from ipse.wallet.answering.proposals import CredentialConsent
    from ipse.wallet.api.credentials import Credentials
    from ipse.wallet.api.disclosure import Disclosure
    from ipse.wallet.api.identities import Identities
    from ipse.wallet.api.profile import Profile
    from ipse.wallet.issuer import Issuer
    from ipse.wallet.resolution import Reach

__all__ = ["Stages", "Wallet"]

Stages = Callable[[str], None]
"""Told the name of each stage of what takes long, as it begins."""


class Wallet:
    """An owner's wallet. `open` and `create` give one; as a context manager it is closed at the end.

        with ipse.Wallet.open() as wallet:
            wallet.identities      the owner's DIDs
            wallet.credentials     the credentials that the owner holds
            wallet.profile         what the owner likes, and what follows from it
            wallet.disclosure      answers to applications, grants, budgets and the log

    The keystore is opened by the first call that needs a key, the vault by the first that needs the data.
    """

    def __init__(self, opened: wallet.Wallet, *, progress: Stages | None = None) -> None:
        self._wallet = opened
        self._progress = progress
        self._model: Embedder | None = None

    @classmethod
    def open(
        cls,
        places: Places | None = None,
        *,
        passphrase: Passphrase | None = None,
        progress: Stages | None = None,
    ) -> Wallet:
        """The wallet that lies in `places`, by default where the program `ipse` has it.

        `passphrase` is asked once for the passphrase of a keystore that is a file, as bytes. `progress` is
        told the stages of what takes long. Raises NotFound where there is no wallet, CorruptData.
        """
        opened = wallet.Wallet(places or find_places(), passphrase or _nobody, settles=True)
        return cls(opened, progress=progress)

    @classmethod
    def create(
        cls,
        places: Places | None = None,
        *,
        keystore: str = "os",
        passphrase: Passphrase | None = None,
        progress: Stages | None = None,
        now: datetime | None = None,
    ) -> Wallet:
        """Make a wallet whose keys go to the OS keyring ("os") or to an encrypted file ("file").

        Raises AlreadyExists, KeystoreError, StorageError; nothing is left behind then.
        """
        made = wallet.Wallet.create(
            places or find_places(),
            keystore=keystore,
            passphrase=passphrase or _nobody,
            now=time_or_now(now),
            settles=True,
        )
        return cls(made, progress=progress)

    def __enter__(self) -> Wallet:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the vault if it was opened."""
        self._wallet.close()

    @property
    def places(self) -> Places:
        """Where the wallet lies."""
        return self._wallet.places

    @property
    def identities(self) -> Identities:
        """The owner's DIDs."""
        from ipse.wallet.api.identities import Identities

        return Identities(self._wallet)

    @property
    def credentials(self) -> Credentials:
        """The credentials that the owner holds."""
        from ipse.wallet.api.credentials import Credentials

        return Credentials(self._wallet)

    @property
    def profile(self) -> Profile:
        """What the owner likes. Needs the extra `profile` where meaning is looked at."""
        from ipse.wallet.api.profile import Profile

        return Profile(self._wallet, self._embedder)

    @property
    def disclosure(self) -> Disclosure:
        """Answers to applications, and what bounds them."""
        from ipse.wallet.api.disclosure import Disclosure

        return Disclosure(self._wallet, self._embedder)

    def answer(
        self,
        request: str,
        *,
        credentials: CredentialConsent,
        preferences: Consent | None = None,
        told: Callable[[Told], None] | None = None,
        origin: str | None = None,
        reach: Reach | None = None,
        now: datetime | None = None,
    ) -> Answered:
        """Answer a link (`openid4vp://…`) or the text of a request, for credentials or preferences.

        `credentials` is shown a `CredentialProposal` and returns a `CredentialDecision`; `preferences` is the
        `consent` of `disclosure.answer`. What is agreed to is logged, and posted where the request says so;
        with response mode fragment, the caller opens `url` of what is returned. Whatever ends it before an
        answer left is told to the verifier as one error code, and `told` hears which. `now` (aware) is the
        present by default.

        Raises ConsentRefused for a no, MalformedInput, RequestTampered, RequestReplayed, RequestExpired,
        CertificateRejected, UntrustedCertificate, WrongAudience, WrongOrigin, ConsentNeeded, KeystoreError,
        StorageError, MissingFeature, Undetermined where the verifier can't be reached.
        """
        from ipse.wallet import answering

        owner = answering.Owner(
            credentials=credentials,
            preferences=preferences or _nobody_decides,
            embedder=self._embedder,
            told=told or (lambda _: None),
        )
        return answering.answer(
            self._wallet,
            answering.read_handed(request, what="the request"),
            owner=owner,
            clock=lambda: time_or_now(now),
            origin=origin,
            reach=reach,
        )

    def issuer(
        self,
        which: str | None = None,
        *,
        format: str | None = None,  # noqa: A002 - what the option is called
        suite: str | None = None,
        contexts: Contexts | None = None,
        undefined_terms: bool = False,
        disclosable: tuple[str, ...] = (),
        decoys: int = 0,
        now: datetime | None = None,
        reach: Reach | None = None,
    ) -> Issuer:
        """An issuer with the key of one of the owner's DIDs, by name or DID, None for the default one.

        `format` is `w3c` (the default), `jwt`, `sd-jwt` or `w3c-1.1`; `IssueOptions` says what the others
        mean. Raises NotFound, KeystoreError, and what `Issuer` raises.
        """
        from ipse.credentials import formats
        from ipse.credentials.issuer import IssueOptions
        from ipse.wallet import issuing
        from ipse.wallet.issuer import Issuer

        options = IssueOptions(
            formats.DEFAULT if format is None else format,
            suite=suite,
            contexts=contexts,
            undefined_terms=undefined_terms,
            disclosable=disclosable,
            decoys=decoys,
        )
        formats.named(options.format)
        return Issuer(issuing.signing_key(self._wallet, which), options, now=now, reach=reach)

    def _embedder(self) -> Embedder:
        """The wallet's embedding model, loaded once. Raises MissingFeature without the extra `profile`."""
        if self._model is None:
            from ipse.wallet.profile import models

            self._model = models.open_embedder(self._wallet, progress=self._progress or _unseen)
        return self._model


def _nobody_decides(proposal: Proposal) -> Decision:
    raise ConsentNeeded(
        f"{proposal.applicant.party} asks about preferences, and nobody decides on those",
        hint="give `preferences`, which is shown the proposal",
    )


def _nobody() -> bytes:
    raise PassphraseNeeded(
        "the keystore needs its passphrase", hint="give `passphrase`, which is called for it"
    )


def _unseen(stage: str) -> None:
    """Stages that nobody looks at."""
