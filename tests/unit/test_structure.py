"""Formats are known by their protocol, the command line goes through the wallet, names need no aliases."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.credentials import formats
from ipse.credentials.formats.format import Format

SOURCE = Path(__file__).parents[2] / "src" / "ipse"
_FORMATS = SOURCE / "credentials" / "formats"
_OUTSIDE = sorted(path for path in SOURCE.rglob("*.py") if not path.is_relative_to(_FORMATS))
_MODULES = sorted(SOURCE.rglob("*.py"))
_MOST_ALIASES = 5


def _names(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def _is_format_name(node: ast.AST | None) -> bool:
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return any(map(_is_format_name, node.elts))
    return isinstance(node, ast.Constant) and node.value in formats.NAMES


def _decides(node: ast.AST) -> bool:
    """Whether code does one thing or another here by the name of a format."""
    match node:
        case ast.Compare(left, _, comparators):
            return any(map(_is_format_name, (left, *comparators)))
        case ast.MatchValue(value):
            return _is_format_name(value)
        case ast.Dict(keys):
            return any(map(_is_format_name, keys))
        case ast.Subscript(ast.Name("Literal")):
            return False
        case ast.Subscript(_, index):
            return _is_format_name(index)
    return False


def _decisions(tree: ast.AST) -> Iterator[ast.AST]:
    return filter(_decides, ast.walk(tree))


@pytest.mark.parametrize("path", _OUTSIDE, ids=_names)
def test_no_code_outside_the_formats_decides_by_the_name_of_one(path: Path) -> None:
    lines = [getattr(node, "lineno", 0) for node in _decisions(ast.parse(path.read_text()))]
    assert lines == [], f"{_names(path)} compares with the name of a credential format"


def test_the_search_for_such_decisions_finds_them() -> None:
    for code in (
        'a == "w3c"',
        '"jwt" != a',
        'a in ("x", "sd-jwt")',
        '{"w3c-1.1": 1}',
        'a["w3c"]',
        'match a:\n    case "jwt": pass',
    ):
        assert list(_decisions(ast.parse(code))), code
    assert not list(_decisions(ast.parse('issue("w3c", format="jwt")')))


@pytest.mark.parametrize("path", sorted((SOURCE / "cli").rglob("*.py")), ids=_names)
def test_the_command_line_does_not_import_storage(path: Path) -> None:
    imported: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            imported += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
    assert [name for name in imported if name.startswith("ipse.storage")] == []


def test_modules_of_ipse_are_hardly_ever_imported_under_another_name() -> None:
    modules = {".".join(("ipse", *path.relative_to(SOURCE).with_suffix("").parts)) for path in _MODULES}
    packages = {name.removesuffix(".__init__") for name in modules}
    aliased = [
        f"{_names(path)}:{node.lineno} {node.module}.{alias.name} as {alias.asname}"
        for path in _MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname is not None and f"{node.module}.{alias.name}" in modules | packages
    ]
    assert len(aliased) <= _MOST_ALIASES, "\n".join(aliased)


@pytest.mark.parametrize("name", formats.NAMES)
def test_every_format_has_all_of_the_protocol(name: str) -> None:
    form = formats.named(name)
    assert form.name == name
    members = [member for member in {**vars(Format), **Format.__annotations__} if not member.startswith("_")]
    assert len(members) > 20
    for member in members:
        assert hasattr(form, member), member
        stated, made = getattr(Format, member, None), getattr(form, member)
        if inspect.isfunction(stated):
            parameters = list(inspect.signature(stated).parameters)[1:]
            assert list(inspect.signature(made).parameters) == parameters, member
