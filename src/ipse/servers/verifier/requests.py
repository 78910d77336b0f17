"""The signed request objects of the server, one for each session, made anew at each fetch.

Source: OpenID4VP 1.0 sections 5, 5.10 (wallet_nonce) and 8.3; HAIP 1.0 section 5. A wallet may fetch its
request again: nonce, state and key stay the same, and the session is still answered once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import at_seconds, to_numeric_date
from ipse.errors import IpseError, MalformedInput
from ipse.keys import encryption
from ipse.protocols import openid4vp
from ipse.protocols.dcql.query import SD_JWT_VC, parse_query
from ipse.protocols.openid4vp import NoProof, building, parse_client_id
from ipse.protocols.openid4vp.authorization_request import AuthorizationRequest, Client
from ipse.protocols.openid4vp.building import RequestingClient
from ipse.protocols.openid4vp.metadata import VP_FORMATS
from ipse.protocols.openid4vp.refusals import ResponseMode
from ipse.protocols.openid4vp.requests import read_claims
from ipse.servers.http.messages import Refused
from ipse.servers.verifier.addresses import Addresses
from ipse.servers.verifier.sessions import Session
from ipse.wallet.answering import purposes

__all__ = ["MODES", "Asked", "Requests", "purpose_data"]

MODES: Final[tuple[ResponseMode, ...]] = ("direct_post.jwt", "direct_post")
"""The response modes of the server, the default first."""
_MAX_WALLET_NONCE: Final = 512


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: a DCQL query, what the answer is to authorize, and where the owner's browser goes then.

    `redirect` is None for nowhere. `preferences` says that it is a question about preferences
    (`ipse.disclosure.questions`), which wallets answer out of their own profile.
    """

    query: JsonObject
    transaction_data: tuple[JsonObject, ...] = ()
    redirect: str | None = None
    preferences: bool = False


@dataclass(frozen=True, slots=True)
class Requests:
    """Makes sessions and their request objects.

    - `lifetime`: for how long a session can be answered
    - `now`: the time, aware
    - `verifier_info`: what others say of the verifier, such as a registration certificate (section 5.1)
    """

    client: RequestingClient
    addresses: Addresses
    mode: ResponseMode
    lifetime: timedelta
    now: Callable[[], datetime]
    verifier_info: tuple[JsonObject, ...] = ()

    def session(self, asked: Asked) -> Session:
        """A new session. Raises MalformedInput, Undetermined for what no wallet could answer."""
        issued = self.now().replace(microsecond=0)
        expires = issued + self.lifetime
        encrypted = self.mode == "direct_post.jwt"
        session = Session(
            expires=expires.timestamp(),
            request={
                "query": asked.query,
                "transaction_data": [*asked.transaction_data],
                "preferences": asked.preferences,
                "issued": to_numeric_date(issued),
                "expires": to_numeric_date(expires),
            },
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            key=encryption.new_key(secrets.token_urlsafe(8)) if encrypted else None,
        )
        self._build(self.client, session)  # raises for a query that no wallet could answer
        return replace(session, redirect=asked.redirect)

    def object_for(self, session: Session, form: Mapping[str, str] | None = None) -> str:
        """The request object of a session; `form` are the fields of a wallet that posted.

        Its `wallet_nonce` is repeated, and with keys in its `wallet_metadata` the object is encrypted to one
        of them (section 5.10). Raises Refused for a form that can't be understood.
        """
        form = form or {}
        nonce = form.get("wallet_nonce")
        if nonce is not None and len(nonce) > _MAX_WALLET_NONCE:
            raise Refused(400, f"the wallet_nonce is longer than {_MAX_WALLET_NONCE} characters")
        signed = self._build(self.client, session, wallet_nonce=nonce)
        assert isinstance(signed, str)
        metadata = form.get("wallet_metadata")
        return signed if metadata is None else _encrypted(signed, _read_metadata(metadata))

    def asked(self, session: Session) -> AuthorizationRequest:
        """What a session asks for, as it was sent. It is our own: nothing proves it."""
        claims = self._build(replace(self.client, signer=None, proof=NoProof()), session)
        assert isinstance(claims, dict)
        identifier = parse_client_id(self.client.client_id)
        return read_claims(claims, Client(identifier, NoProof()), "")

    def _build(
        self, client: RequestingClient, session: Session, *, wallet_nonce: str | None = None
    ) -> JsonObject | str:
        given = session.request
        return building.build_request(
            client,
            query=given["query"],
            nonce=session.nonce,
            reply_to=self.addresses.response_uri(session.request_id),
            response_mode=self.mode,
            state=session.state,
            client_metadata=building.build_client_metadata(
                keys=() if session.key is None else (session.key,), vp_formats=VP_FORMATS
            ),
            transaction_data=given["transaction_data"],
            verifier_info=self.verifier_info,
            wallet_nonce=wallet_nonce,
            issued=at_seconds(given["issued"]),
            expires=at_seconds(given["expires"]),
        )


def purpose_data(query: JsonObject, purpose: Json, retention: Json) -> JsonObject:
    """The transaction data that states what the credentials of a DCQL query are asked for, and kept how long.

    `retention` is in seconds, None for unsaid. The keys of the credentials sign it, which those of SD-JWT VCs
    alone can. Raises MalformedInput for what no wallet reads, and for a query whose answer has no such key.
    """
    asked = parse_query(query).credentials
    ids = [each.id for each in asked if each.require_holder_binding and each.format == SD_JWT_VC]
    if not ids:
        raise MalformedInput(
            "a purpose is signed by the holder of an SD-JWT VC, and none with holder binding is asked for"
        )
    return purposes.build(purpose, retention, ids)


def _read_metadata(text: str) -> JsonObject:
    try:
        return strict_json.parse_object(text, what="wallet_metadata")
    except IpseError as error:
        raise Refused(400, "wallet_metadata is not a JSON object") from error


def _encrypted(signed: str, metadata: JsonObject) -> str:
    """The signed request object, encrypted where the wallet has sent keys for that.

    Raises Refused where none of them can be used.
    """
    keys = metadata.get("jwks")
    if keys is None:
        return signed
    listed = keys.get("keys") if isinstance(keys, dict) else None
    values = metadata.get("request_object_encryption_enc_values_supported", [encryption.ENCODINGS[-1]])
    enc = next((name for name in encryption.ENCODINGS if isinstance(values, list) and name in values), None)
    for key in listed if isinstance(listed, list) else ():
        if enc is None or not isinstance(key, dict) or not _for_us(key):
            continue
        kid = key.get("kid")
        try:
            return encryption.encrypt(
                signed.encode(), key, enc=enc, kid=kid if isinstance(kid, str) else None, cty=openid4vp.TYPE
            )
        except IpseError:
            continue
    raise Refused(400, f"no key in wallet_metadata is for {encryption.ALGORITHM} on {encryption.CURVE}")


def _for_us(key: JsonObject) -> bool:
    wanted = {"use": "enc", "alg": encryption.ALGORITHM}
    return all(key.get(name, value) == value for name, value in wanted.items())
