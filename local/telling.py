"""What is asked of the simulated vendors, and by them, in lines that hold neither a key nor a number."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from local.vendors import Simulator

# Of a path that somebody made up: what could be a key or a number. A UUID is neither, and matches first.
MASKED = re.compile(r"(\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)|(?=[\w-]*\d)[\w-]{16,}|\d{7,}")


@dataclass
class Log:
    """What was asked of the vendors, and by them, each told once."""

    playing: Sequence[Simulator]
    _told: dict[tuple[str, str], int] = field(default_factory=dict)

    def news(self) -> Iterator[str]:
        """Method, path without its query, status; neither a key nor a number."""
        for one in self.playing:
            for kind, lines in (
                ("api", [(asked.method, asked.path, asked.status) for asked in one.requests]),
                ("file", [("GET", f"/{path}", status) for path, status in one.files.served]),
                ("callback", [("calls back for", call.export, call.status) for call in one.callbacks]),
            ):
                for verb, what, status in lines[self._told.get((one.name, kind), 0) :]:
                    yield f"{one.name} {verb} {shown(what, one)} {status or 'no answer'}"
                self._told[one.name, kind] = len(lines)


def shown(path: str, one: Simulator) -> str:
    """A path as it may be told: somebody may have put a key or a number there, or what upsets a terminal."""
    for key in one.credentials.values():
        path = path.replace(key, "...")
    masked = MASKED.sub(lambda found: found[1] or "...", path)
    return "".join(char if char.isprintable() else "?" for char in masked)[:200]
