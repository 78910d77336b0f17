"""OpenID4VP 1.0: authorization requests and the answers to them, as values. The caller fetches and sends."""

from ipse.protocols.openid4vp.requests import (
    LEEWAY,
    TYPE,
    WALLET,
    AuthorizationRequest,
    RequestSigner,
    TransactionData,
    build_request,
    check_time,
    origin_of,
    parse_request,
    party_of,
)

__all__ = [
    "LEEWAY",
    "TYPE",
    "WALLET",
    "AuthorizationRequest",
    "RequestSigner",
    "TransactionData",
    "build_request",
    "check_time",
    "origin_of",
    "parse_request",
    "party_of",
]
