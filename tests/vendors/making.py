"""A vendor of either kind whose other end is a door."""

from typing import Any

from lambdas.core.exports import Export, parse
from lambdas.core.windows import Window
from lambdas.vendors import FACTS
from lambdas.vendors.flowroute import Flowroute
from lambdas.vendors.telnyx import Telnyx
from lambdas.web import Web
from tests.core.making import window
from tests.vendors.door import Door

KEYS = {"user": "ops@example.com", "token": "token-of-mine", "key": "KEY-of-mine"}
PAIR = {"access_key": "access-of-mine", "secret_key": "secret-of-mine"}
WINDOW: Window = window(20)


def export(vendor: str, url: str, options: str = "", **more: str) -> Export:
    fields = {"name": '"main"', "vendor": f'"{vendor}"', "start": "2026-11-01", "base_url": f'"{url}"', **more}
    text = "\n".join(["[[export]]", *(f"{name} = {value}" for name, value in fields.items())])
    return parse(f"{text}\n[export.options]\n{options}", "dev", FACTS).exports[0]


def telnyx(door: Door, options: str = "", **more: str) -> Telnyx:
    return Telnyx(export("telnyx", door.url, options, **more), KEYS, Web())


def flowroute(door: Door, options: str = "", **more: str) -> Flowroute:
    return Flowroute(export("flowroute", door.url, options, **more), PAIR, Web())


def wrapped(status: Any = "completed", **attributes: Any) -> dict[str, Any]:
    """Flowroute's answer about one export."""
    return {"data": {"type": "cdrexport", "id": "38647", "attributes": {"status": status, **attributes}}}
