"""Topics on the command line: by the published list's identifiers, or by their labels."""

from __future__ import annotations

from ipse.errors import UsageError

__all__ = ["label", "read"]


def label(identifier: str) -> str:
    """What people call the published topic; the identifier where the list has none such."""
    from ipse.preferences import topics

    return next((one.label for one in topics.published().topics if one.id == identifier), identifier)


def read(text: str) -> tuple[str, ...]:
    """The identifiers of topics given as `hiking,Jazz and blues`. Raises UsageError, NotFound."""
    from ipse.preferences import topics

    found = tuple(topics.called(name).id for name in text.split(",") if name.strip())
    if not found:
        raise UsageError("--topics names no topic", hint="give identifiers or labels, separated by commas")
    if len(set(found)) != len(found):
        raise UsageError("--topics names a topic twice", hint="name each once")
    return found
