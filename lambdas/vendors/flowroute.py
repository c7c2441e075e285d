"""Flowroute: CDR Exports v2 (shared/seeds), which calls back and can be polled too."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from urllib.parse import urlsplit

from lambdas.core.errors import Gone, Unclear
from lambdas.core.exports import Export
from lambdas.core.facts import Facts, Limits, Mistake, Options
from lambdas.core.mapping import MONEY, TEXT, TIME, WHOLE, WORD, Columns, From, Party
from lambdas.core.progress import File, Found, Progress, State, Totals
from lambdas.core.windows import Window
from lambdas.vendors.interface import Vendor
from lambdas.web import Web

MEDIA = "application/vnd.api+json"
STATES = {"processing": State.PENDING, "completed": State.READY, "failed": State.FAILED}
OURS = ("start_call_start_time", "start_call_end_time", "callback_url")
TEXTS, NUMBER, FLAG = "a list of texts in quotes", "a number", "true or false"
FILTERS: Mapping[str, str] = {
    "number_aliases": TEXTS,
    "destination_numbers": TEXTS,
    "callerid_numbers": TEXTS,
    "custom_x_tag": TEXTS,
    "destination_countries_included": TEXTS,
    "destination_countries_excluded": TEXTS,
    "destination_prefix": TEXTS,
    "callerid_prefix": TEXTS,
    "caller_ip": "a text in quotes",
    "duration_greater_than": NUMBER,
    "duration_less_than": NUMBER,
    "cost_greater_than": NUMBER,
    "cost_less_than": NUMBER,
    "tollfree_only": FLAG,
    "exclude_cancelled": FLAG,
    "direction": 'either "inbound" or "outbound"; leave it out for both',
}
SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
LIMIT, PAGES = 200, 10  # the most per page that the API gives; so many pages are searched at a time


def _check(options: Options, _api: str) -> list[Mistake]:
    wrong: list[Mistake] = [(name, "ours to set; remove it") for name in OURS if name in options]
    wrong += [(n, FILTERS[n]) for n, value in options.items() if n in FILTERS and not _fits(n, value)]
    known = (*OURS, *FILTERS)
    return wrong + [(n, "not a filter of Flowroute's request, or not yet built") for n in options if n not in known]


def _fits(name: str, value: Any) -> bool:
    kind = FILTERS[name]
    if kind is TEXTS:
        return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)
    if kind is NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    if kind is FLAG:
        return isinstance(value, bool)
    return value in ("inbound", "outbound") if name == "direction" else isinstance(value, str) and bool(value)


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
        return str(_data(answer, "create")["id"])

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """Search the list for the tag in the callback's path; without callbacks, for the window asked `since`."""
        for number in range(page, page + PAGES):
            rows = self._call("list", "GET", params={"limit": LIMIT, "offset": number * LIMIT}).get("data")
            if not isinstance(rows, list):
                raise Unclear("flowroute: list: not a list of exports")
            for row in rows:
                # Items come wrapped twice: data[i].data.attributes (shared/vendors.md).
                one = row.get("data", row) if isinstance(row, Mapping) else {}
                if _carries(one.get("attributes") or {}, fields, tag, since):
                    return Found(str(one["id"]), complete=True)
            if not rows:  # a page may be shorter than asked for; only an empty one is surely the last
                return Found(None, complete=True)
        return Found(None, complete=False, page=page + PAGES)

    def look(self, report_id: str) -> Progress:
        """processing, completed or failed; any other status is an error."""
        try:
            attributes = _data(self._call("retrieve", "GET", f"/{report_id}"), "retrieve").get("attributes") or {}
        except Gone:
            return Progress(State.GONE)
        status = str(attributes.get("status"))
        if status not in STATES:
            raise Unclear(f"flowroute: retrieve: unknown status {status[:40]!r}", status=status[:40])
        state = STATES[status]
        url = attributes.get("download_url")
        if state is not State.READY:
            return Progress(state)
        if not url:
            raise Unclear("flowroute: retrieve: completed, but without a download_url")
        return Progress(state, (File(str(url)),), _totals(attributes), _when(attributes.get("expires_at")))

    def _call(self, what: str, method: str, path: str = "", **how: Any) -> Any:
        headers = {"Accept": MEDIA, **how.pop("headers", {})}
        answer = self._web.call("flowroute", what, method, self._url + path, headers=headers, auth=self._auth, **how)
        if not isinstance(answer.body, Mapping):
            raise Unclear(f"flowroute: {what}: not an object")
        return answer.body


def _carries(attributes: Mapping[str, Any], fields: Mapping[str, Any], tag: str, since: datetime) -> bool:
    callback = attributes.get("callback_url")
    if callback:
        return tag in urlsplit(str(callback)).path.split("/")
    asked = _when(attributes.get("requested_at"))
    if asked is None or asked < since - SKEW:
        return False
    echoed = {**(attributes.get("filter_parameters") or {}), **attributes}
    # Two exports of one account may ask for the same window with other filters: what is echoed must not contradict.
    return all(name in echoed for name in OURS[:2]) and all(
        echoed[name] == value for name, value in fields.items() if echoed.get(name) is not None
    )


def _data(body: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    data = body.get("data")
    if not isinstance(data, Mapping) or "id" not in data:
        raise Unclear(f"flowroute: {what}: an answer without an id")
    return data


def _totals(attributes: Mapping[str, Any]) -> Totals:
    rows, cost = attributes.get("num_calls"), attributes.get("total_cost")
    try:
        return Totals(
            rows=None if rows is None else int(rows),
            cost=None if cost is None else _money(str(cost)),
        )
    except (ValueError, InvalidOperation):
        raise Unclear("flowroute: retrieve: totals that are not numbers") from None


def _money(text: str) -> Decimal:
    """A finite amount; ValueError for one that is none."""
    amount = Decimal(text)
    if not amount.is_finite():
        raise ValueError
    return amount


def _when(text: Any) -> datetime | None:
    """A time with any offset, UTC without one; what is no time is none, for nothing else hangs on it."""
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")


VENDOR: type[Vendor] = Flowroute
