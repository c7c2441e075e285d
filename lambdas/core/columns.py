"""The columns of `calls_all`: the one list from which Parquet, Glue, the views and docs/schema.md come."""

from dataclasses import dataclass

MONEY = "decimal(18,8)"
TIME = "timestamp"


@dataclass(frozen=True)
class Column:
    """One column; `athena` is its Glue and Athena type, `personal` says that it may hold a person's number."""

    name: str
    athena: str
    doc: str
    personal: bool = False


def _c(name: str, athena: str, doc: str, *, personal: bool = False) -> Column:
    return Column(name, athena, doc, personal)


COLUMNS: tuple[Column, ...] = (
    _c("row_id", "string", "the vendor's identity of the row; else a hash of the row and its ordinal among equals"),
    _c("call_id", "string", "the vendor's identity of the call; forked legs share it"),
    _c("sip_call_id", "string", "the SIP Call-ID header; joins forked legs too", personal=True),
    _c("source", "string", "which of the vendor's record sources: calls, call-control, ..."),
    _c("direction", "string", "inbound or outbound, as seen from the account"),
    _c("from_number", "string", "calling number in E.164, only where its numbering plan allows it", personal=True),
    _c("to_number", "string", "called number in E.164, only where its numbering plan allows it", personal=True),
    _c("from_raw", "string", "calling party as the vendor wrote it", personal=True),
    _c("to_raw", "string", "called party as the vendor wrote it", personal=True),
    _c("from_country", "string", "ISO 3166 alpha-2 of the calling side"),
    _c("to_country", "string", "ISO 3166 alpha-2 of the called side"),
    _c("toll_free", "boolean", "whether the called number is toll-free"),
    _c("country_from", "string", "where the countries come from: number"),
    _c("started_at", TIME, "when the call began, UTC"),
    _c("answered_at", TIME, "when it was answered, UTC; null if it was not"),
    _c("ended_at", TIME, "when it ended, UTC"),
    _c("duration_s", "bigint", "seconds, by the vendor's definition of duration"),
    _c("billed_s", "bigint", "seconds the vendor charges for"),
    _c("first_increment_s", "bigint", "seconds of the first billing step"),
    _c("next_increment_s", "bigint", "seconds of each further billing step"),
    _c("pdd_ms", "bigint", "post-dial delay in milliseconds"),
    _c("answered", "boolean", "whether the call was answered"),
    _c("result", "string", "answered, busy, no_answer, cancelled, rejected, failed or unknown"),
    _c("hangup_cause", "string", "hangup cause in the vendor's words"),
    _c("q850_cause", "smallint", "hangup cause as an ITU-T Q.850 code, 1 to 127"),
    _c("sip_code", "smallint", "final SIP response code"),
    _c("sip_reason", "string", "final SIP reason phrase"),
    _c("rate", MONEY, "price a minute"),
    _c("cost", MONEY, "what the call costs, all fees in; null: not priced yet"),
    _c("cost_subtotal", MONEY, "the cost before fees"),
    _c("fees", MONEY, "all fees together"),
    _c("connect_fee", MONEY, "connect fee"),
    _c("usf_fee", MONEY, "universal service fund fee"),
    _c("ccrf", MONEY, "carrier cost recovery fee"),
    _c("cnam_fee", MONEY, "caller name lookup fee"),
    _c("currency", "string", "ISO 4217 code where the vendor says it or the export sets it"),
    _c("connection_id", "string", "the connection (trunk) the call used"),
    _c("billing_group", "string", "the vendor's billing group"),
    _c("account_id", "string", "the vendor's (sub-)account"),
    _c("number_alias", "string", "the account's own name for its number", personal=True),
    _c("peer_ip", "string", "address of the customer's SIP peer", personal=True),
    _c("route", "string", "the route the call took"),
    _c("tags", "string", "the account's tags"),
    _c("mos", "double", "mean opinion score, 1 to 5"),
    _c("from_state", "string", "state of the calling side"),
    _c("to_state", "string", "state of the called side"),
    _c("from_lata", "string", "LATA of the calling side"),
    _c("to_lata", "string", "LATA of the called side"),
    _c("in_window", "boolean", "whether the call began inside the window it was exported for"),
    _c("boundary", "boolean", "whether a neighbouring window may hold this row too"),
    _c(
        "extra",
        "map<string,string>",
        "what has no column, and what did not parse, under its own heading",
        personal=True,
    ),
)

# Hive partitions: they stand in the object's key, not in the file.
PARTITIONS: tuple[Column, ...] = (
    _c("export", "string", "name of the export in exports.toml"),
    _c("dt", "string", "UTC date of the window, YYYY-MM-DD"),
)
