"""`ipse profile`: what the owner likes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ipse.cli.framework import LazyGroup, application

__all__ = ["app"]


class _Profile(LazyGroup):
    modules: ClassVar[Mapping[str, str]] = {
        "import": "ipse.cli.commands.profile.import_:import_",
        "like": "ipse.cli.commands.profile.teach:like",
        "dislike": "ipse.cli.commands.profile.teach:dislike",
        "add": "ipse.cli.commands.profile.teach:add",
        "feedback": "ipse.cli.commands.profile.teach:feedback",
        "list": "ipse.cli.commands.profile.statements:list_",
        "show": "ipse.cli.commands.profile.statements:show",
        "edit": "ipse.cli.commands.profile.change:edit",
        "supersede": "ipse.cli.commands.profile.change:supersede",
        "forget": "ipse.cli.commands.profile.change:forget",
        "export": "ipse.cli.commands.profile.statements:export",
        "search": "ipse.cli.commands.profile.ask:search",
        "rank": "ipse.cli.commands.profile.ask:rank",
        "interests": "ipse.cli.commands.profile.interests:interests",
        "why": "ipse.cli.commands.profile.interests:why",
        "contradictions": "ipse.cli.commands.profile.interests:contradictions",
        "map": "ipse.cli.commands.profile.picture:map_",
        "stats": "ipse.cli.commands.profile.picture:stats",
        "topics": "ipse.cli.commands.profile.topics",
        "model": "ipse.cli.commands.profile.model",
    }


app = application(
    name="profile", help_text="What you like: taught, searched and ranked at home.", cls=_Profile
)
