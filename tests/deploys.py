"""What the property test changes in exports.toml, and the file's text."""

from typing import Any

CHANGES: dict[str, list[Any]] = {
    "start": ["2026-11-17", "2026-11-14", "2026-11-19"],
    "window": ["1d", "12h", "6h"],
    "state": ["active", "paused", "retired"],
    "reexport": [[], ["1d"], ["1d", "3d"]],
    "max_in_flight": [1, 2, 4],
    "settle": ["2h", "1h", "8h"],
}  # fmt: skip
OPTIONS: dict[str, list[Any]] = {"telnyx": [["calls"], ["calls", "call-control"]], "flowroute": ["inbound", "outbound"]}


def table(name: str, told: dict[str, Any], options: dict[str, Any]) -> str:
    lines = [f"[[export]]\nname = {name!r}", *(f"{key} = {_text(key, value)}" for key, value in told.items())]
    return "\n".join([*lines, "[export.options]", *(f"{key} = {value!r}" for key, value in options.items())])


def _text(key: str, value: Any) -> str:
    return str(value) if key == "start" else str(value).lower() if isinstance(value, bool) else repr(value)
