"""Issuing with one key under one set of options, with the network where a subject's DID needs it."""

from __future__ import annotations

from datetime import datetime

from ipse.credentials import issuer
from ipse.credentials.issuer import Draft, Issued, IssueOptions, SigningKey, TemplateIssuer
from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject
from ipse.wallet import resolution
from ipse.wallet.clock import time_or_now
from ipse.wallet.resolution import Reach

__all__ = ["Issuer"]


class Issuer:
    """Issues credentials with one key under one set of options.

        issuer = ipse.Issuer(signing_key, ipse.IssueOptions("jwt"))
        issuer.issue(draft).text
        template = issuer.template(document)
        credentials = map(template.issue, rows)

    `now` (aware) is the date of all its credentials, the present by default: make another issuer for another
    date. `Wallet.issuer` makes one with a key of the wallet. Raises UsageError for options that the format
    does not take, that can't go together or not with the type of key, and for a DID whose credentials nobody
    could verify; MissingFeature where a library is absent.
    """

    def __init__(
        self,
        signing_key: SigningKey,
        options: IssueOptions | None = None,
        *,
        now: datetime | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._issuer = issuer.Issuer(signing_key, options or IssueOptions(), now=time_or_now(now))
        self._reach = reach or Reach()

    @property
    def did(self) -> str:
        """The DID that issues."""
        return self._issuer.did

    def issue(self, content: Draft | JsonObject) -> Issued:
        """The credential of a draft, or of a whole prepared document without a proof.

        A prepared document has no issuer or this one. Raises MalformedInput (a rule of the data model, a term
        that would not be signed, a subject that is no DID), UsageError, Undetermined for a subject whose key
        can't be found where the format binds credentials to it.
        """
        if isinstance(content, Draft) and content.subject is not None:
            resolver.check_did(content.subject)
        return self._issuer.issue(content, resolve=lambda did: resolution.resolve(did, self._reach))

    def template(self, source: JsonObject) -> TemplateIssuer:
        """An issuer of one credential for each row: `issue(row)` fills the `{{column}}` places and signs.

        Raises MalformedInput for a template that can give no credential, UsageError for one with members
        that are set for each row.
        """
        return self._issuer.template(source)
