"""The modules of the plan `oid4vp-1final-wallet-haip-test-plan`: our wallet, and a verifier of the tests.

Each function has the name of a module. Where a module has a fault, the run without it passes and the run
with it sends no credential; what it is refused with and what the verifier is told are exact. Modules for
the browser's API (`dc_api.jwt`), which the wallet does not speak, are held to what is left of them: such a
request is refused wherever else it comes from.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.conformance.fixtures import ASKED, Asking
from tests.conformance.holder import NO, PROMPT, Holder
from tests.conftest import Run
from tests.openid_peer.certificates import es256
from tests.openid_peer.encoding import JsonObject, b64, compact, loads, unb64
from tests.openid_peer.sd_jwt import PERSON
from tests.openid_peer.verifier import Change, Verifier, query_for

_REDIRECT: Final = "https://verifier.example/finished#"

FAULTS: Final = pytest.mark.parametrize("faulty", [False, True], ids=["without the fault", "with the fault"])


def _passes(holder: Holder, verifier: Verifier, names: Sequence[str] = ASKED) -> Run:
    """A run in which the owner says yes: the named claims arrive, and no others."""
    with verifier:
        run = holder.answer(verifier.link())
        presented = verifier.presentation()
    assert presented.claims == {name: PERSON[name] for name in names}
    assert verifier.endpoint.failed is None
    assert (len(verifier.fetches), len(verifier.posts), verifier.strays) == (1, 1, [])
    (entry,) = holder.log
    assert verifier.client_id in json.dumps(entry)
    return run


@dataclass(frozen=True)
class Refusal:
    """How a run is refused: the exit code, a part of the sentence, and the error that the verifier is told.

    `told` is empty where the verifier is told nothing, as nothing proves that the address is theirs.
    """

    code: int
    why: str
    told: str = ""


def _refused(holder: Holder, verifier: Verifier, refusal: Refusal) -> Run:
    """A run that ends without a question: nothing leaves but the error."""
    with verifier:
        run = holder.answer(verifier.link(), conversation=NO, code=refusal.code)
        told = [verifier.error()] if verifier.forms else []
    assert refusal.why in run.err
    assert PROMPT not in run.err
    assert told == ([refusal.told] if refusal.told else [])
    assert verifier.endpoint.failed is None
    assert verifier.strays == []
    assert not any("vp_token" in form for form in verifier.forms)
    assert not any(entry["released"] for entry in holder.log)
    return run


def _judge(
    holder: Holder, asking: Asking, faulty: bool, change: Change, refusal: Refusal, **more: Any
) -> None:
    """The run passes without the fault, and is refused with it."""
    if faulty:
        _refused(holder, asking(change=change, **more), refusal)
    else:
        _passes(holder, asking(**more))


def test_oid4vp_1final_wallet_happy_flow(holder: Holder, asking: Asking) -> None:
    _passes(holder, asking(state=None))


def test_oid4vp_1final_wallet_alternate_happy_flow(holder: Holder, asking: Asking) -> None:
    """A long state and nonce, a parameter and an `iss` to ignore, a key without `use`, a link in another
    order, and a redirect_uri to open after the answer."""

    def unusual(payload: JsonObject) -> None:
        (key,) = payload["client_metadata"]["jwks"]["keys"]
        del key["use"]
        payload[secrets.token_hex(8)] = secrets.token_hex(8)
        payload["iss"] = payload["client_id"] + "-mismatched"

    def reordered(parameters: dict[str, str]) -> None:
        items = sorted(parameters.items(), reverse=True)
        parameters.clear()
        parameters.update(items)

    letters = string.ascii_letters + string.digits
    redirect_uri = _REDIRECT + secrets.token_urlsafe(16)
    verifier = asking(
        state="".join(secrets.choice(letters) for _ in range(64)),
        nonce=secrets.token_urlsafe(32),
        redirect_uri=redirect_uri,
        change=Change(payload=unusual, link=reordered),
    )
    assert len(verifier.nonce) == 43
    run = _passes(holder, verifier)
    assert redirect_uri in run.out + run.err


def test_oid4vp_1final_wallet_request_uri_method_post(holder: Holder, asking: Asking) -> None:
    verifier = asking(method="post")
    _passes(holder, verifier)
    (fetch,) = verifier.fetches
    assert fetch.method == "POST"
    assert fetch.path == "/request", "no query"
    assert len(fetch.form["wallet_nonce"]) >= 22
    assert "dc+sd-jwt" in json.loads(fetch.form["wallet_metadata"])["vp_formats_supported"]
    assert verifier.asked["wallet_nonce"] == fetch.form["wallet_nonce"]


def test_oid4vp_1final_wallet_ignores_unusable_encryption_key(holder: Holder, asking: Asking) -> None:
    def with_others(payload: JsonObject) -> None:
        keys = payload["client_metadata"]["jwks"]["keys"]
        lattice = {"kty": "AKP", "alg": "ML-KEM-1", "kid": "lattice", "use": "enc", "pub": b64(b"not a key")}
        keys.insert(0, lattice)
        keys.append({"kty": "UNHEARD-OF", "alg": "UNHEARD-OF", "kid": "unheard-of", "use": "enc"})

    _passes(holder, asking(change=Change(payload=with_others)))


def test_oid4vp_1final_wallet_fewer_claims_than_available(holder: Holder, asking: Asking) -> None:
    fewer = ASKED[:-1]
    _passes(holder, asking(query=query_for(*([name] for name in fewer))), fewer)


def _with_another(query: JsonObject, *, required: bool) -> JsonObject:
    """The same query and one for a credential that nobody has, in a set of its own."""
    another = {
        "id": "another",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:example:nobody-has-this"]},
        "claims": [{"path": ["no_such_claim"]}],
    }
    sets = [{"options": [["pid"]]}, {"options": [["another"]], "required": required}]
    return {"credentials": [*query["credentials"], another], "credential_sets": sets}


def test_oid4vp_1final_wallet_optional_credential_set(holder: Holder, asking: Asking) -> None:
    query = query_for(*([name] for name in ASKED))
    _passes(holder, asking(query=_with_another(query, required=False)))


def test_oid4vp_1final_wallet_no_claims_in_dcql_query(holder: Holder, asking: Asking) -> None:
    verifier = asking(query=query_for())
    _passes(holder, verifier, ())
    (presented,) = verifier.answer()["vp_token"]["pid"]
    assert presented.count("~") == 1, "no disclosure, one key binding"


@FAULTS
def test_oid4vp_1final_wallet_negative_test_response_uri_not_client_id(
    faulty: bool, holder: Holder, asking: Asking
) -> None:
    """Not in the plan for HAIP: the request is unsigned, and its client_id is where the answer may go."""
    change = Change(payload=lambda payload: payload.update(response_uri=payload["response_uri"] + "/bad"))
    _judge(holder, asking, faulty, change, Refusal(6, "response_uri"), signed=False)


def _flipped(jws: str) -> str:
    signed, _, signature = jws.rpartition(".")
    return f"{signed}.{b64(bytes(byte ^ 0x5A for byte in unb64(signature)))}"


@FAULTS
def test_oid4vp_1final_wallet_negative_test_invalid_request_object_signature(
    faulty: bool, holder: Holder, asking: Asking
) -> None:
    _judge(holder, asking, faulty, Change(jws=_flipped), Refusal(3, "signature", "invalid_request"))


def _several(verifier: Verifier, *, spoilt: bool) -> Callable[[str], str]:
    """The request object with two signatures, in JSON; the first of them is wrong if it is `spoilt`."""

    def sign(jws: str) -> str:
        header, payload = (loads(part) for part in jws.split(".")[:2])
        del payload["client_id"]
        signatures = []
        for signer in (verifier.access, verifier.access):
            protected = {**header, "client_id": signer.x509_hash}
            part, _, signature = es256(signer.key, protected, payload).split(".")
            signatures.append({"protected": part, "signature": signature})
        if spoilt:
            signatures[0]["signature"] = signatures[1]["signature"]
        return json.dumps({"payload": b64(compact(payload)), "signatures": signatures})

    return sign


@pytest.mark.parametrize("spoilt", [False, True], ids=["both hold", "one holds"])
def test_oid4vp_1final_wallet_multisigned_one_invalid_signature(
    spoilt: bool, holder: Holder, asking: Asking
) -> None:
    """For the browser's API alone: several signatures are refused wherever else they come from."""
    verifier = asking()
    verifier.change = Change(jws=_several(verifier, spoilt=spoilt))
    _refused(holder, verifier, Refusal(9, "serialization, as for several signatures"))


