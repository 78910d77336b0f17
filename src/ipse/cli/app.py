"""Every command of the program, in the order in which help pages list them."""

from __future__ import annotations

from typing import Final

import typer
from typer.core import TyperOption

from ipse import __version__
from ipse.cli.context import context_of
from ipse.cli.framework import Family, Group

__all__ = ["application"]

_DID: Final = Family(
    "Your decentralized identifiers and their keys.",
    {
        "create": "did:create",
        "list": "did:list_",
        "show": "did:show",
        "document": "did:document",
        "resolve": "did:resolve",
        "default": "did:default",
        "rename": "did:rename",
        "rotate": "did:rotate",
        "export": "did:export",
        "import": "did:import_",
        "delete": "did:delete",
    },
)

_VC: Final = Family(
    "Verifiable credentials: issue, verify, keep, present, revoke.",
    {
        "issue": "vc.issue:issue",
        "verify": "vc.verify:verify",
        "lint": "vc.lint:lint",
        "add": "vc.held_credentials:add",
        "list": "vc.held_credentials:list_",
        "show": "vc.held_credentials:show",
        "check": "vc.held_credentials:check",
        "export": "vc.held_credentials:export",
        "delete": "vc.held_credentials:delete",
        "present": "vc.present:present",
        "revoke": "vc.revocation:revoke",
        "suspend": "vc.revocation:suspend",
        "reinstate": "vc.revocation:reinstate",
        "status": Family(
            "Status lists: create, list, publish.",
            {"create": "vc.status:create", "list": "vc.status:list_", "publish": "vc.status:publish"},
        ),
    },
)

_PROFILE: Final = Family(
    "Your preferences: taught, searched and ranked on this machine.",
    {
        "import": "profile.import_:import_",
        "like": "profile.teach:like",
        "dislike": "profile.teach:dislike",
        "add": "profile.teach:add",
        "feedback": "profile.teach:feedback",
        "list": "profile.statements:list_",
        "show": "profile.statements:show",
        "edit": "profile.change:edit",
        "supersede": "profile.change:supersede",
        "forget": "profile.change:forget",
        "export": "profile.statements:export",
        "search": "profile.ask:search",
        "rank": "profile.ask:rank",
        "interests": "profile.interests:interests",
        "why": "profile.interests:why",
        "contradictions": "profile.interests:contradictions",
        "map": "profile.picture:map_",
        "stats": "profile.picture:stats",
        "topics": Family(
            "How much you like each topic.",
            {
                "add": "profile.topics:add",
                "remove": "profile.topics:remove",
                "close": "profile.topics:close",
                "open": "profile.topics:open_",
            },
            alone="profile.topics:list_",
        ),
        "model": Family(
            "The embedding model: list, use, rebuild, fetch.",
            {
                "list": "profile.model:list_",
                "use": "profile.model:use",
                "rebuild": "profile.model:rebuild",
                "fetch": "profile.model:fetch",
            },
        ),
    },
)

_DAPP: Final = Family(
    "Applications: ask, answer with consent, verify; grants and the privacy budget.",
    {
        "request": "dapp.request:request_",
        "answer": "dapp.answer:answer",
        "verify": "dapp.verify:verify",
        "receipt": "dapp.verify:receipt",
        "grant": "dapp.grants:grant",
        "grants": "dapp.grants:grants",
        "revoke": "dapp.grants:revoke",
        "budget": "dapp.budget:budget",
    },
)


def application() -> Group:
    """Build the root of the command line; every other part of it is built when it is used."""
    return Group("ipse", _IPSE, context_settings=_SETTINGS)


def _show_version(ctx: typer.Context, _: TyperOption, value: bool) -> bool:
    if value and not ctx.resilient_parsing:
        context_of(ctx).output.result(f"ipse {__version__}", {"version": __version__})
        raise typer.Exit
    return value


_SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_VERSION: Final = TyperOption(
    param_decls=["--version"],
    is_flag=True,
    default=False,
    help="Print the version.",
    expose_value=False,
    callback=_show_version,
)
_IPSE: Final = Family(
    "A self-sovereign AI identity wallet: your DID keys, your credentials, and a profile of what you like "
    "that answers questions and never leaves.",
    {
        "init": "init:init",
        "status": "status:status",
        "unlock": "unlock:unlock",
        "lock": "unlock:lock",
        "did": _DID,
        "keystore": Family("Where your keys are stored.", {"move": "keystore:move"}),
        "vc": _VC,
        "trust": Family(
            "The trust list: whose credentials you accept, of which types.",
            {"add": "trust:add", "list": "trust:list_", "remove": "trust:remove"},
        ),
        "profile": _PROFILE,
        "dapp": _DAPP,
        "log": Family(
            "The log of every answer that was sent.",
            {
                "list": "log:list_",
                "show": "log:show",
                "verify": "log:verify",
                "accept": "log:accept",
                "export": "log:export",
                "receipts": "log:receipts",
            },
        ),
    },
    epilog="Examples: `ipse init`, `ME=$(ipse did create --name me)`, `ipse vc verify FILE --issuer DID`, "
    '`ipse profile like "quiet novels about the sea"`, `ipse dapp answer request.json`',
    options=(_VERSION,),
)
