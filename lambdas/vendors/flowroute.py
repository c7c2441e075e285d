"""Flowroute: CDR Exports v2 (shared/seeds), which calls back and can be polled too."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

from lambdas.core import options
from lambdas.core.answers import decimal, ident, kept, mapping, moment, shown, whole
from lambdas.core.errors import Gone, Unclear
from lambdas.core.exports import Export
from lambdas.core.facts import Facts, Limits, Mistake, Options
from lambdas.core.mapping import MONEY, TEXT, TIME, WHOLE, WORD, Columns, From, Party
from lambdas.core.options import Kind
from lambdas.core.progress import File, Found, Progress, State, Totals
from lambdas.core.windows import Window
from lambdas.vendors.interface import Vendor
from lambdas.vendors.paging import Page, rows, search
from lambdas.web import Web

MEDIA = "application/vnd.api+json"
STATES = {"processing": State.PENDING, "completed": State.READY, "failed": State.FAILED}
# What an answer that is not understood may show: neither a link nor a number.
KEPT = ("status", "requested_at", "created_at", "expires_at", "num_calls", "total_cost")
OURS = ("start_call_start_time", "start_call_end_time", "callback_url")
NUMBERS = options.texts("numbers, with or without +,", r"\+?\d{3,20}", example="12065550100")
PREFIXES = options.texts("the first digits of numbers", r"\+?\d{1,15}", example="1206")
COUNTRIES = options.texts("countries by Flowroute's own list", r"[^\W\d][^\d]+", example="UNITED STATES")
# Every key of `filter_parameters` in the document, and the two that the newer page adds (shared/vendors.md).
FILTERS: Mapping[str, Kind] = {
    "number_aliases": options.texts("aliases", example="Office 221"),
    "number_aliases_contains": options.texts("parts of aliases", example="Office"),
    "destination_numbers": NUMBERS,
    "callerid_numbers": NUMBERS,
    "custom_x_tag": options.texts("X-Tags", example="campaign-1"),
    "custom_x_tags": options.texts("X-Tags", example="campaign-1"),
    "caller_ip": options.address(),
    "duration_greater_than": options.amount("seconds"),
    "duration_less_than": options.amount("seconds", above=True),
    "cost_greater_than": options.amount("dollars"),
    "cost_less_than": options.amount("dollars", above=True),
    "destination_countries_included": COUNTRIES,
    "destination_countries_excluded": COUNTRIES,
    "tollfree_only": options.FLAG,
    "direction": options.word("inbound", "outbound", without="both"),
    "exclude_cancelled": options.FLAG,
    "destination_prefix": PREFIXES,
    "callerid_prefix": PREFIXES,
}
# Those that choose by how a call ended: an unanswered one has no duration and costs little or nothing.
OUTCOME = (
    "duration_greater_than", "duration_less_than", "cost_greater_than", "cost_less_than", "exclude_cancelled",
)  # fmt: skip
# The export's other totals, by what they add up.
SUMS = {
    "call_subtotal": "cost_subtotal", "connect_fees": "connect_fee", "cnamlookup_fees": "cnam_fee",
    "usf_fees": "usf_fee", "ccrf": "ccrf", "billed_minutes": "billed_minutes",
}  # fmt: skip
SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
LIMIT = 200  # the most per page that the API gives


def _check(given: Options, _api: str) -> list[Mistake]:
    return [
        *options.check(given, FILTERS, OURS, "Flowroute's"),
        *options.both(given, "custom_x_tag", "custom_x_tags"),
        *options.both(given, "destination_countries_included", "destination_countries_excluded"),
        *options.between(given, "duration_greater_than", "duration_less_than", whole=True),
        *options.between(given, "cost_greater_than", "cost_less_than"),
    ]


def _narrows(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Which filters of a request leave calls out: all that are set, less those that are switched off."""
    return tuple(name for name, value in fields.items() if name in FILTERS and value is not False)


