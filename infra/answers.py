"""The columns of the views that answer questions: Glue, the types of their SQL and docs/schema.md come from here."""

from collections.abc import Mapping

from lambdas.core.columns import TIME, Column
from lambdas.core.proofs import EXPORT, MONTH

SUM = "decimal(38,8)"
DAY = Column("day", "date", "day the call began, in the stack's time zone")
DIRECTION = Column("direction", "string", "inbound or outbound, as seen from the account")
COUNTRY = Column("country", "string", "ISO 3166 alpha-2 of the other party")
CURRENCY = Column("currency", "string", "ISO 4217 code; null where neither vendor nor export says it")
COST = Column("cost", SUM, "what they cost, all fees in, those that are priced")
UNPRICED = Column("unpriced", "bigint", "rows without a cost yet")
LEGS = Column("legs", "bigint", "rows: a forked call has several")
CALLS = Column("calls", "bigint", "attempts: distinct `call_id`, and rows that have none")
RESULT = Column("result", "string", "busy, no_answer, cancelled, rejected, failed or unknown")
CAUSES = (
    Column("hangup_cause", "string", "hangup cause in the vendor's words"),
    Column("q850_cause", "smallint", "hangup cause as an ITU-T Q.850 code"),
    Column("sip_code", "smallint", "final SIP response code"),
)
BILLED = (
    Column("billed_s", "bigint", "seconds the vendor charges for"),
    Column("billed_minutes", "double", "the same in minutes"),
)

VIEWS: Mapping[str, tuple[Column, ...]] = {
    "calls_daily": (
        EXPORT, DAY, DIRECTION, COUNTRY, CURRENCY, LEGS, CALLS,
        Column("answered", "bigint", "calls that were answered"),
        Column("reached", "bigint", "calls that were answered, busy, not picked up, or rejected by the called party"),
        Column("asr", "double", "answer-seizure ratio: answered / calls; null where the request left failures out"),
        Column("ner", "double", "network effectiveness ratio: reached / calls; null where asr is"),
        Column("answered_s", "bigint", "seconds of answered calls, by the vendor's definition of duration"),
        Column("acd_s", "double", "average call duration: answered_s / answered"),
        Column("minutes", "double", "answered_s in minutes"),
        *BILLED, COST, UNPRICED,
        Column("effective_rate", "double", "cost / billed_minutes"),
    ),
    "coverage": (
        EXPORT, MONTH,
        Column("day", "date", "UTC date of the windows"),
        Column("state", "string", "complete, open, or the worst of its windows: lost, quarantined, stuck, unreachable"),
        Column("standing", "string", "of a complete day: final, or provisional (to be asked for again)"),
        Column("windows", "bigint", "windows of all sources"),
        Column("copied", "bigint", "windows with a verified copy"),
        Column("rows", "bigint", "rows of the copies"),
        Column("duration_s", "bigint", "seconds of the copies"),
        Column("cost", SUM, "cost of the copies"),
        Column("vendor_rows", "bigint", "the vendor's own count, where it gives one"),
        Column("vendor_cost", SUM, "the vendor's own total, where it gives one"),
        Column("complete_for", "string", "what the copies hold all of: all calls, or a filter's"),
        Column("revision", "bigint", "the highest revision of the copies"),
        Column("published_at", TIME, "when the last of them was published, UTC"),
        Column("reasons", "string", "why it is not copied, or not copied anew"),
        Column("receipt_key", "string", "key of the newest receipt"),
    ),
    "failures": (
        EXPORT, DAY,
        Column("hour", TIME, "hour the call began, in the stack's time zone"),
        DIRECTION, COUNTRY, RESULT, *CAUSES, LEGS,
        Column("calls", "bigint", "calls that no leg answered"),
    ),
    "legs": (
        EXPORT, DAY,
        Column("call", "string", "`call_id`, or `row_id` where there is none"),
        DIRECTION, COUNTRY, CURRENCY,
        Column("from_number", "string", "calling number in E.164", personal=True),
        Column("to_number", "string", "called number in E.164", personal=True),
        Column("started_at", TIME, "when its first leg began, UTC"),
        Column("answered_at", TIME, "when it was first answered, UTC"),
        Column("ended_at", TIME, "when its last leg ended, UTC"),
        Column("answered", "boolean", "whether a leg was answered"),
        Column("result", "string", "what became of it: that of its most telling leg, as all columns that are not sums"),
        *CAUSES, LEGS,
        Column("answered_s", "bigint", "seconds of its answered legs"),
        BILLED[0], COST, UNPRICED,
    ),
    "spend": (
        EXPORT,
        Column("month", "string", "YYYY-MM; of calls in the stack's time zone, of windows in UTC"),
        CURRENCY,
        Column("calls", "bigint", "rows of the month"),
        UNPRICED, BILLED[1], COST,
        Column("windows", "bigint", "windows of the month that are copied"),
        Column("windows_with_total", "bigint", "those of which the vendor gave its own total"),
        Column("windows_cost", SUM, "our sum over these"),
        Column("vendor_cost", SUM, "the vendor's sum over these"),
        Column("difference", SUM, "vendor_cost - windows_cost"),
    ),
}  # fmt: skip
