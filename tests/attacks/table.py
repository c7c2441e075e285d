"""The table of the attacks that were tried, made from the tests: the name is the attack, the docstring what happens."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "security.md"
BEGIN, END = "<!-- attacks: python -m tests.attacks -->\n", "<!-- end of attacks -->\n"


@dataclass(frozen=True)
class Area:
    """One file of attacks: what it is about, and each attack with what happens."""

    file: str
    about: str
    attacks: dict[str, str]


def areas() -> Iterator[Area]:
    """In the order of their files' names."""
    for path in sorted(HERE.glob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        tests = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")]
        yield Area(path.name, _told(tree), {one.name: _told(one) for one in tests})


def text() -> str:
    """A heading and a table for each area."""
    return "\n".join(_area(area) for area in areas())


def renewed(page: str) -> str:
    """The page with the table of today."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{text()}\n{END}{rest.partition(END)[2]}"


def _area(area: Area) -> str:
    rows = [f"| {_words(name)} | {told} |" for name, told in area.attacks.items()]
    head = f"### `tests/attacks/{area.file}`\n{area.about}\n"
    return "\n".join([head, "| the attack, and its test's name | what happens |", "|---|---|", *rows]) + "\n"


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _told(node: ast.FunctionDef | ast.Module) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