class Flowroute:
    """One Flowroute account."""

    facts: ClassVar[Facts] = Facts(
        name="flowroute",
        calls_back=True,
        retention=None,  # all history is kept (shared/vendors.md)
        list_grace=timedelta(minutes=15),
        selects_by="start",
        record_lag=timedelta(0),
        limits=Limits(longest=timedelta(days=92)),
        first_wait=300,  # how long the callback is waited for before the first look
        patience=timedelta(hours=4),
        apis={"v1": "https://api.flowroute.com/v2"},
        secret={"v1": ("access_key", "secret_key")},
        download_from=("https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/",),
        check=_check,
        sources=lambda _options, _api: ("calls",),
        narrows=_narrows,
        by_outcome=OUTCOME,
    )
    columns: ClassVar[Columns] = Columns(
        fields={
            "row_id": From(TEXT, ("cdr id",)),
            "sip_call_id": From(TEXT, ("sip callid",)),
            "direction": From(WORD, ("direction",)),
            "started_at": From(TIME, ("start time",)),
            "ended_at": From(TIME, ("end time",)),
            "duration_s": From(WHOLE, ("duration",)),
            "billed_s": From(WHOLE, ("billed duration",)),
            "first_increment_s": From(WHOLE, ("first increment",)),
            "next_increment_s": From(WHOLE, ("subsequent increment",)),
            "result": From(WORD, ("result",)),
            "hangup_cause": From(TEXT, ("result",)),
            "sip_code": From(WHOLE, ("call fail sip code",)),
            "sip_reason": From(TEXT, ("call fail reason",)),
            "rate": From(MONEY, ("rate",)),
            "cost": From(MONEY, ("total cost",)),
            "cost_subtotal": From(MONEY, ("cost subtotal",)),
            "connect_fee": From(MONEY, ("connect fee",)),
            "usf_fee": From(MONEY, ("usf fee",)),
            "ccrf": From(MONEY, ("ccrf",)),
            "cnam_fee": From(MONEY, ("cnam lookup fee",)),
            "number_alias": From(TEXT, ("number alias",)),
            "tags": From(TEXT, ("custom x tag",)),
            "peer_ip": From(TEXT, ("customer ip",)),
        },
        caller=Party(("callerid",)),
        callee=Party(("destination",), bare=True),
        words={
            "direction": {"inbound": "inbound", "outbound": "outbound"},
            "result": {
                "completed": "answered",
                "busy": "busy",
                "no answer": "no_answer",
                "cancelled": "cancelled",
                "canceled": "cancelled",
                "rejected": "rejected",
                "failed": "failed",
            },
        },
        answered="sip",
        currency="USD",
        fees=("connect_fee", "usf_fee", "ccrf", "cnam_fee"),
        # The countries come as names; the SIP tags say less than the Call-ID.
        left=("destination name", "callerid country", "line information", "sip from tag", "sip to tag"),
    )

    def __init__(self, export: Export, secret: Mapping[str, str], web: Web) -> None:
        self._export, self._web = export, web
        self._url = f"{export.base_url}/cdrs/exports"
        self._auth = (secret["access_key"], secret["secret_key"])

    def fields(self, window: Window) -> dict[str, Any]:
        """Half-open on the call's start, UTC; only the filters that the operator set."""
        return {
            "start_call_start_time": _time(window.start),
            "start_call_end_time": _time(window.end),
            **self._export.options,
        }

    def ask(self, fields: Mapping[str, Any], tag: str, callback_url: str | None) -> str:
        """Create the export; the tag travels in the callback's path, for the API has no field for it."""
        attributes: dict[str, Any] = {"filter_parameters": dict(fields)}
        if callback_url:
            attributes["callback_url"] = callback_url
        body = {"data": {"type": "cdrexport", "attributes": attributes}}
        answer = self._call("create", "POST", json=body, headers={"Content-Type": MEDIA, "Accept": MEDIA})
        return str(ident(_data(answer, "create")))

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """Search the list for the tag in the callback's path; without callbacks, for the window asked `since`.

        `page` is the list's offset.
        """

        def fetch(offset: int) -> Page:
            found = rows(self._call("list", "GET", params={"limit": LIMIT, "offset": offset}).get("data"), "flowroute")
            return Page(found, offset + len(found))

        def wanted(row: Any) -> str | None:
            # Items come wrapped twice, data[i].data.attributes, or once (shared/vendors.md).
            one = mapping(mapping(row).get("data", row))
            return ident(one) if _carries(mapping(one.get("attributes")), fields, tag, since) else None

        return search(fetch, wanted, page)

    def look(self, report_id: str) -> Progress:
        """processing, completed or failed; any other status is an error."""
        try:
            data = _data(self._call("retrieve", "GET", f"/{quote(report_id, safe='')}"), "retrieve")
        except Gone:
            return Progress(State.GONE)
        attributes = mapping(data.get("attributes"))
        status = str(attributes.get("status"))
        if status not in STATES:
            raise Unclear(f"flowroute: retrieve: unknown status {shown(status)}", answer=kept(attributes, KEPT))
        state = STATES[status]
        url = attributes.get("download_url")
        if state is not State.READY:
            return Progress(state)
        if not url:
            raise Unclear("flowroute: retrieve: completed, but without a download_url", answer=kept(attributes, KEPT))
        return Progress(state, (File(str(url)),), _totals(attributes), moment(attributes.get("expires_at")))

    def _call(self, what: str, method: str, path: str = "", **how: Any) -> Any:
        headers = {"Accept": MEDIA, **how.pop("headers", {})}
        answer = self._web.call("flowroute", what, method, self._url + path, headers=headers, auth=self._auth, **how)
        if not isinstance(answer.body, Mapping):
            raise Unclear(f"flowroute: {what}: not an object")
        return answer.body


def _carries(attributes: Mapping[str, Any], fields: Mapping[str, Any], tag: str, since: datetime) -> bool:
    callback = attributes.get("callback_url")
    if callback:
        return tag in str(callback).partition("?")[0].split("/")
    asked = moment(attributes.get("requested_at"))
    if asked is None or asked < since - SKEW:
        return False
    echoed = {**mapping(attributes.get("filter_parameters")), **attributes}
    # Two exports of one account may ask for the same window with other filters: what is echoed must not contradict.
    return all(name in echoed for name in OURS[:2]) and all(
        echoed[name] == value for name, value in fields.items() if echoed.get(name) is not None
    )


def _data(body: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    data = mapping(body.get("data"))
    if ident(data) is None:
        raise Unclear(f"flowroute: {what}: an answer without an id")
    return data


def _totals(attributes: Mapping[str, Any]) -> Totals:
    try:
        rows, cost = whole(attributes.get("num_calls")), decimal(attributes.get("total_cost"))
    except ValueError:
        raise Unclear("flowroute: retrieve: totals that are not numbers", answer=kept(attributes, KEPT)) from None
    return Totals(rows, cost, dict(_sums(attributes)))


def _sums(attributes: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """The totals that only lead to a warning: what is no number among them says nothing."""
    for theirs, name in SUMS.items():
        with suppress(ValueError):
            if (amount := decimal(attributes.get(theirs))) is not None:
                yield name, amount


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")


VENDOR: type[Vendor] = Flowroute
