"""Verifiers for batches, as a program would bring its own."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from typing import Any

from ipse.credentials.formats import data_integrity
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput, Undetermined
from ipse.wallet.batch.verifying import Verifier
from tests.unit.wallet.batch.jobs import KEY


def by_key(settings: Any, now: datetime) -> Verifier:
    """Verifies what KEY signed; `settings` is shown in the report."""

    def verify(text: str) -> JsonObject:
        secured = strict_json.parse_object(text, what="the credential")
        data_integrity.verify_proof(secured, data_integrity.proof_of(secured), KEY.public())
        return {"settings": settings, "at": now.isoformat(), "outcome": "passed"}

    return verify


def echo(_: Any, __: datetime) -> Verifier:
    """Reports the text that it was given."""
    return lambda text: {"outcome": "passed", "text": text}


def refusing(_: Any, __: datetime) -> Verifier:
    """Can't be prepared."""
    raise Undetermined("the trust list is out of reach", hint="try later")


def buggy(_: Any, __: datetime) -> Verifier:
    """Has a bug that one line shows."""

    def verify(text: str) -> JsonObject:
        if "bug" in text:
            raise ZeroDivisionError
        if "malformed" in text:
            raise MalformedInput("as expected")
        return {"outcome": "passed"}

    return verify


def dying(_: Any, __: datetime) -> Verifier:
    """Is killed by one line."""

    def verify(text: str) -> JsonObject:
        if "kill" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        print("noise on stdout")
        return {"outcome": "passed"}

    return verify
