"""Formats, levels and methods are known by their protocols, the command line goes through the wallet, names
need no aliases."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipse.credentials import formats
from ipse.credentials.formats.format import Format
from ipse.disclosure import levels, methods
from ipse.disclosure.levels.level import Level

SOURCE = Path(__file__).parents[2] / "src" / "ipse"
_FORMATS = SOURCE / "credentials" / "formats"
_OUTSIDE = sorted(path for path in SOURCE.rglob("*.py") if not path.is_relative_to(_FORMATS))
_LEVELS = SOURCE / "disclosure" / "levels"
_OUTSIDE_LEVELS = sorted(path for path in SOURCE.rglob("*.py") if not path.is_relative_to(_LEVELS))
_ABOUT_DISCLOSURE = ("disclosure/", "wallet/disclosure/", "wallet/api/disclosure.py", "cli/commands/dapp/")
"""Where a text that is a level's name means the level."""
_METHODS = SOURCE / "disclosure" / "methods"
_OUTSIDE_METHODS = sorted(path for path in SOURCE.rglob("*.py") if not path.is_relative_to(_METHODS))
_ABOUT_METHODS = (*_ABOUT_DISCLOSURE, "cli/commands/log.py")
"""Where a text that is a method's name means the method, and not how sensitive a statement is."""
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


def _holds_level(node: ast.AST | None, constants: frozenset[str] = frozenset()) -> bool:
    """Whether a value is a level's name, a collection with one, or a constant that is either."""
    match node:
        case ast.Constant(str(value)):
            return value in levels.NAMES
        case ast.Tuple(elts) | ast.List(elts) | ast.Set(elts):
            return any(_holds_level(element, constants) for element in elts)
        case ast.Dict(keys):
            return any(_holds_level(key, constants) for key in keys)
        case ast.Call(ast.Name("frozenset" | "set" | "tuple"), arguments):
            return any(_holds_level(argument, constants) for argument in arguments)
        case ast.Name(name):
            return name in constants
    return False


def _level_constants(tree: ast.Module) -> frozenset[str]:
    """The constants of a module that hold a level's name."""
    found = set()
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, value):
                if _holds_level(value):
                    found.add(name)
    return frozenset(found)


def _level_decisions(tree: ast.Module) -> Iterator[int]:
    """The lines where code does one thing or another by the name of a level."""
    constants = _level_constants(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left, _, comparators):
                if any(_holds_level(operand, constants) for operand in (left, *comparators)):
                    yield node.lineno
            case ast.MatchValue(value) if _holds_level(value, constants):
                yield node.lineno


def _level_names(tree: ast.Module) -> Iterator[int]:
    """The lines with a text that is a level's name."""
    return (node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and _holds_level(node))


def _level_imports(tree: ast.Module) -> Iterator[int]:
    """The lines that import the module of a level, whose class could then be asked for."""
    package = levels.__name__
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            imported = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        else:
            continue
        if any(name == f"{package}.{level}" for name in imported for level in levels.NAMES):
            yield node.lineno


@pytest.mark.parametrize("path", _OUTSIDE_LEVELS, ids=_names)
def test_no_code_outside_the_levels_decides_by_the_name_or_class_of_one(path: Path) -> None:
    tree = ast.parse(path.read_text())
    lines = [*_level_decisions(tree), *_level_imports(tree)]
    if _names(path).startswith(_ABOUT_DISCLOSURE):
        lines += _level_names(tree)
    assert lines == [], f"{_names(path)} knows a disclosure level by more than its protocol"


def test_the_search_for_decisions_by_a_level_finds_them() -> None:
    for code in (
        'a == "choose"',
        '"bands" != a.level',
        'a.level in ("x", "topics")',
        'a in frozenset({"statements"})',
        'X = "statements"\na == X',
        'X: Final = frozenset({"topics"})\na in X',
        'X: Final = {"choose": 1}\na not in X',
        'match a:\n    case "choose" | "bands": pass',
    ):
        assert list(_level_decisions(ast.parse(code))), code
    for code in ('grant(level="choose")', '{"statements": 1}', 'a["topics"]', '"choose pears" == a'):
        assert not list(_level_decisions(ast.parse(code))), code
    for code in ('{"choose": 1}', 'a["bands"]', 'X = "topics"'):
        assert list(_level_names(ast.parse(code))), code
    for code in (
        f"import {levels.__name__}.choose",
        f"from {levels.__name__} import bands",
        f"def f():\n    from {levels.__name__}.topics import Topics",
    ):
        assert list(_level_imports(ast.parse(code))), code
    assert not list(_level_imports(ast.parse(f"from {levels.__name__} import named")))


