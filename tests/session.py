"""The session at a terminal that docs/session.md shows: played again, and compared, or written anew.

`python -m tests.session` writes what the commands say today into the page. A block of `console background` is a
command that stays: it is started, and the page shows some of its lines, the last of which says that it is ready.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.cloud import ROOT
from tests.local.processes import ended

PAGE = ROOT / "docs" / "session.md"
BLOCK = re.compile(r"^```console( background)?\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
END = "-- ended with"
PATIENCE = 240.0  # seconds until what stays is ready
# What is another each time; lines of boxes are as long as what is in them.
VARYING: tuple[tuple[str, str], ...] = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)", "TIME"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\b[0-9a-f]{24}\b|\b[0-9a-fA-F]{13}\b|\b[0-9a-f]{8}\b", "HASH"),
    (r"(report_id|bytes|looks|wakes) \d+", r"\1 N"),
    (r"\b\d+ (s|min) ago\b|\bnow\b", "AGO"),
    (r"\b\d+\.\d s\b", "N s"),
    (r"within \d+ s", "within N s"),
    (r"(?m)^ringing: .*$", ""),  # it depends on where in its quarter of an hour the alarm's period stands
    (r"[━─]+", "─"),
    (r" +", " "),
)


@dataclass
class Said:
    """A command of the page, and what it says."""

    command: str
    output: str = ""


@dataclass
class Block:
    """A block of the page."""

    background: bool
    said: list[Said] = field(default_factory=list)

    @property
    def text(self) -> str:
        """As it stands in the page."""
        body = "".join(f"$ {one.command}\n{one.output}" for one in self.said)
        return f"```console{' background' if self.background else ''}\n{body}```\n"


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    return [_block(bool(found[1]), found[2]) for found in BLOCK.finditer(page)]


def _block(background: bool, text: str) -> Block:
    made = Block(background)
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            made.said.append(Said(line[2:].rstrip("\n")))
        else:
            made.said[-1].output += line
    return made


def varied(text: str) -> str:
    """A text without what is another each time."""
    for pattern, by in VARYING:
        text = re.sub(pattern, by, text)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def play(page: str, log: Path) -> Iterator[tuple[Said, str]]:
    """Each command of the page in front, and what it says now; those in the background end with this."""
    with ExitStack() as stack, _shell() as run:
        for number, block in enumerate(blocks(page)):
            for said in block.said:
                if block.background:
                    stack.enter_context(_staying(said, log / f"{number}.log"))
                else:
                    yield said, run(said.command)


@contextmanager
def _shell() -> Iterator[Callable[[str], str]]:
    """One shell for all commands, so that what one sets the next one has."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        ["bash", "--norc", "--noprofile"], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT,
        text=True, cwd=ROOT, env=_environment(), start_new_session=True,
    ) as shell, ended(shell):  # fmt: skip

        def run(command: str) -> str:
            assert shell.stdin and shell.stdout
            shell.stdin.write(f"{command}\nprintf '\\n%s %d\\n' '{END}' $?\n")
            shell.stdin.flush()
            return _said(shell.stdout)

        yield run


def _said(lines: Iterable[str]) -> str:
    """What came up to the line that tells the status, which is told where it is not 0."""
    said = ""
    for line in lines:
        if line.startswith(END):
            text = said.strip("\n")
            status = line.removeprefix(END).strip()
            told = "" if status == "0" else f"(exit status {status})"
            return "".join(f"{one.rstrip()}\n" for one in [*text.splitlines(), *filter(None, [told])])
        said += line
    raise AssertionError(f"the shell has ended:\n{said}")


@contextmanager
def _staying(said: Said, log: Path) -> Iterator[None]:
    """A command that stays up; ready when it has said the last line of the page."""
    wanted = [varied(line) for line in said.output.splitlines() if line.strip() and line.strip() != "..."]
    with log.open("w") as out, subprocess.Popen(
        ["bash", "-c", f"exec {said.command}"], stdout=out, stderr=subprocess.STDOUT, cwd=ROOT, env=_environment(),
        stdin=subprocess.DEVNULL, start_new_session=True,
    ) as process, ended(process):  # fmt: skip
        _await(process, log, wanted)
        yield


def _await(process: "subprocess.Popen[bytes]", log: Path, wanted: list[str]) -> None:
    """Until the lines stand in the log, in their order."""
    until = time.monotonic() + PATIENCE
    while not _has(log, wanted):
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"it did not say {wanted}:\n{log.read_text()}")
        time.sleep(0.2)


def _has(log: Path, wanted: list[str]) -> bool:
    lines = iter(varied(log.read_text()).splitlines())
    return all(one in lines for one in wanted)


def _environment() -> dict[str, str]:
    """This one, with the tools of the project first, without any AWS, and as wide as a page."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return kept | {"PATH": path, "COLUMNS": "110", "PYTHONUNBUFFERED": "1"}


def main() -> None:
    """Write the page anew."""
    log = ROOT / "build" / "session"
    log.mkdir(parents=True, exist_ok=True)
    page = PAGE.read_text("utf-8")
    made = iter([said for _, said in play(page, log)])

    def renewed(found: re.Match[str]) -> str:
        block = _block(bool(found[1]), found[2])
        for one in [] if block.background else block.said:
            one.output = next(made)
        return block.text

    PAGE.write_text(BLOCK.sub(renewed, page), "utf-8")


if __name__ == "__main__":
    main()
