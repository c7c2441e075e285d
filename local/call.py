"""One simulated call, with everything that either vendor tells of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Call:
    """All times are UTC in whole seconds, all money in USD with 8 decimals.

    `duration_s` runs from answer to end and is 0 when nobody answered; `billed_s` is the duration rounded up
    to the first increment, then to whole next ones; `cost` is None where the vendor has not priced it yet.
    `hangup_code` is a Q.850 cause up to 127 and a SIP code from 200, as Telnyx writes it.
    """

    row_id: str
    call_id: str
    sip_call_id: str
    account_id: str
    source: str
    direction: str
    from_number: str
    to_number: str
    to_full: str
    from_country: str
    to_country: str
    from_state: str
    to_state: str
    from_lata: str
    to_lata: str
    toll_free: bool
    line_information: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    recorded_at: datetime
    duration_s: int
    billed_s: int
    first_increment_s: int
    next_increment_s: int
    rate: Decimal
    connect_fee: Decimal
    usf_fee: Decimal
    ccrf: Decimal
    cnam_fee: Decimal
    cost_subtotal: Decimal
    cost: Decimal | None
    result: str
    record_type: int
    hangup_cause: str
    hangup_code: int
    sip_code: int
    sip_reason: str
    connection_id: str
    billing_group: str
    billing_group_id: str
    number_alias: str
    tags: tuple[str, ...]
    custom_tag: str
    customer_ip: str
    route: str
    pdd_ms: int
    mos: Decimal | None