def _is_method(node: ast.AST | None) -> bool:
    """Whether a value is a method's constant, or a collection with one."""
    match node:
        case ast.Attribute(ast.Name("methods"), "OWNER" | "PRIVATE" | "NAMES"):
            return True
        case ast.Subscript(inner):
            return _is_method(inner)
        case ast.Name("OWNER" | "PRIVATE"):
            return True
        case ast.Tuple(elts) | ast.List(elts) | ast.Set(elts):
            return any(map(_is_method, elts))
        case ast.Call(ast.Name("frozenset" | "set" | "tuple"), arguments):
            return any(map(_is_method, arguments))
    return False


def _is_method_name(node: ast.AST | None) -> bool:
    """Whether a value is a method's name as a text, or a collection with one."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return any(map(_is_method_name, node.elts))
    return isinstance(node, ast.Constant) and node.value in methods.NAMES


def _method_decisions(tree: ast.Module, known: Callable[[ast.AST | None], bool]) -> Iterator[int]:
    """The lines where code does one thing or another by what is `known` as a method."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left, _, comparators) if any(map(known, (left, *comparators))):
                yield node.lineno
            case ast.MatchValue(value) if known(value):
                yield node.lineno
            case ast.Dict(keys) if any(map(known, keys)):
                yield node.lineno
            case ast.Subscript(_, index) if known(index):
                yield node.lineno


@pytest.mark.parametrize("path", _OUTSIDE_METHODS, ids=_names)
def test_no_code_outside_the_methods_decides_by_the_name_of_one(path: Path) -> None:
    tree = ast.parse(path.read_text())
    lines = [*_method_decisions(tree, _is_method)]
    if _names(path).startswith(_ABOUT_METHODS):
        lines += _method_decisions(tree, _is_method_name)
    assert lines == [], f"{_names(path)} compares with the name of a method"


def test_the_search_for_decisions_by_a_method_finds_them() -> None:
    for code in (
        "a == methods.OWNER",
        "methods.PRIVATE != a",
        "a in (methods.OWNER, methods.PRIVATE)",
        "a in frozenset({methods.OWNER})",
        "a == methods.NAMES[0]",
        "a == PRIVATE",
        "{methods.OWNER: 1}",
        "a[methods.PRIVATE]",
        'match a:\n    case {"method": methods.OWNER}: pass',
    ):
        assert list(_method_decisions(ast.parse(code), _is_method)), code
    for code in ('a == "owner"', '"private" != a.method', 'a in ("x", "private")', '{"owner": 1}'):
        assert list(_method_decisions(ast.parse(code), _is_method_name)), code
    for code in ("Draft(a, methods.PRIVATE)", 'x = "owner"', '{"consent": "owner"}'):
        for known in (_is_method, _is_method_name):
            assert not list(_method_decisions(ast.parse(code), known)), code


@pytest.mark.parametrize("name", methods.NAMES)
def test_every_method_has_a_module_of_its_name(name: str) -> None:
    assert (_METHODS / f"{name}.py").is_file()
    assert len(methods.NAMES) == len(list(_METHODS.glob("*.py"))) - 1


def test_every_module_with_a_level_is_one_of_the_five_that_there_are() -> None:
    assert levels.NAMES == ("choose", "order", "bands", "topics", "statements")
    with_level = {path.stem for path in _LEVELS.glob("*.py") if "\nLEVEL: " in path.read_text()}
    assert with_level == set(levels.NAMES)


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


@pytest.mark.parametrize("name", levels.NAMES)
def test_every_level_has_all_of_the_protocol(name: str) -> None:
    level = levels.named(name)
    assert level.name == name
    members = [member for member in {**vars(Level), **Level.__annotations__} if not member.startswith("_")]
    assert len(members) > 20
    for member in members:
        assert hasattr(level, member), member
        stated, made = getattr(Level, member, None), getattr(level, member)
        if inspect.isfunction(stated):
            parameters = list(inspect.signature(stated).parameters)[1:]
            assert list(inspect.signature(made).parameters) == parameters, member
