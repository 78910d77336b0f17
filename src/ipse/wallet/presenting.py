"""Presenting credentials to a verifier: what is asked for, bound to its challenge, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ipse.credentials import presentation
from ipse.credentials.challenge import Challenge
from ipse.credentials.formats import data_integrity, sd_jwt
from ipse.credentials.formats.jose import vc_jwt
from ipse.credentials.formats.sd_jwt import SdJwt, Selection
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import NotFound, UsageError
from ipse.keys import jwk, multikey
from ipse.keys.key_types import PrivateKey
from ipse.storage import credential_store
from ipse.storage.credential_store import StoredCredential
from ipse.storage.manifest import DidRecord
from ipse.wallet import disclosure_log, identities
from ipse.wallet.wallet import Wallet

__all__ = ["Prepared", "prepare", "release"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would leave, to be looked at first.

    - `form`: the format of all the credentials
    - `revealed`: what the verifier gets to read: the claims of an SD-JWT, or the whole credentials
    - `withheld`: the claims of an SD-JWT that stay at home, as paths
    - `holder`: the DID that signs, None for a bearer SD-JWT
    """

    form: str
    credentials: tuple[StoredCredential, ...] = field(repr=False)
    revealed: tuple[JsonObject, ...] = field(repr=False)
    withheld: tuple[str, ...]
    holder: DidRecord | None
    selection: Selection | None = field(default=None, repr=False)


def prepare(
    wallet: Wallet, identifiers: Sequence[str], *, disclose: Sequence[str] = (), holder: str | None = None
) -> Prepared:
    """Look at what presenting these credentials would reveal. Nothing is signed.

    `disclose` are the claims of an SD-JWT that are shown, as paths, or `all`; no others are. `holder` is a
    name or DID of the owner's, by default the subject of the credentials.

    Raises NotFound, UsageError for credentials that can't go into one presentation.
    """
    held = tuple(credential_store.find(wallet.vault, identifier) for identifier in identifiers)
    if len({credential.id for credential in held}) != len(held):
        raise UsageError("the same credential is named twice", hint="name each once")
    forms = {credential.format for credential in held}
    if len(forms) != 1:
        raise UsageError(
            f"{' and '.join(sorted(forms))} credentials can't go into one presentation",
            hint="present each format on its own",
        )
    form = forms.pop()
    if form == "sd-jwt":
        return _prepare_sd_jwt(wallet, held, disclose, holder)
    if disclose:
        raise UsageError(
            f"a {form} credential is shown whole or not at all", hint="only SD-JWT has --disclose"
        )
    party = _holder_of(wallet, held, holder)
    shown = tuple(_shown(credential) for credential in held)
    return Prepared(form, held, shown, (), party)


def release(wallet: Wallet, prepared: Prepared, challenge: Challenge, *, now: datetime) -> JsonObject | str:
    """The presentation, signed for the challenge and entered in the disclosure log before it is returned.

    Raises KeystoreError, MalformedInput, MissingFeature (didkit for w3c-1.1), VerificationFailed where the
    log is broken.
    """
    made = _MAKERS[prepared.form](wallet, prepared, challenge, now)
    text = made if isinstance(made, str) else strict_json.canonical(made).decode()
    with wallet.vault.transaction():
        disclosure_log.record(
            wallet,
            {
                "application": challenge.audience,
                "address": challenge.audience,
                "purpose": "presentation of credentials",
                "level": "credentials",
                "request": hashlib.sha256(challenge.nonce.encode()).hexdigest(),
                "consent": "owner",
                "epsilon": 0,
                "grant": None,
                "said": True,
                "credentials": [credential.id for credential in prepared.credentials],
                "released": text,
            },
            now=now,
        )
    disclosure_log.settle(wallet)
    return made


def _prepare_sd_jwt(
    wallet: Wallet, held: tuple[StoredCredential, ...], disclose: Sequence[str], holder: str | None
) -> Prepared:
    if len(held) > 1:
        raise UsageError("an SD-JWT is presented on its own", hint="one at a time")
    credential = sd_jwt.parse(held[0].document.strip())
    whole = sd_jwt.select(credential, sd_jwt.disclosable_paths(credential))
    if "all" in disclose and len(disclose) > 1:
        raise UsageError("--disclose all stands alone", hint="name paths, or all")
    paths = (
        list(sd_jwt.disclosable_paths(credential))
        if tuple(disclose) == ("all",)
        else [sd_jwt.read_path(path, whole.claims) for path in disclose]
    )
    selection = sd_jwt.select(credential, paths)
    withheld = tuple(sd_jwt.spelled(path) for path in selection.withheld)
    party = _bound_to(wallet, whole.claims.get("cnf"), holder)
    return Prepared("sd-jwt", held, (selection.claims,), withheld, party, selection)


