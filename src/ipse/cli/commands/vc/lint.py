"""`ipse vc lint`: checks a credential or presentation before it is signed."""

from __future__ import annotations

import typer

from ipse.cli import params
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.cli.params import ContextFiles, File, contexts
from ipse.errors import MalformedInput

__all__ = ["lint"]


def lint(ctx: typer.Context, file: File, context_files: ContextFiles = None) -> None:
    """Check an unsigned credential against the data model."""
    from ipse.credentials import json_ld
    from ipse.credentials.model.lint import lint as look_for_faults
    from ipse.wallet.clock import new_budget

    context = context_of(ctx)
    known = contexts(context_files) or json_ld.known()
    found = look_for_faults(params.read_object(file), known, budget=new_budget())
    lines = [f"broken: {printable(str(violation))}" for violation in found.violations]
    lines += [f"warning: {printable(str(warning))}" for warning in found.warnings]
    context.output.result(
        "\n".join(lines or [f"a {found.kind} that breaks no rule"]),
        {
            "kind": found.kind,
            "violations": [
                {"pointer": violation.pointer, "rule": violation.rule} for violation in found.violations
            ],
            "warnings": [str(warning) for warning in found.warnings],
        },
    )
    for violation in found.violations:
        raise MalformedInput(f"not a {found.kind}: {violation}", hint="this is a rule of the VC data model")
