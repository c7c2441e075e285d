"""DIDWW: CDR Exports of API v3 at one pinned version (doc.didww.com/api3/2026-04-16), which call back or are polled.

The callback is signed (X-DIDWW-Signature, callbacks-details.html), but its body is not read: the capability in our own
path proves it, and what it says is asked for again with our key. DIDWW signs, and so sends, only for an account that
has a callback secret; without one the report is polled.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import quote

from lambdas.core import options
from lambdas.core.answers import ident, kept, mapping, shown
from lambdas.core.errors import Gone, Unclear
from lambdas.core.exports import Export
from lambdas.core.facts import Facts, Limits, Mistake, Options
from lambdas.core.mapping import MONEY, TEXT, TIME, WHOLE, WORD, Columns, From, Party
from lambdas.core.options import Kind
from lambdas.core.progress import File, Found, Progress, State
from lambdas.core.windows import Window
from lambdas.vendors.interface import Vendor
from lambdas.vendors.paging import Page, rows, search
from lambdas.web import Web

MEDIA = "application/vnd.api+json"
# The newest version that takes an Api-Key; every released version stays as it is (api-versioning.html).
VERSION = "2026-04-16"
# All there are (export-object.html, and the enum in github.com/didww/didww-api-3-openapi): none says "failed".
STATES = {"pending": State.PENDING, "processing": State.PENDING, "completed": State.READY}
KEPT = ("status", "export_type", "created_at")  # what an answer that is not understood may show
TYPES = {"inbound": "cdr_in", "outbound": "cdr_out"}  # one export has one of them (export/index.html)
OURS = ("from", "to", "filters", "callback_url", "callback_method", "external_reference_id")
# export-filters-object.html; each narrows calls of one export type alone.
FILTERS: Mapping[str, tuple[str, Kind]] = {
    "did_number": (
        "cdr_in",
        options.text("one of your DID numbers, digits alone,", r"\d{3,20}", example="12065550100"),
    ),
    "voice_out_trunk.id": (
        "cdr_out",
        options.text("an outbound trunk's id", r"[0-9a-fA-F-]{36}", example="457bf47d-446d-41cd-91c3-dfbda7bf0753"),
    ),
}
FIELDS = {
    "export_type": options.word(*TYPES.values(), without="both"),
    **{name: one for name, (_, one) in FILTERS.items()},
}
LONGEST = 100  # characters of an external_reference_id (create-export.html)
SIZE = 100  # the most per page (specification/pagination.html)


def _check(given: Options, _api: str) -> list[Mistake]:
    flat = {name: value for name, value in given.items() if name != "voice_out_trunk"}
    wrong = options.check(flat, FIELDS, OURS, "DIDWW's")
    if len(flat) < len(given):
        wrong.append(("voice_out_trunk", 'the dot is part of the name, so quote it: "voice_out_trunk.id" = "..."'))
    return wrong + [
        (name, f'it narrows calls of one type alone: add export_type = "{kind}"')
        for name, (kind, _) in FILTERS.items()
        if name in given and given.get("export_type") != kind
    ]


def _sources(given: Options, _api: str) -> tuple[str, ...]:
    return tuple(source for source, kind in TYPES.items() if given.get("export_type", kind) == kind)


def _narrows(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Which filters of a request leave calls out; the export's type is told by its sources."""
    return tuple(name for name in mapping(fields.get("filters")) if name in FILTERS)


