"""What every credential format is to the rest of ipse.

Verifier, issuer, batch, wallet and command line know this protocol alone. A format is a package of
`ipse.credentials.formats` whose module `format` has one `FORMAT`, registered in `ipse.credentials.formats`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ipse.credentials.content import Content
from ipse.credentials.formats import DEFAULT
from ipse.credentials.jws import Jws
from ipse.credentials.policy import Challenge, VerificationContext
from ipse.dids.resolver import Resolve, UsedMethod
from ipse.encoding.strict_json import Json, JsonObject
from ipse.keys.key_types import PrivateKey

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts
    from ipse.keys.certificates import Chain

__all__ = [
    "Draft",
    "Format",
    "IssueOptions",
    "Presentable",
    "Proven",
    "Received",
    "Selection",
    "Signer",
    "SigningKey",
    "Unverified",
]


@dataclass(frozen=True, slots=True)
class Received:
    """A credential or presentation as it came, before any format has looked at it.

    - `text`: the text without white space around it; empty for what came as a JSON object
    - `document`: the JSON object that it is, None for a token
    - `jws`: the JWS that it is, not verified, None for everything else
    - `is_presentation`: whether the type of the JSON object is that of a presentation
    """

    text: str
    document: JsonObject | None = None
    jws: Jws | None = None
    is_presentation: bool = False


@dataclass(frozen=True, slots=True)
class Unverified:
    """A credential or presentation that its format has read. Nothing in it is verified.

    - `description`, `kind`: what was read, for the report
    - `document`: what it claims, as its format spells it; empty where that takes unpacking
    - `secured`: the format's own view of it
    - `media_type`: of the token, for an envelope; empty where there is none
    - `answers_challenge`: it was made for a verifier: a presentation, or a credential with a key binding
    - `is_certified`: certificates in its header (`x5c`) say who issued it, whatever else it claims
    """

    format: Format
    is_presentation: bool
    description: str
    kind: str
    document: JsonObject = field(repr=False)
    secured: Any = field(default=None, repr=False)
    media_type: str = ""
    answers_challenge: bool = False
    is_certified: bool = False


@dataclass(frozen=True, slots=True)
class Proven:
    """What the proofs of a credential or presentation cover, once their signatures hold.

    - `created`, `audience`, `nonce`: what the proof of a presentation says
    - `methods`: the verification methods that signed; none where the keys are in no DID document
    - `purposes`: what the proofs say they were made for; none where the type of a token says that
    - `self_asserted`: it has no proof of its own, and the presenter's covers it
    - `expires`: when its proof expires, beside the validity of the content
    - `secured`: what the format needs for the checks that are left
    - `chain`: the checked certificates that name the issuer, None where no certificate does
    """

    content: Content
    is_presentation: bool = False
    expires: datetime | None = None
    created: datetime | None = None
    audience: tuple[str, ...] = ()
    nonce: str | None = None
    methods: tuple[UsedMethod, ...] = field(default=(), repr=False)
    purposes: tuple[str, ...] = ()
    self_asserted: bool = False
    secured: Any = field(default=None, repr=False)
    chain: Chain | None = None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A DID, one of its verification methods (a DID URL), and the private key of that."""

    did: str
    verification_method: str
    key: PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of a credential, before a format spells it. `valid_from` None means from now on."""

    subject: str | None
    types: Sequence[str]
    claims: JsonObject
    credential_id: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssueOptions:
    """How credentials are secured; a format refuses the options that it does not take.

    - `format`: a name of `ipse.credentials.formats.NAMES`
    - `suite`: a cryptosuite or proof type, None for the format's default
    - `contexts`: the JSON-LD contexts at hand, None for those that ipse carries
    - `undefined_terms`: add the context that gives every undefined term a meaning of the issuer's own
    - `disclosable`: the claims that the holder may withhold, as paths, or `all` or `none`; empty for the
      format's default
    - `decoys`: the number of decoy digests to add beside those of hidden claims
    - `x5c`: the certificates that name the issuer instead of its DID, base64 DER, that of the signing key
      first and the trust anchor left out
    """

    format: str = DEFAULT
    suite: str | None = None
    contexts: Contexts | None = None
    undefined_terms: bool = False
    disclosable: tuple[str, ...] = ()
    decoys: int = 0
    x5c: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The content of a presentation before it is signed.

    - `revealed`: what the verifier gets to read: the disclosed claims, or whole credentials
    - `withheld`: the claims that the holder keeps back, as paths
    - `binds_key`: whether the holder is told by the credential's key instead of its subject
    - `confirmation`: that key, as the member `cnf` (RFC 7800); None for a bearer credential
    """

    revealed: tuple[JsonObject, ...] = field(repr=False)
    withheld: tuple[str, ...] = ()
    binds_key: bool = False
    confirmation: JsonObject | None = None
    secured: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Presentable:
    """A credential as a query finds it in its holder's wallet (OpenID4VP 1.0, appendix B).

    - `format`: its Credential Format Identifier
    - `claims`: all that it says, with what can be withheld
    - `types`: by which it is asked for: `vct` and `aka_vcts` of an SD-JWT VC, or the IRIs of the types of a
      W3C credential
    - `disclosable`: the paths of what can be withheld, parents before children; None for a format without
      selective disclosure
    - `signed_by`: what a verifier has to accept of its issuer's signature, by the name of the list in
      `vp_formats_supported` (appendix B), in Python's spelling
    - `holder_lists`: the lists that the algorithm of its holder's signature has to be in
    - `certificates`: the issuer's certificates in its header, base64 DER, the issuer's own first
    """

    format: str
    claims: JsonObject = field(repr=False)
    types: tuple[str, ...]
    disclosable: tuple[tuple[str | int, ...], ...] | None
    signed_by: Mapping[str, str]
    holder_lists: tuple[str, ...] = ()
    certificates: tuple[str, ...] = field(default=(), repr=False)


