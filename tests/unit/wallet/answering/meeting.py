"""A verifier and a wallet that meet in one process: what the verifier serves and gets, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ipse.credentials.issuer import Draft, IssueOptions
from ipse.dids import resolver
from ipse.disclosure.proposals import Consent
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.keys import encryption, key_types
from ipse.network.errors import ConnectionFailed
from ipse.network.messages import Response
from ipse.protocols.openid4vp import building, links, read_response
from ipse.protocols.openid4vp.responses import Response as VpResponse
from ipse.wallet import answering, held_credentials, holder_keys, identities, issuing
from ipse.wallet.answering import Answered, Owner, Told
from ipse.wallet.answering.proposals import CredentialDecision, CredentialProposal
from ipse.wallet.wallet import Wallet

__all__ = ["NOW", "PERSON", "PID", "Meeting", "Person", "asked", "keep"]

NOW: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
PID: Final = "https://issuer.example/person"
PERSON: Final[dict[str, Any]] = {
    "given_name": "Ada",
    "family_name": "Lovelace",
    "birthdate": "1815-12-10",
    "address": {"street": "St James's Square 12", "city": "London"},
}
_REQUEST: Final = "https://verifier.example/request"
_RESPONSE: Final = "https://verifier.example/response"
_TYPE: Final = "application/oauth-authz-req+jwt"


def keep(
    wallet: Wallet,
    form: str = "sd-jwt",
    *,
    kind: str = PID,
    claims: JsonObject | None = None,
    subject: str | None = "",
    number: int = 1,
    members: JsonObject | None = None,
    disclosable: tuple[str, ...] = (),
    now: datetime = NOW,
) -> str:
    """The id of a new credential in the wallet, bound to a key of its own unless `subject` says otherwise.

    `members` are more members of a W3C credential, beside its subject; `disclosable` as in IssueOptions.
    """
    said = Draft(
        subject=holder_keys.fresh(wallet).did if subject == "" else subject,
        types=[kind if form == "sd-jwt" else "PersonCredential"],
        claims=claims or PERSON,
        credential_id=f"urn:uuid:{number}",
    )
    how = IssueOptions(form, undefined_terms=form in ("w3c", "jwt"), disclosable=disclosable)
    content: Draft | JsonObject = said
    if members:
        maker = issuing.issuer_of(wallet, "university", how, now=now)
        content = {**maker.unsigned(said, resolve=resolver.resolve), **members}
    made = issuing.issue(wallet, "university", content, how, now=now).credential
    return held_credentials.add(
        wallet, made if isinstance(made, str) else strict_json.pretty(made), now=now
    ).id


def asked(*paths: Sequence[str | int | None], kind: str = PID, **more: Any) -> JsonObject:
    """A query for one credential with the claims at these paths."""
    one: JsonObject = {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": [kind]}, **more}
    if paths:
        one["claims"] = [{"path": list(path)} for path in paths]
    return {"credentials": [one]}


@dataclass
class Person:
    """The owner: decides, and remembers what was shown and heard."""

    decide: Callable[[CredentialProposal], CredentialDecision] = lambda _: CredentialDecision(accepted=True)
    preferences: Consent = lambda _: _never()
    embedder: Callable[[], Any] = lambda: _never()
    shown: list[CredentialProposal] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def credentials(self, proposal: CredentialProposal) -> CredentialDecision:
        """Look at a proposal and decide."""
        self.shown.append(proposal)
        return self.decide(proposal)

    @property
    def owner(self) -> Owner:
        """The person as the wallet asks them."""
        return Owner(self.credentials, self.preferences, self.embedder, self.told.append)


def _never(*_: Any) -> Any:
    raise AssertionError("nobody is asked about preferences here")


@dataclass
class Meeting:
    """A verifier by its DID that asks once, and the network between: it stands in for `Reach`.

    - `request_answer`: what it serves in place of its request object
    - `answer`: what it answers to the form
    - `encrypts`: whether it encrypts its request object to the key that the wallet offers with a POST
    """

    wallet: Wallet
    query: JsonObject = field(default_factory=lambda: asked(["given_name"]))
    mode: str = "direct_post.jwt"
    method: str = "get"
    state: str | None = "state-0123456789abcdef"
    nonce: str = "nonce-0123456789abcdef"
    transaction_data: Sequence[JsonObject] = ()
    request_answer: Response | BaseException | None = None
    answer: Response | BaseException = field(
        default_factory=lambda: Response(_RESPONSE, 200, "application/json", b"{}")
    )
    forms: list[dict[str, str]] = field(default_factory=list)
    fetched: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    metadata: JsonObject | None = None
    encrypts: bool = False
    verifier_info: Sequence[JsonObject] = ()
    now: datetime = NOW
    expires: datetime | None = None

    offered: JsonObject = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = key_types.generate("P-256")
        did = identities.Kind("jwk").did(self.key.public())
        self.client = building.by_did(did, f"{did}#0", self.key)
        self.decryption = encryption.new_key("enc-1")
        if self.metadata is None:
            self.metadata = building.build_client_metadata(
                keys=[self.decryption] if self.mode == "direct_post.jwt" else []
            )
            self.metadata.pop("vp_formats_supported")

    # The network

    def fetch(self, url: str, **_: Any) -> bytes:
        """Nothing else is fetched here."""
        raise ConnectionFailed(f"nobody serves {url}")

    def get(self, url: str, *, accept: str = "*/*", **_: Any) -> Response:
        """The request object by GET."""
        self.fetched.append((url, accept, {}))
        return self._served(None)

    def post(self, url: str, *, form: Mapping[str, str], accept: str = "*/*", **_: Any) -> Response:
        """The request object by POST, or the verifier's answer to a form."""
        if url == _REQUEST:
            self.fetched.append((url, accept, form))
            self.offered = json.loads(form["wallet_metadata"])["jwks"]["keys"][0]
            return self._served(form.get("wallet_nonce"))
        assert url == _RESPONSE
        self.forms.append(dict(form))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def _served(self, wallet_nonce: str | None) -> Response:
        if isinstance(self.request_answer, BaseException):
            raise self.request_answer
        if self.request_answer is not None:
            return self.request_answer
        text = str(self.request(wallet_nonce))
        if self.encrypts:
            text = encryption.encrypt(text.encode(), self.offered, enc="A256GCM", kid=self.offered["kid"])
        return Response(_REQUEST, 200, _TYPE, text.encode())

    def request(self, wallet_nonce: str | None = None) -> JsonObject | str:
        """The request object."""
        return building.build_request(
            self.client,
            query=self.query,
            nonce=self.nonce,
            reply_to=_RESPONSE,
            response_mode=self.mode,  # type: ignore[arg-type]
            state=self.state,
            client_metadata=self.metadata,
            transaction_data=self.transaction_data,
            verifier_info=self.verifier_info,
            wallet_nonce=wallet_nonce,
            expires=self.expires,
        )

    @property
    def link(self) -> str:
        """The link that invites the wallet."""
        more = {"request_uri_method": self.method} if self.method != "get" else {}
        return links.build_link(self.client.client_id, request_uri=_REQUEST, **more)

    # What happens

    def run(self, person: Person, *, text: str | None = None, **options: Any) -> Answered:
        """Let the wallet answer the link, or `text`."""
        handed = answering.read_handed(text or self.link, what="the link")
        return answering.answer(
            self.wallet,
            handed,
            owner=person.owner,
            clock=lambda: self.now,
            reach=self,  # type: ignore[arg-type]
            **options,
        )

    @property
    def response(self) -> VpResponse:
        """The one response that came, decrypted."""
        (form,) = self.forms
        return read_response(form, mode=self.mode, keys=[self.decryption])  # type: ignore[arg-type]


def accepted(redirect_uri: str) -> Response:
    """The verifier's answer that sends the owner on."""
    return Response(_RESPONSE, 200, "application/json", json.dumps({"redirect_uri": redirect_uri}).encode())


def unreachable() -> ConnectionFailed:
    """The network's error where nobody answers."""
    return ConnectionFailed("nobody answers")
