"""OpenID4VP 1.0: authorization requests and the answers to them, as values. The caller fetches and sends."""

from ipse.protocols.openid4vp.application_requests import build_request
from ipse.protocols.openid4vp.authorization_request import (
    LEEWAY,
    AuthorizationRequest,
    CertificateProof,
    Client,
    DidProof,
    NoProof,
    Proof,
    VerifierAttestation,
    check_time,
)
from ipse.protocols.openid4vp.building import RequestSigner
from ipse.protocols.openid4vp.client_identifiers import ClientIdentifier, parse_client_id
from ipse.protocols.openid4vp.client_metadata import ClientMetadata
from ipse.protocols.openid4vp.links import Invitation, parse_link
from ipse.protocols.openid4vp.refusals import Encryption, ReplyAddress
from ipse.protocols.openid4vp.request_objects import TYPE
from ipse.protocols.openid4vp.requests import WALLET, parse_request
from ipse.protocols.openid4vp.responses import Reply, Response, build_error, build_response, read_response
from ipse.protocols.openid4vp.transaction_data import TransactionData
from ipse.protocols.parties import origin_of, party_of

__all__ = [
    "LEEWAY",
    "TYPE",
    "WALLET",
    "AuthorizationRequest",
    "CertificateProof",
    "Client",
    "ClientIdentifier",
    "ClientMetadata",
    "DidProof",
    "Encryption",
    "Invitation",
    "NoProof",
    "Proof",
    "Reply",
    "ReplyAddress",
    "RequestSigner",
    "Response",
    "TransactionData",
    "VerifierAttestation",
    "build_error",
    "build_request",
    "build_response",
    "check_time",
    "origin_of",
    "parse_client_id",
    "parse_link",
    "parse_request",
    "party_of",
    "read_response",
]
