"""Issuing credentials, in every format, by the owner's DIDs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.credentials import model
from ipse.credentials.formats import data_integrity, sd_jwt
from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput, UsageError
from ipse.keys.key_types import PrivateKey
from ipse.storage import status_lists
from ipse.storage.manifest import DidRecord
from ipse.wallet import drafting, identities, resolution, status
from ipse.wallet.drafting import Draft
from ipse.wallet.resolution import Reach
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts

__all__ = [
    "FORMATS",
    "Issued",
    "Securing",
    "check_list",
    "issue",
]


@dataclass(frozen=True, slots=True)
class Securing:
    """How a credential is to be secured.

    - `form`: one of FORMATS; `suite`: a cryptosuite, or a proof type of VCDM 1.1, None for the default
    - `contexts`: the JSON-LD contexts at hand, None for those that ipse carries
    - `undefined_terms`: add the context that gives every undefined term a meaning of the issuer's own
    - `disclosable`: the claims of an SD-JWT that its holder may withhold, as paths, or `all` or `none`
    - `decoys`: digests of nothing that stand beside those of hidden claims, so that these can't be counted
    - `status_lists`: names of the status lists that it gets an index in
    """

    form: str = "w3c"
    suite: str | None = None
    contexts: Contexts | None = None
    undefined_terms: bool = False
    disclosable: tuple[str, ...] = ("all",)
    decoys: int = 0
    status_lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential: JSON with an embedded proof, or a token. `warnings` are for the issuer."""

    credential: JsonObject | str = field(repr=False)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Issuer:
    record: DidRecord
    method: str
    key: PrivateKey


def issue(
    wallet: Wallet,
    issuer: str | None,
    content: Draft | JsonObject,
    securing: Securing | None = None,
    *,
    now: datetime,
    reach: Reach | None = None,
) -> Issued:
    """The credential that a draft describes, or a whole prepared document, signed by the owner's DID.

    `issuer` is a name or DID, None for the default. A prepared document has no proof, and no issuer or this
    one. Raises NotFound, MalformedInput (a rule of the data model, a term that would not be signed),
    UsageError, KeystoreError, MissingFeature (didkit for w3c-1.1).
    """
    how = securing or Securing()
    if how.form not in FORMATS:
        raise UsageError(
            f"{how.form!r} is no credential format", hint=f"--format takes {' or '.join(FORMATS)}"
        )
    if how.status_lists and how.form == "w3c-1.1":
        raise UsageError("status lists are for VCDM 2.0 and SD-JWT VC", hint="use another --format")
    if isinstance(content, Draft) and content.subject is not None:
        resolver.check_did(content.subject)
    which = issuer or identities.default(wallet).name
    record, place, key = identities.signing_key(wallet, which)
    if record.method == "pkh":
        raise UsageError(
            f"{record.name!r} is a did:pkh, whose credentials nobody can verify",
            hint="its key is not in the DID; issue with a did:key, did:jwk or did:web",
        )
    by = _Issuer(record, place.id, key)
    unsigned = _unsigned(content, how.form, record.did, now, reach or Reach())
    if how.undefined_terms and how.form not in ("w3c", "jwt"):
        raise UsageError("undefined terms are a matter of VCDM 2.0", hint="leave --undefined-terms out")
    if how.undefined_terms:
        unsigned = drafting.with_undefined_terms(unsigned)
    unsigned = _with_status(wallet, unsigned, how, by, now)
    return _SIGNERS[how.form](unsigned, how, by, now)


def _unsigned(content: Draft | JsonObject, form: str, did: str, now: datetime, reach: Reach) -> JsonObject:
    if isinstance(content, Draft):
        return drafting.drafted(
            content, form, did, now=now, resolve=lambda did: resolution.resolve(did, reach)
        )
    return drafting.prepared(content, form, did, now=now)


def _with_status(
    wallet: Wallet, unsigned: JsonObject, how: Securing, by: _Issuer, now: datetime
) -> JsonObject:
    """The credential with an entry in each of the status lists."""
    if not how.status_lists:
        return unsigned
    name = "jti" if how.form == "sd-jwt" else "id"
    identified = unsigned if name in unsigned else {**unsigned, name: drafting.new_id()}
    if not (isinstance(identified[name], str) and identified[name]):
        raise MalformedInput(
            f"{name} is {excerpt(identified[name])}, not what a credential on a status list is known by",
            hint="give a text, or leave it out for a new one",
        )
    for list_name in how.status_lists:
        check_list(wallet, list_name, form=how.form, did=by.record.did)
    given = [status.allocate(wallet, list_name, identified[name], now=now) for list_name in how.status_lists]
    return status.attach(identified, given)