class Didww:
    """One DIDWW account."""

    facts: ClassVar[Facts] = Facts(
        name="didww",
        calls_back=True,
        # The current month and the two before it (create-export.html): on the 1st of March these are 59 days.
        retention=timedelta(days=59),
        list_grace=timedelta(minutes=15),  # not documented
        # No page says so, but the vendor's own clients do for this version: "server: time_start >= from", "time_start
        # < to" (examples/exports.rb of github.com/didww/didww-v3-ruby, examples/exports.py of its Python twin). The
        # pages' own examples end at 23:59:59; should the end be inclusive after all, a call on it counts once anyway.
        selects_by="start",
        record_lag=timedelta(0),
        limits=Limits(),  # no page has a longest span; neither end may lie in the future (OpenAPI document)
        first_wait=300,  # not documented; how long the callback is waited for before the first look
        patience=timedelta(hours=4),  # not documented
        apis={VERSION: "https://api.didww.com/v3"},  # authentication.html
        secret={VERSION: ("key",)},
        download_from=("https://api.didww.com/v3/exports/",),  # get-csv-file-of-export.html
        check=_check,
        sources=_sources,
        narrows=_narrows,
        source_option="export_type",
        # The API has no DELETE for an export (OpenAPI document); DIDWW deletes it after a month (create-export.html).
        discards=False,
    )
    # get-csv-file-of-export.html lists the headings of both types. `Attempt` is "the routing attempt to deliver the
    # call" (inbound-logs.html): a call may have a row for each, so `Call ID` is taken for no identity of a row.
    columns: ClassVar[Columns] = Columns(
        fields={
            "call_id": From(TEXT, ("call id",)),
            "started_at": From(TIME, ("date time start utc",)),
            "answered_at": From(TIME, ("date time connect utc",)),
            "ended_at": From(TIME, ("date time end utc",)),
            "duration_s": From(WHOLE, ("duration sec", "call duration sec")),
            "billed_s": From(WHOLE, ("billing duration sec",)),
            "result": From(WORD, ("status",)),
            "sip_code": From(WHOLE, ("disconnect code",)),
            "sip_reason": From(TEXT, ("response", "disconnect reason")),
            # "Total cost in USD" of an inbound call, what is charged for an outbound one: neither is a sum of ours.
            "cost": From(MONEY, ("total usd", "charged usd")),
            "cnam_fee": From(MONEY, ("cnam in usd",)),
            "connection_id": From(TEXT, ("voice in trunk", "voice out trunk")),
        },
        # Numbers come as E.164 without a plus sign (user-panel/call-logs.html: 12345678901). Of an outbound call the
        # CLI is what the called side sees.
        caller=Party(("cli", "source"), bare=True),
        callee=Party(("destination did", "destination number"), bare=True),
        # "Indicates whether the call was successful or failed" (logs-analytics/call-logs/inbound-logs.html).
        words={"result": {"successful": "answered", "success": "answered", "failed": "failed"}},
        answered="time",
        currency="USD",  # in the headings
        by_source={one: {"direction": one} for one in TYPES},  # no column says it
        left=(
            "source name",
            "attempt",
            "disconnect initiator",
            "destination",  # where an inbound call was delivered: a SIP address or a number
            "trunk group",
            "capacity group",
            "toll free usd",  # parts of the total, for which there are no columns
            "pstn usd",
            "metered usd",
            "destination country",  # a name
            "network",
            "call type",
            "rate usd",  # "per unit", and no page says of what
        ),
        private=("source name", "destination"),
    )

    def __init__(self, export: Export, secret: Mapping[str, str], web: Web) -> None:
        self._export, self._web = export, web
        self._url, self._key = f"{export.base_url}/exports", {"Api-Key": secret["key"]}

    def fields(self, window: Window) -> dict[str, Any]:
        """Half-open on the call's start, UTC; only the filters that the operator set."""
        chosen = {name: value for name, value in self._export.options.items() if name in FILTERS}
        filters = {"from": _time(window.start), "to": _time(window.end), **chosen}
        return {"export_type": TYPES[window.source], "filters": filters}

    def ask(self, fields: Mapping[str, Any], tag: str, callback_url: str | None) -> str:
        """Create the export; the tag is its reference, and stands in the callback's path as well."""
        attributes = {**fields, "external_reference_id": reference(tag)}
        if callback_url:
            attributes |= {"callback_url": callback_url, "callback_method": "post"}
        body = {"data": {"type": "exports", "attributes": attributes}}
        return str(ident(_data(self._call("create", "POST", json=body), "create")))

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """Search the list for the reference: the vendor filters by it (get-exports.html), and here it is compared.

        `page` counts from 0, the vendor's from 1.
        """
        due = reference(tag)

        def fetch(read: int) -> Page:
            asked = {"filter[external_reference_id]": due, "page[number]": read + 1, "page[size]": SIZE}
            return Page(rows(self._call("list", "GET", params=asked).get("data"), "didww"), read + 1)

        def wanted(row: Any) -> str | None:
            attributes = mapping(mapping(row).get("attributes"))
            return ident(row) if attributes.get("external_reference_id") == due else None

        return search(fetch, wanted, page)

    def look(self, report_id: str) -> Progress:
        """pending, processing or completed; any other status is an error, for there is none that says failed."""
        try:
            data = _data(self._call("retrieve", "GET", f"/{quote(report_id, safe='')}"), "retrieve")
        except Gone:
            return Progress(State.GONE)
        attributes = mapping(data.get("attributes"))
        status = str(attributes.get("status"))
        state = STATES.get(status.lower())  # older versions write `Completed`
        if state is None:
            raise Unclear(f"didww: retrieve: unknown status {shown(status)}", answer=kept(attributes, KEPT))
        if state is not State.READY:
            return Progress(state)
        url = attributes.get("url")
        if not url:
            raise Unclear("didww: retrieve: completed, but without a url", answer=kept(attributes, KEPT))
        return Progress(state, (File(str(url), self._key),))

    def _call(self, what: str, method: str, path: str = "", **how: Any) -> Any:
        headers = {**self._key, "X-DIDWW-API-Version": self._export.api, "Accept": MEDIA, "Content-Type": MEDIA}
        answer = self._web.call("didww", what, method, self._url + path, headers=headers, **how)
        if not isinstance(answer.body, Mapping):
            raise Unclear(f"didww: {what}: not an object")
        return answer.body


def reference(tag: str) -> str:
    """The tag where it fits; of a longer one its first word and 40 hex digits of its SHA-256, as good as unique."""
    return tag if len(tag) <= LONGEST else f"{tag.partition('.')[0]}.{sha256(tag.encode()).hexdigest()[:40]}"


def _data(body: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    data = mapping(body.get("data"))
    if ident(data) is None:
        raise Unclear(f"didww: {what}: an answer without an id")
    return data


def _time(when: datetime) -> str:
    """As create-export.html writes it; the answers write UTC too."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


VENDOR: type[Vendor] = Didww
