"""The commands of the program, and how they are built: families, and the options that every command takes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from ipse import __version__
from ipse.cli.common_options import common_options
from ipse.cli.context import context_of
from ipse.cli.help_page import HelpPage

__all__ = ["Command", "Family", "Group", "application", "given_flags"]

_DELETES: Final = frozenset({"delete", "remove", "rm"})
"""Names that every family takes for its one command that deletes what the family is about."""

_COMMANDS: Final = "ipse.cli.commands."


@dataclass(frozen=True, slots=True)
class Family:
    """Commands under one name.

    `commands` maps each command's name to the function behind it, as "module:function" under
    ipse.cli.commands, or to another family. The module is imported when that very command is used, or
    listed in a help page. `deleting` is the command that `delete`, `remove` and `rm` mean. `alone` is the
    function that the family's name runs without a command, with options of its own, or where it is; without
    it the name alone prints its help.
    """

    help: str
    commands: Mapping[str, str | Family]
    deleting: str = "delete"
    alone: str | Callable[..., None] = ""
    options: Sequence[TyperOption] = field(default=())


class Command(HelpPage, TyperCommand):
    """A command with the common options after its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(common_options())


class Group(HelpPage, TyperGroup):
    """A family as the parser knows it."""

    def __init__(self, name: str, family: Family, **kwargs: Any) -> None:
        alone = _command(name, family.alone) if family.alone else None
        super().__init__(
            name=name,
            help=family.help,
            callback=alone.callback if alone else None,
            params=[*family.options, *(alone.params if alone else common_options())],
            invoke_without_command=alone is not None,
            no_args_is_help=alone is None,
            rich_markup_mode=None,
            **kwargs,
        )
        self._family = family

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is the base class's
        """Return the names in the order in which they are declared."""
        return list(self._family.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Command | Group | None:  # noqa: ARG002 - as above
        """Import and build a command by name. Returns None if there is no such command."""
        if cmd_name in _DELETES:
            cmd_name = self._family.deleting
        declared = self._family.commands.get(cmd_name)
        if declared is None:
            return None
        return Group(cmd_name, declared) if isinstance(declared, Family) else _command(cmd_name, declared)


def given_flags(root: Group, arguments: Sequence[str]) -> frozenset[str]:
    """Return the names of the flags among `arguments` ("json", "debug"), as the parser reads them.

    Works for arguments that the parser refuses: options that it does not know are skipped, and after a
    name that is no command only the common options are read.
    """
    command: Command | Group | None = root
    rest, names = list(arguments), set[str]()
    while command is not None:
        ctx = typer.Context(command, ignore_unknown_options=True, resilient_parsing=True)
        values, rest, _ = command.make_parser(ctx).parse_args(rest)
        names |= {name for name, value in values.items() if value is True}
        if not isinstance(command, Group) or not rest:
            break
        name, *rest = rest
        command = command.get_command(ctx, name) or Command(name, rich_markup_mode=None)
    return frozenset(names)


def _command(name: str, place: str | Callable[..., None]) -> Command:
    """Build the command `name` from a function, or from the one at `place`, "module:function"."""
    if isinstance(place, str):
        module, _, attribute = place.partition(":")
        place = getattr(importlib.import_module(_COMMANDS + module), attribute)
        assert callable(place)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, cls=Command)(place)
    command = get_command(alone)
    assert isinstance(command, Command)
    return command


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
        "holder-key": "vc.holder_key:holder_key",
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
                "delete": "profile.topics:delete",
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
    deleting="forget",
)

_DAPP: Final = Family(
    "Applications: ask, answer, verify, withdraw, grant.",
    {
        "request": "dapp.request:request_",
        "answer": "answer:answer",
        "verify": "dapp.verify:verify",
        "receipt": "dapp.verify:receipt",
        "withdraw": "dapp.withdraw:withdraw",
        "reply": "dapp.reply:reply",
        "grant": "dapp.grants:grant",
        "grants": "dapp.grants:grants",
        "revoke": "dapp.grants:revoke",
        "summary": Family(
            "What applications are told from under grants.",
            {"renew": "dapp.summary:renew"},
            alone="dapp.summary:summary",
        ),
        "exposure": "dapp.exposure:exposure",
        "date": "dapp.date:date",
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


def _home(ctx: typer.Context) -> None:
    """Show what is in the wallet, and what one does next."""
    if ctx.invoked_subcommand is None:
        from ipse.cli.commands.home import home

        home(ctx)


_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}
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
        "doctor": "doctor:doctor",
        "unlock": "unlock:unlock",
        "lock": "unlock:lock",
        "did": _DID,
        "keystore": Family(
            "Where your keys are stored.", {"move": "keystore:move", "passphrase": "keystore:passphrase"}
        ),
        "backup": Family(
            "One encrypted file that holds the wallet.",
            {"create": "backup:create", "verify": "backup:verify", "restore": "backup:restore"},
        ),
        "vc": _VC,
        "answer": "answer:answer",
        "trust": Family(
            "The trust list: whose credentials you accept, of which types.",
            {"add": "trust:add", "list": "trust:list_", "delete": "trust:delete"},
        ),
        "profile": _PROFILE,
        "dapp": _DAPP,
        "verifier": Family(
            "Asking wallets over OpenID4VP, and verifying what they answer.",
            {"serve": "verifier.serve:serve"},
        ),
        "handler": Family(
            "Links in the browser that open ipse in a terminal.",
            {"install": "handler:install", "remove": "handler:remove", "open": "handler:open_"},
            deleting="remove",
        ),
        "wipe": "wipe:wipe",
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
        "completion": "completion_script:completion",
        "help": "help:help_",
    },
    alone=_home,
    options=(_VERSION,),
)