@FAULTS
def test_oid4vp_1final_wallet_negative_test_mismatched_client_id(
    faulty: bool, holder: Holder, asking: Asking
) -> None:
    another = f"x509_hash:{b64(secrets.token_bytes(32))}"
    change = Change(payload=lambda payload: payload.update(client_id=another))
    _judge(holder, asking, faulty, change, Refusal(3, "the link is from", "invalid_request"))


@FAULTS
def test_oid4vp_1final_wallet_negative_test_redirect_uri_with_direct_post(
    faulty: bool, holder: Holder, asking: Asking
) -> None:
    change = Change(payload=lambda payload: payload.update(redirect_uri=payload["response_uri"]))
    _judge(holder, asking, faulty, change, Refusal(6, "redirect_uri", "invalid_request"))


@FAULTS
def test_oid4vp_1final_wallet_negative_test_missing_nonce(
    faulty: bool, holder: Holder, asking: Asking
) -> None:
    change = Change(payload=lambda payload: payload.pop("nonce"))
    _judge(holder, asking, faulty, change, Refusal(6, "nonce", "invalid_request"))


@pytest.mark.parametrize("mode", ["dc_api", "dc_api.jwt"])
def test_oid4vp_1final_wallet_negative_test_wrong_expected_origins(
    mode: str, holder: Holder, asking: Asking
) -> None:
    """For the browser's API alone: such a request is refused wherever else it comes from."""

    def for_browsers(payload: JsonObject) -> None:
        payload.update(response_mode=mode, expected_origins=["https://wrong.example"])
        del payload["response_uri"], payload["state"]

    _refused(holder, asking(change=Change(payload=for_browsers)), Refusal(9, mode))


