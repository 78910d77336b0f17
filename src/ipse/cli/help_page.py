"""The help page of a command: what it does, its own options, and examples."""

from __future__ import annotations

import shutil
from typing import Any, Final

from typer._click.formatting import HelpFormatter

from ipse.cli.lines import fitted

__all__ = ["HelpPage", "page_width"]

_WIDEST: Final = 100
_NARROWEST: Final = 20
_FIRST_COLUMN: Final = 30
_MORE: Final = "`ipse help options` lists the options that every command takes."


def page_width() -> int:
    """Columns of a help page: those of the terminal, at most 100."""
    return max(_NARROWEST, min(shutil.get_terminal_size().columns, _WIDEST))


class _Formatter(HelpFormatter):
    """Writes lists whose first column leaves room for the second one."""

    def write_dl(self, rows: Any, col_max: int = _FIRST_COLUMN, col_spacing: int = 2) -> None:
        super().write_dl(rows, min(col_max, self.width * 2 // 5), col_spacing)


class HelpPage:
    """Gives a command its page. Mixed into the parser's own classes."""

    def get_help(self, ctx: Any) -> str:
        """Return the page, no line wider than the terminal."""
        width = page_width()
        formatter = _Formatter(width=width - 2)
        self.format_help(ctx, formatter)  # type: ignore[attr-defined] # the other base has it
        return "\n".join(fitted(formatter.getvalue().rstrip("\n"), width))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name; braces are left around alternatives alone."""
        pieces: list[str] = super().collect_usage_pieces(ctx)  # type: ignore[misc] # the other base has it
        return [piece if "|" in piece else piece.removeprefix("{").removesuffix("}") for piece in pieces]

    def format_epilog(self, ctx: Any, formatter: HelpFormatter) -> None:
        """Write the examples, and where the options are that every command takes."""
        from ipse.cli.examples import EXAMPLES

        path = tuple(ctx.command_path.split()[1:])
        if examples := EXAMPLES.get(" ".join(path), ()):
            with formatter.section("Examples"):
                for example in examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
        formatter.write_paragraph()
        formatter.write(_MORE + "\n")