Signer: TypeAlias = Callable[[JsonObject], "JsonObject | str"]
"""From an unsigned credential to the credential: JSON with an embedded proof, or a token."""


class Format(Protocol):
    """One way to secure credentials and presentations.

    Steps of verification return (result, reason, value that decided it) or (reason, value), and raise
    `Rejected`, `NotApplicable`, or an `IpseError` that the report turns into an outcome.
    """

    name: str
    """Its name in options and stored credentials."""
    title: str
    """One line for help pages."""
    media_types: Mapping[str, bool]
    """The media types of its tokens in an envelope; whether each is a presentation."""
    options: frozenset[str]
    """The names of the `IssueOptions` that it takes, `format` apart."""
    status_kind: str | None
    """The kind of status list that its credentials use, None where it has none."""
    status_member: str
    """The member with the status entries."""
    max_status_entries: int | None
    """How many status entries a credential can have, None for any number."""
    identifier: str
    """The member that names a credential."""
    is_always_identified: bool
    """Whether a credential made from a template gets an identifier without asking."""
    set_by_issuer: Mapping[str, str]
    """The members that a template may not have, each with the reason."""

    # Reading, without trust

    def read(self, received: Received) -> Unverified:
        """What was received, which `ipse.credentials.formats` recognised as this format's.

        Raises MalformedInput, Undetermined.
        """
        ...

    def claimed(self, unverified: Unverified) -> Content:
        """What an unverified credential claims, to keep and list it. Raises MalformedInput."""
        ...

    def claimed_issuer(self, unverified: Unverified) -> tuple[str, tuple[str, ...]]:
        """Whose credential it claims to be, empty where it names nobody, and its types.

        Nothing is verified yet: it decides whether verifying is worth its cost.
        """
        ...

    # The steps of verification, in their order

    def require_available(self) -> None:
        """Raise MissingFeature where a library is absent that verification needs."""
        ...

    def check_data_model(
        self, unverified: Unverified, context: VerificationContext
    ) -> tuple[tuple[str, ...], str, object]:
        """The rules of the data model; the result are warnings for a careful reader."""
        ...

    def find_signer(self, unverified: Unverified, context: VerificationContext) -> tuple[Any, str, object]:
        """The issuer of a credential, or the holder of a presentation, and its keys."""
        ...

    def check_proof(
        self, unverified: Unverified, signer: Any, context: VerificationContext
    ) -> tuple[Proven, str, object]:
        """The signatures, and what they cover."""
        ...

    def check_holder_binding(self, proven: Proven, context: VerificationContext) -> tuple[str, object] | None:
        """Whether the holder of a credential presents it; None where the subject decides that."""
        ...

    # Issuing

    def check_options(self, options: IssueOptions, key_type: str) -> None:
        """Raise UsageError for options that can't go together, or not with this type of key."""
        ...

    def build(self, draft: Draft, issuer: str, *, now: datetime, resolve: Resolve) -> JsonObject:
        """The unsigned credential of a draft. Raises MalformedInput, UsageError."""
        ...

    def adopt(self, document: JsonObject, issuer: str, *, now: datetime) -> JsonObject:
        """A prepared document with the issuer filled in. Raises MalformedInput where it names another."""
        ...

    def complete(self, template: JsonObject, issuer: str, *, created: datetime) -> JsonObject:
        """A template with the members that are the same in all credentials made from it."""
        ...

    def violations(self, document: JsonObject) -> Sequence[tuple[str, str]]:
        """The rules of the data model that an unsigned credential breaks: (JSON pointer, rule)."""
        ...

    def prepare(self, document: JsonObject, options: IssueOptions) -> JsonObject:
        """The unsigned credential or template with what the options add to it."""
        ...

    def warnings(self, document: JsonObject, options: IssueOptions) -> tuple[str, ...]:
        """What an issuer should know about a credential before it is signed.

        Raises MalformedInput where a @context redefines what is protected, or where terms would be lost
        that the signature ought to cover.
        """
        ...

    def signer(self, signing_key: SigningKey, options: IssueOptions, *, created: datetime) -> Signer:
        """A signer for one credential or for many; what they have in common is computed once."""
        ...

    # Presenting

    binds_data: bool
    """Whether its presentations can bind data of a transaction (OpenID4VP 1.0, section 8.4)."""

    def presentable(self, credential: str) -> Presentable:
        """What a query finds the credential by. Raises MalformedInput."""
        ...

    def select(self, credentials: Sequence[str], disclose: Sequence[str]) -> Selection:
        """What a presentation of these credentials would reveal. Raises UsageError, MalformedInput."""
        ...

    def select_paths(self, credential: str, paths: Sequence[tuple[str | int, ...]]) -> Selection:
        """What a presentation of the credential with the claims at `paths` would reveal.

        A claim inside another is revealed only if it is named itself. A format without selective
        disclosure reveals all. Raises NotFound for a path to nothing, MalformedInput.
        """
        ...

    def present(
        self,
        selection: Selection,
        holder: SigningKey,
        challenge: Challenge,
        *,
        now: datetime,
        bound_data: Mapping[str, Json] | None = None,
    ) -> JsonObject | str:
        """The presentation, signed by the holder for one audience and nonce.

        `bound_data` are members that the holder's signature covers beside those two. Raises UsageError for
        them where the format binds none (`binds_data`).
        """
        ...

    def present_unbound(self, selection: Selection) -> JsonObject | str:
        """The credential with the selected claims, and no proof by its holder.

        OpenID4VP 1.0, section 5.3. Raises UsageError for several credentials.
        """
        ...