@FAULTS
@pytest.mark.parametrize("in_link", [True, False], ids=["both", "object"])
def test_oid4vp_1final_wallet_negative_test_invalid_client_id_prefix(
    in_link: bool, faulty: bool, holder: Holder, asking: Asking
) -> None:
    def unheard_of(parameters: dict[str, Any]) -> None:
        parameters["client_id"] = "invalid_scheme:" + parameters["client_id"].partition(":")[2]

    change = Change(payload=unheard_of, link=unheard_of if in_link else lambda _: None)
    _judge(holder, asking, faulty, change, Refusal(9, "invalid_scheme"))


@FAULTS
def test_oid4vp_1final_wallet_negative_test_unknown_transaction_data_type(
    faulty: bool, holder: Holder, asking: Asking
) -> None:
    entry = b64(compact({"type": "a-type-that-nobody-knows", "credential_ids": ["pid"]}))
    change = Change(payload=lambda payload: payload.update(transaction_data=[entry]))
    _judge(holder, asking, faulty, change, Refusal(9, "a-type-that-nobody-knows", "invalid_transaction_data"))


@FAULTS
def test_oid4vp_1final_wallet_negative_test_required_non_matching_credential(
    faulty: bool, holder: Holder, asking: Asking
) -> None:
    query = query_for(*([name] for name in ASKED))
    if not faulty:
        _passes(holder, asking(query=_with_another(query, required=False)))
        return
    verifier = asking(query=_with_another(query, required=True))
    _refused(holder, verifier, Refusal(7, "urn:example:nobody-has-this", "access_denied"))
