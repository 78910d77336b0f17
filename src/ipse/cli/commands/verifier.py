"""`ipse verifier serve`: asks wallets over OpenID4VP, and verifies what they answer."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ipse.cli import params
from ipse.cli.commands.vc.rendering import Reader, render
from ipse.cli.completion import complete_did
from ipse.cli.context import Context, context_of
from ipse.cli.params import AllowLoopback, CaFile, ContextFiles, SchemaFiles
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import ConsentRefused, Undetermined, UsageError, VerificationFailed

if TYPE_CHECKING:
    from ipse.credentials.policy import Policy
    from ipse.protocols.openid4vp.building import RequestingClient
    from ipse.servers.verifier.addresses import Addresses
    from ipse.servers.verifier.outcomes import Outcome
    from ipse.servers.verifier.requests import Requests
    from ipse.servers.verifier.serving import ApiAccess, Door, VerifierServer
    from ipse.servers.verifier.sessions import Session, Sessions
    from ipse.servers.verifier.start import Material
    from ipse.wallet.verifier import Lookup
