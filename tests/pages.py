"""What the documents show: their blocks of code, the rest of their text, their headings and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
# Every document of the project, those of its folders too; what others wrote and what was built is not ours.
PAGES = sorted(
    [path for folder in (".", "docs", ".github", "benchmarks/script") for path in (ROOT / folder).glob("*.md")]
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the last line before it that says something, and its text."""

    language: str
    before: str
    text: str


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    before, opened, held = "", None, list[str]()
    for line in page.splitlines():
        if not line.lstrip().startswith("```"):
            if opened is not None:
                held.append(line)
            elif line.strip():
                before = line
        elif opened is None:
            opened, held = line.strip().removeprefix("```"), []
        else:
            yield Block(opened, before, "\n".join(held) + "\n")
            opened = None


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", page, flags=re.MULTILINE | re.DOTALL)


def anchors(page: str) -> set[str]:
    """What a link may name in a page: its headings as GitHub spells them."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def links(page: str) -> list[str]:
    """Where a page's links lead."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def spans(page: str) -> list[str]:
    """What stands in backticks in the text, a span that goes over a line's end as one line."""
    return [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", prose(page))]


def shown(page: str) -> Iterator[str]:
    """Every command that a page may show: a line of a block, or a span of its text."""
    for block in blocks(page):
        yield from (line.strip().removeprefix("$ ") for line in block.text.replace("\\\n", " ").splitlines())
    yield from spans(page)


def called(at: click.Command, words: list[str]) -> tuple[click.Command, list[str]] | None:
    """The command that a line calls, and what stands behind its name; None of a placeholder, such as COMMAND."""
    rest = list(words)
    while isinstance(at, click.Group) and rest and not rest[0].startswith("-"):
        word = rest.pop(0)
        if not re.fullmatch(r"[a-z]+", word):
            return None
        found = at.get_command(click.Context(at), word)
        assert found, f"{at.name} has no {word}"
        at = found
    return at, rest


def known(at: click.Command, words: list[str]) -> None:
    """Every option of a command line is one of the command that it calls."""
    if not (found := called(at, words)):
        return
    at, rest = found
    options = {one for param in at.params for one in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    assert {word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)} <= options, words


def lacking(at: click.Command, rest: list[str]) -> set[str]:
    """What a command demands and a line does not give; a value, such as EXPORT, is taken for what it stands for."""
    context = click.Context(at, resilient_parsing=True)
    given, _, _ = at.make_parser(context).parse_args(list(rest))
    told = {name for name, value in given.items() if value not in (None, ())}
    return {str(param.name) for param in at.params if param.required} - told
