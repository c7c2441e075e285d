"""The lines of the functions' logs, and of the machine's: read, chosen, and told to people and programs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from rich.text import Text

from cli.tables import clean
from lambdas.aws import items
from lambdas.core.veil import veil
from lambdas.core.windows import Window

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
STYLES = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
PLATFORM = ("START ", "END ", "REPORT ", "INIT_START", "XRAY ")  # Lambda's own, about each invocation
# Of each line, and of no use to a reader: where in the code, which process, which trace; and what stands apart.
DULL = frozenset(
    {"level", "location", "message", "timestamp", "service", "xray_trace_id", "export", "window", "execution",
     "cold_start", "function_name", "function_memory_size", "function_arn", "function_request_id", "exception_name"}
)  # fmt: skip
LONGEST = 300  # characters of a fact that are shown
Event = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One line of a log."""

    at: datetime
    source: str  # requester, poller, copier, callback, machine
    level: str
    message: str
    export: str = ""
    window: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, source: str, event: Event) -> Self | None:
        """What an event of CloudWatch Logs says; None for metrics, and for Lambda's own lines."""
        at, text = datetime.fromtimestamp(event["timestamp"] / 1000, UTC), str(event["message"]).strip()
        if not text or text.startswith(PLATFORM):
            return None
        try:
            told = json.loads(text)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            return cls(at, source, "ERROR", veil(text))  # nothing of ours: a time-out, a crash
        if "_aws" in told:
            return None
        return cls._machine(at, source, told) if "execution_arn" in told else cls._ours(at, source, told)

    @classmethod
    def _machine(cls, at: datetime, source: str, told: Mapping[str, Any]) -> Self:
        """Step Functions' own line; its details hold no data, for the log is told to leave them out."""
        cause = {name: told["details"][name] for name in ("error", "cause", "name") if name in told.get("details", {})}
        return cls(at, source, "ERROR", str(told.get("type", "?")), facts={**cause, "execution": told["execution_arn"]})

    @classmethod
    def _ours(cls, at: datetime, source: str, told: Mapping[str, Any]) -> Self:
        run = told["execution"] if isinstance(told.get("execution"), dict) else {}
        facts = {name: value for name, value in told.items() if name not in DULL and value is not None}
        if "exception" in facts:
            facts["exception"] = veil(str(facts["exception"]))
        return cls(
            at, source, str(told.get("level", "INFO")), str(told.get("message", "")),
            str(told.get("export") or run.get("export") or ""), _window(told, run), facts,
        )  # fmt: skip

    def passes(self, export: str | None, level: str) -> bool:
        """Whether it is asked for: of that export, and so grave at least."""
        grave = LEVELS.index(self.level) if self.level in LEVELS else len(LEVELS)
        return export in (None, self.export) and grave >= LEVELS.index(level)

    def plain(self) -> dict[str, Any]:
        """For a program."""
        return {
            "at": self.at.isoformat(timespec="milliseconds"), "source": self.source, "level": self.level,
            "message": self.message, "export": self.export or None, "window": self.window or None,
            "facts": dict(self.facts),
        }  # fmt: skip

    def words(self) -> Text:
        """For people, in one line."""
        text = Text(f"{self.at:%m-%d %H:%M:%S} ", "dim")
        text.append(f"{self.source:<9} ", "cyan")
        text.append(" ".join(clean(part) for part in (self.export, self.window) if part), "bold")
        text.append(f"{' ' if self.export or self.window else ''}{clean(self.message)}", STYLES.get(self.level, ""))
        told = " ".join(f"{name}={_short(value)}" for name, value in self.facts.items() if value != "")
        return text.append(f"  {told}" if told else "", "dim")


def _window(told: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """How the window of a line is called: by its sort key, or as the input of an execution has it."""
    try:
        if told.get("window"):
            window = items.window(str(told["window"]))
        elif run:
            window = Window(datetime.fromisoformat(run["start"]), int(run["seconds"]), str(run["source"]))
        else:
            return ""
    except (KeyError, TypeError, ValueError):
        return str(told.get("window", ""))
    return f"{window.name}.{window.source}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = clean(text.replace("\n", " | "))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def events(logs: Any, group: str, since: datetime, pattern: str = "") -> Iterator[Event]:
    """What a log group holds since a time. A pattern spares reading; whoever gives one looks at what comes as well."""
    how: dict[str, Any] = {"logGroupName": group, "startTime": int(since.timestamp() * 1000)}
    how |= {"filterPattern": pattern} if pattern else {}
    for page in logs.get_paginator("filter_log_events").paginate(**how):
        yield from page["events"]