def check_list(wallet: Wallet, list_name: str, *, form: str, did: str) -> None:
    """Raise UsageError for a status list of another kind than the format has, or of another DID.

    NotFound where there is no such list.
    """
    record = status_lists.find(wallet.vault, list_name)
    kind = "token" if form == "sd-jwt" else "w3c"
    if record.kind != kind:
        raise UsageError(
            f"{list_name!r} is a {record.kind} list, which {form} credentials don't use",
            hint=f"`ipse vc status create NAME --kind {kind}` makes one that they do",
        )
    if record.issuer != did:
        raise UsageError(
            f"{list_name!r} is a list of {record.issuer}, not of {did}",
            hint="a credential and its status list have the same issuer",
        )


def _sign_w3c(unsigned: JsonObject, how: Securing, by: _Issuer, now: datetime) -> Issued:
    _refuse_broken(unsigned)
    signed = data_integrity.add_proof(
        unsigned,
        by.key,
        verification_method=by.method,
        created=now,
        cryptosuite=how.suite,
        contexts=how.contexts,
    )
    jcs = signed["proof"]["cryptosuite"].split("-")[1] == "jcs"
    return Issued(signed, undefined_terms(unsigned, how) if jcs else ())


def _sign_jwt(unsigned: JsonObject, how: Securing, by: _Issuer, now: datetime) -> Issued:  # noqa: ARG001
    from ipse.credentials.formats.jose import vc_jwt

    _refuse_suite(how)
    _refuse_broken(unsigned)
    token = vc_jwt.sign_credential(unsigned, by.key, verification_method=by.method)
    return Issued(token, undefined_terms(unsigned, how))


def _sign_sd_jwt(unsigned: JsonObject, how: Securing, by: _Issuer, now: datetime) -> Issued:  # noqa: ARG001
    _refuse_suite(how)
    return Issued(
        sd_jwt.issue(
            unsigned,
            disclosable=drafting.disclosable_paths(unsigned, how.disclosable),
            signer=by.key,
            typ=sd_jwt.VC_TYPE,
            kid=by.method,
            decoys=how.decoys,
        )
    )


def _sign_vcdm11(unsigned: JsonObject, how: Securing, by: _Issuer, now: datetime) -> Issued:
    from ipse.credentials.formats.vcdm11 import embedded_proofs, jwt

    if how.suite == "JWT":
        return Issued(jwt.issue_jwt(unsigned, by.key, by.method))
    return Issued(embedded_proofs.issue(unsigned, by.key, by.method, created=now, proof_type=how.suite))


_SIGNERS: Final = {"w3c": _sign_w3c, "jwt": _sign_jwt, "sd-jwt": _sign_sd_jwt, "w3c-1.1": _sign_vcdm11}
FORMATS: Final = tuple(_SIGNERS)


def _refuse_broken(unsigned: JsonObject) -> None:
    broken = model.violations(unsigned)
    if broken:
        raise MalformedInput(f"not a credential: {broken[0]}", hint="this is a rule of the VC data model 2.0")


def _refuse_suite(how: Securing) -> None:
    if how.suite is not None:
        raise UsageError(f"--format {how.form} has no cryptosuites", hint="leave --suite out")


def undefined_terms(document: JsonObject, how: Securing) -> tuple[str, ...]:
    """What JSON-LD processors would lose of a document whose every byte is signed, in one line or none.

    Raises MalformedInput for a @context that redefines what is protected.
    """
    from ipse.credentials import json_ld
    from ipse.credentials.model import lint

    found = lint.lint(document, how.contexts or json_ld.known())
    for violation in found.violations:
        raise MalformedInput(f"not a credential: {violation}")
    if not found.warnings:
        return ()
    places = [warning.pointer for warning in found.warnings]
    shown = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
    why = found.warnings[0].rule
    return (f"JSON-LD would lose {shown} ({why}); --undefined-terms gives undefined terms a meaning",)
