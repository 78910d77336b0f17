"""`ipse profile`: what the owner likes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ipse.cli.framework import LazyGroup, application

__all__ = ["app"]


class _Profile(LazyGroup):
    modules: ClassVar[Mapping[str, str]] = {
        "import": "ipse.cli.profile.import_:import_",
        "like": "ipse.cli.profile.teach:like",
        "dislike": "ipse.cli.profile.teach:dislike",
        "add": "ipse.cli.profile.teach:add",
        "feedback": "ipse.cli.profile.teach:feedback",
        "list": "ipse.cli.profile.statements:list_",
        "show": "ipse.cli.profile.statements:show",
        "edit": "ipse.cli.profile.change:edit",
        "supersede": "ipse.cli.profile.change:supersede",
        "forget": "ipse.cli.profile.change:forget",
        "export": "ipse.cli.profile.statements:export",
        "search": "ipse.cli.profile.ask:search",
        "rank": "ipse.cli.profile.ask:rank",
        "interests": "ipse.cli.profile.interests:interests",
        "why": "ipse.cli.profile.interests:why",
        "contradictions": "ipse.cli.profile.interests:contradictions",
        "map": "ipse.cli.profile.picture:map_",
        "stats": "ipse.cli.profile.picture:stats",
        "topics": "ipse.cli.profile.topics",
        "model": "ipse.cli.profile.model",
    }


app = application(
    name="profile", help_text="What you like: taught, searched and ranked at home.", cls=_Profile
)