def _bound_to(wallet: Wallet, cnf: object, holder: str | None) -> DidRecord | None:
    """The owner's DID whose key the credential is bound to; None for a bearer credential.

    Raises NotFound where it is bound to a key that is not in this wallet.
    """
    if not isinstance(cnf, dict):
        return None
    candidates = wallet.manifest.dids if holder is None else (wallet.manifest.find(holder),)
    for record in candidates:
        if cnf.get("kid") == record.current.id:
            return record
        if "jwk" in cnf and multikey.encode(jwk.public_from_jwk(cnf["jwk"])) == record.current.public:
            return record
    if holder is not None:
        raise UsageError(
            f"the credential is bound to another key than that of {holder!r}", hint="leave --holder out"
        )
    raise NotFound(
        "the credential is bound to a key that is not in this wallet",
        hint="only who holds that key can present it",
    )


def _holder_of(wallet: Wallet, held: Sequence[StoredCredential], holder: str | None) -> DidRecord:
    """Who presents: the DID that was named, or the one subject of the credentials, or the default DID."""
    if holder is not None:
        return wallet.manifest.find(holder)
    subjects = {credential.subject for credential in held if credential.subject is not None}
    if len(subjects) > 1:
        raise UsageError("the credentials are about several subjects", hint="say who presents with --holder")
    for subject in subjects:
        for record in wallet.manifest.dids:
            if record.did == subject:
                return record
        raise UsageError(
            f"the credential is about {subject}, which is none of your DIDs",
            hint="a verifier would refuse it; --holder NAME presents it all the same",
        )
    return identities.default(wallet)


def _shown(credential: StoredCredential) -> JsonObject:
    from ipse.credentials.verification import claimed

    return claimed(credential.document).document


def _present_w3c(wallet: Wallet, prepared: Prepared, challenge: Challenge, now: datetime) -> JsonObject:
    record, method, key = _signer(wallet, prepared)
    documents = [strict_json.parse_object(credential.document) for credential in prepared.credentials]
    return data_integrity.add_proof(
        presentation.build(record.did, documents),
        key,
        verification_method=method,
        created=now,
        purpose="authentication",
        cryptosuite=_suite_of(documents, key),
        domain=challenge.audience,
        challenge=challenge.nonce,
    )


def _suite_of(documents: Sequence[JsonObject], key: PrivateKey) -> str | None:
    """The rdfc suite of the key where all credentials use rdfc, else the default."""
    proofs = [document.get("proof") for document in documents]
    suites = [proof.get("cryptosuite") for proof in proofs if isinstance(proof, dict)]
    if len(suites) < len(documents) or not all("-rdfc-" in str(suite) for suite in suites):
        return None
    return next(
        name
        for name, suite in data_integrity.SUITES.items()
        if "-rdfc-" in name and key.key_type in suite.key_types
    )


def _present_jwt(wallet: Wallet, prepared: Prepared, challenge: Challenge, now: datetime) -> str:
    record, method, key = _signer(wallet, prepared)
    texts = [credential.document.strip() for credential in prepared.credentials]
    return vc_jwt.sign_presentation(
        presentation.build(record.did, texts),
        key,
        verification_method=method,
        audience=challenge.audience,
        nonce=challenge.nonce,
        issued_at=now,
    )


def _present_sd_jwt(wallet: Wallet, prepared: Prepared, challenge: Challenge, now: datetime) -> str:
    assert prepared.selection is not None
    shown: SdJwt = prepared.selection.presentation
    if prepared.holder is None:
        raise UsageError(
            "the credential is bound to no key, so nothing would answer the challenge",
            hint="`ipse vc show` prints it; whoever has it can use it",
        )
    _, _, key = _signer(wallet, prepared)
    bound = sd_jwt.bind(
        shown,
        signer=key,
        audience=challenge.audience,
        nonce=challenge.nonce,
        issued_at=int(now.timestamp()),
    )
    return bound.compact


def _present_vcdm11(
    wallet: Wallet, prepared: Prepared, challenge: Challenge, now: datetime
) -> JsonObject | str:
    from ipse.credentials.formats.vcdm11 import data_model, jwt, presentations

    record, method, key = _signer(wallet, prepared)
    texts = [credential.document.strip() for credential in prepared.credentials]
    are_tokens = {not text.startswith("{") for text in texts}
    if len(are_tokens) > 1:
        raise UsageError("JWTs and JSON of VCDM 1.1 can't go into one presentation")
    if are_tokens == {True}:
        unsigned = data_model.build_presentation(holder=record.did, credentials=texts)
        return jwt.issue_presentation_jwt(
            unsigned, key, method, audience=challenge.audience, nonce=challenge.nonce
        )
    documents = [strict_json.parse_object(text) for text in texts]
    return presentations.issue_presentation(
        data_model.build_presentation(holder=record.did, credentials=documents),
        key,
        method,
        audience=challenge.audience,
        nonce=challenge.nonce,
        created=now,
    )


def _signer(wallet: Wallet, prepared: Prepared) -> tuple[DidRecord, str, PrivateKey]:
    assert prepared.holder is not None
    record, place, key = identities.signing_key(wallet, prepared.holder.name)
    return record, place.id, key


_MAKERS: Final[dict[str, Callable[[Wallet, Prepared, Challenge, datetime], JsonObject | str]]] = {
    "w3c": _present_w3c,
    "jwt": _present_jwt,
    "sd-jwt": _present_sd_jwt,
    "w3c-1.1": _present_vcdm11,
}
