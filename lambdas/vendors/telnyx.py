"""Telnyx: CDR Reports V1 (shared/seeds), polled, and its V2 twin with a Bearer key and an envelope."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from lambdas.core.answers import ident, kept, mapping, shown
from lambdas.core.errors import Declined, Gone, Unclear
from lambdas.core.exports import Export
from lambdas.core.facts import Facts, Limits
from lambdas.core.mapping import MONEY, REAL, TEXT, TIME, WHOLE, WORD, Columns, From, Party
from lambdas.core.progress import File, Found, Progress, State
from lambdas.core.veil import veil
from lambdas.core.windows import Window
from lambdas.vendors.interface import Vendor
from lambdas.vendors.paging import Page, rows, search
from lambdas.vendors.telnyx_asks import CALL_TYPES, RECORD_TYPES, check, narrows, sources
from lambdas.web import Web

STATES = {1: State.PENDING, 2: State.READY, 3: State.FAILED, 4: State.EXPIRED}
PATH = "/reporting/cdr_requests"
# V2's own: the SDK and the OpenAPI document name the first, newer pages the second (shared/vendors.md).
PREFIXES = ("/legacy/reporting/batch_detail_records/voice", "/legacy_reporting/batch_detail_records/voice")
# Hangup causes (FreeSWITCH's names of Q.850) of calls that were not answered, by what became of the call.
CAUSES = {
    "busy": "user_busy",
    "no_answer": "no_answer no_user_response allotted_timeout progress_timeout recovery_on_timer_expire",
    "cancelled": "originator_cancel lose_race",
    "rejected": "call_rejected",
    "failed": "unallocated_number invalid_number_format no_route_destination network_out_of_order mandatory_ie_missing"
    " normal_temporary_failure normal_circuit_congestion switch_congestion destination_out_of_order gateway_down"
    " incompatible_destination service_unavailable user_not_registered subscriber_absent",
}
# "end_time ... must be less than 24 hours from now" has three readings: a latest end, a longest span, an oldest end.
# The first two are kept to at no cost. The third would forbid every backfill, so it is not assumed: a refusal tells.
LIMITS = Limits(longest=timedelta(days=1), latest_end=timedelta(days=1), oldest_end=None)
# What an answer that is not understood may show: neither a link, nor a number, nor the filters that may hold one.
KEPT = ("status", "source", "call_types", "record_types", "start_time", "end_time", "created_at", "updated_at", "retry")
# A refusal that is about the window, whichever of the readings is the right one.
WINDOW = re.compile(r"(start|end)[_ ]?time|24 hours|(date|time) range|30 days", re.IGNORECASE)
PER_PAGE = 1000  # the most per page that V1 gives


class Telnyx:
    """One Telnyx account; `api` of the export chooses V1 or V2."""

    facts: ClassVar[Facts] = Facts(
        name="telnyx",
        calls_back=False,
        retention=timedelta(days=30),  # "CDRs are available for 30 days"
        list_grace=timedelta(minutes=15),
        selects_by="unknown",  # by a call's start, end or record time: no document says
        record_lag=timedelta(hours=1),
        limits=LIMITS,
        first_wait=60,
        patience=timedelta(hours=4),
        apis={"v1": "https://api.telnyx.com", "v2": "https://api.telnyx.com/v2"},
        secret={"v1": ("user", "token"), "v2": ("key",)},
        download_from=("https://portal.telnyx.com/",),
        check=check,
        sources=sources,
        narrows=narrows,
        by_outcome=("record_types",),
        discards=True,
        prefixes={"v2": PREFIXES},
    )
    columns: ClassVar[Columns] = Columns(
        fields={
            "row_id": From(TEXT, ("unique cdr id",)),
            "call_id": From(TEXT, ("call uuid",)),
            "sip_call_id": From(TEXT, ("sip call id",)),
            "account_id": From(TEXT, ("account id",)),
            "direction": From(WORD, ("direction",)),
            "started_at": From(TIME, ("start timestamp utc", "start timestamp")),
            "answered_at": From(TIME, ("answer timestamp utc", "answer timestamp")),
            "ended_at": From(TIME, ("end timestamp utc", "end timestamp")),
            "duration_s": From(WHOLE, ("call duration",)),
            "billed_s": From(WHOLE, ("billable time",)),
            "hangup_cause": From(TEXT, ("hangup cause",)),
            "result": From(WORD, ("hangup cause",)),
            "rate": From(MONEY, ("rate",)),
            "cost": From(MONEY, ("cost",)),
            "route": From(TEXT, ("route",)),
            "connection_id": From(TEXT, ("connection id",)),
            "billing_group": From(TEXT, ("billing group",)),
            "tags": From(TEXT, ("tags",)),
            "mos": From(REAL, ("mos",)),
            "from_state": From(TEXT, ("originating state",)),
            "to_state": From(TEXT, ("terminating state",)),
            "from_lata": From(TEXT, ("originating lata",)),
            "to_lata": From(TEXT, ("terminating lata",)),
        },
        caller=Party(("originating number",)),
        callee=Party(("terminating number", "full terminating number")),
        words={
            "direction": {"inbound": "inbound", "outbound": "outbound"},
            "result": {cause: result for result, causes in CAUSES.items() for cause in causes.split()},
        },
        answered="time",
        cause_code="hangup code",
        # The zone of the other times is documented nowhere (shared/vendors.md); where both starts are given, they tell.
        zoned=("start timestamp utc", "start timestamp"),
        shifted=("answered_at", "ended_at"),
        # PDD's unit is nowhere documented; the countries come as names.
        left=("pdd", "billing group id", "originating country", "terminating country"),
    )

    def __init__(self, export: Export, secret: Mapping[str, str], web: Web) -> None:
        self._export, self._web = export, web
        self._v2 = export.api == "v2"
        self._url = export.base_url + (export.prefix or PATH)
        # V1 takes the portal's user and token, neither Basic nor Bearer (shared/vendors.md).
        self._headers = (
            {"Authorization": f"Bearer {secret['key']}"}
            if self._v2
            else {"x-api-user": secret["user"], "x-api-token": secret["token"]}
        )

    def fields(self, window: Window) -> dict[str, Any]:
        """Both directions and all record types unless narrowed: Telnyx's own defaults leave calls out."""
        given = self._export.options
        asked: dict[str, Any] = {
            "start_time": _time(window.start),
            "end_time": _time(window.end),
            "call_types": _numbers(given.get("call_types"), CALL_TYPES),
            "record_types": _numbers(given.get("record_types"), RECORD_TYPES),
            "source": window.source,
        }
        rest = {name: value for name, value in given.items() if name not in asked}
        if self._v2:  # the file's times in UTC, and connections as the integers that V2 wants
            rest["timezone"] = "UTC"
            rest |= {"connections": [_whole(one) for one in given["connections"]]} if "connections" in given else {}
        return asked | rest

    def ask(self, fields: Mapping[str, Any], tag: str, callback_url: str | None) -> str:
        """Create the report; the tag is its `report_name`, and there is no callback (shared/vendors.md)."""
        try:
            body = self._call("create", "POST", json={**fields, "report_name": tag})
        except Declined as no:
            if not WINDOW.search(no.what):
                raise
            advice = "this window is not given; where others are it is too old, where none is take a shorter `window`"
            raise Declined(f"{no.what}: {advice}", window=True, **no.facts) from no
        return str(ident(_object(self._open(body, "create"), "create")))

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """Search the list for the tag; `page` is how many pages were read."""
        names = ("page[number]", "page[size]") if self._v2 else ("page", "per_page")

        def fetch(read: int) -> Page:
            body = self._call("list", "GET", params={names[0]: read + 1, names[1]: PER_PAGE})
            return Page(rows(self._open(body, "list"), "telnyx"), read + 1, last=self._v2 and read + 1 >= _pages(body))

        return search(fetch, lambda row: ident(row) if mapping(row).get("report_name") == tag else None, page)

    def look(self, report_id: str) -> Progress:
        """Status 1 to 4; any other is an error, for nobody knows what it means."""
        try:
            body = self._call("retrieve", "GET", _path(report_id))
        except Gone:
            return Progress(State.GONE)
        row = _object(self._open(body, "retrieve"), "retrieve")
        said = row.get("status")
        if type(said) is not int or said not in STATES:
            raise Unclear(f"telnyx: retrieve: unknown status {shown(said)}", answer=kept(row, KEPT))
        state = STATES[said]
        url = row.get("report_url")
        if state is State.READY and not url:
            raise Unclear("telnyx: retrieve: complete, but without a report_url", answer=kept(row, KEPT))
        return Progress(state, files=(File(_secure(str(url))),) if state is State.READY else ())

    def discard(self, report_id: str) -> None:
        """Delete the request at the vendor; one that is gone already is as good as deleted.

        V1 answers {success, message}, V2 shows what is gone; a deletion that did not succeed is Declined.
        """
        try:
            body = self._call("delete", "DELETE", _path(report_id))
        except Gone:
            return
        if body is None:  # HTTP 204
            return
        told = mapping(self._open(body, "delete"))
        if (told.get("success") is not True) if not self._v2 else ident(told) is None:
            raise Declined(f"telnyx: delete: not done ({veil(str(told.get('message')))[:100]})")

    def _call(self, what: str, method: str, path: str = "", **how: Any) -> Any:
        return self._web.call("telnyx", what, method, self._url + path, headers=self._headers, **how).body

    def _open(self, body: Any, what: str) -> Any:
        """What is in V2's envelope; V1 has none."""
        if not self._v2:
            return body
        if not isinstance(body, Mapping) or "data" not in body:
            raise Unclear(f"telnyx: {what}: an answer without data")
        return body["data"]


def _pages(body: Mapping[str, Any]) -> float:
    """How many pages V2 says there are; without a word of it, only an empty one ends the list."""
    pages = mapping(body.get("meta")).get("total_pages")
    return pages if type(pages) is int else float("inf")


def _numbers(words: list[Any] | None, known: Mapping[str, int]) -> list[int]:
    return sorted({known.get(word, word) for word in words}) if words else list(known.values())


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _secure(url: str) -> str:
    """The documented example of a link is plain http; the same host serves https, and only that is fetched."""
    return url.replace("http://portal.telnyx.com/", "https://portal.telnyx.com/", 1)


def _object(body: Any, what: str) -> Mapping[str, Any]:
    row = mapping(body)
    if ident(row) is None:
        raise Unclear(f"telnyx: {what}: an answer without an id")
    return row


def _path(report_id: str) -> str:
    return f"/{quote(report_id, safe='')}"


def _whole(connection: str) -> int | str:
    return int(connection) if re.fullmatch(r"[0-9]{1,19}", connection) else connection


VENDOR: type[Vendor] = Telnyx
