"""What each question about calls must answer, in plain Python, from the calls that the simulated accounts had."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from math import ceil, floor
from typing import Any

from tests.local import proofs
from tests.local.legs import Known, Leg, grouped, hidden, minutes, ratio, total
from tests.local.matching import Between

REACHED = ("answered", "busy", "no_answer", "rejected")
TELLING = ("answered", "busy", "no_answer", "rejected", "failed", "cancelled")  # the most telling leg comes first
SHARE = 0.05  # an approximate percentile may be that far off


def answer(name: str, known: Known) -> list[Leg]:
    """The rows, in no order."""
    return [hidden(line) for line in ANSWERS[name](known)]


def calls_daily(known: Known) -> list[Leg]:
    return [_daily(key, legs, known) for key, legs in grouped(known.legs, *DAILY)]


DAILY = ("export", "day", "direction", "country", "currency")


def _daily(key: Leg, legs: list[Leg], known: Known) -> Leg:
    rates, billed = _rates(key, legs, known), total(legs, "billed_s") or 0
    seconds = rates.pop("answered_s") or 0
    return {
        **key,
        "legs": len(legs),
        **rates,
        "reached": _calls(leg for leg in legs if leg["result"] in REACHED),
        "answered_s": seconds,
        "minutes": seconds / 60,
        "billed_s": billed,
        "billed_minutes": billed / 60,
        **_cost(legs),
        "effective_rate": ratio(total(legs, "cost"), billed / 60),
    }


def _rates(key: Leg, legs: list[Leg], known: Known) -> Leg:
    calls, taken = _calls(legs), _calls(_taken(legs))
    reached, blind = _calls(leg for leg in legs if leg["result"] in REACHED), key["export"] in known.chosen
    seconds = total(_taken(legs), "duration_s")
    return {
        "calls": calls,
        "answered": taken,
        "asr": None if blind else taken / calls,
        "ner": None if blind else reached / calls,
        "answered_s": seconds,
        "acd_s": ratio(seconds, taken),
    }


def asr_by_hour(known: Known) -> list[Leg]:
    found = [{**key, **_rates(key, legs, known)} for key, legs in grouped(known.legs, "export", "hour", "direction")]
    return [{name: value for name, value in line.items() if name != "answered_s"} for line in found]


def failures(known: Known) -> list[Leg]:
    lost = (legs for _, legs in grouped(known.legs, "export", "day", "call") if not _taken(legs))
    causes = ("result", "hangup_cause", "q850_cause", "sip_code")
    keys = ("export", "day", "hour", "direction", "country", *causes)
    return [
        {**key, "legs": len(legs), "calls": _calls(legs)} for key, legs in grouped(chain.from_iterable(lost), *keys)
    ]


def legs(known: Known) -> list[Leg]:
    return [_folded(legs) for _, legs in grouped(known.legs, "export", "day", "call")]


def _folded(legs: list[Leg]) -> Leg:
    first = min(legs, key=lambda leg: (TELLING.index(leg["result"]), leg["started_at"], leg["row_id"]))
    told = (
        "export", "day", "call", "direction", "country", "currency", "from_number", "to_number", "answered", "result",
        "hangup_cause", "q850_cause", "sip_code",
    )  # fmt: skip
    return {
        **{name: first[name] for name in told},
        "started_at": min(leg["started_at"] for leg in legs),
        "answered_at": min((leg["answered_at"] for leg in legs if leg["answered_at"]), default=None),
        "ended_at": max(leg["ended_at"] for leg in legs),
        "legs": len(legs),
        "answered_s": total(_taken(legs), "duration_s"),
        "billed_s": total(legs, "billed_s"),
        **_cost(legs),
    }


def cost_per_minute_by_route(known: Known) -> list[Leg]:
    found = []
    for key, legs in grouped(known.legs, "export", "direction", "route", "currency"):
        spoken = minutes(total(_taken(legs), "duration_s"))
        each = ratio(total(legs, "cost"), spoken)
        found.append(
            {**key, "answered": _calls(_taken(legs)), "minutes": spoken, **_cost(legs), "cost_per_minute": each}
        )
    return found


def long_calls(known: Known) -> list[Leg]:
    told = (
        "export", "local_at", "direction", "from_number", "to_number", "country", "duration_s", "billed_s", "cost",
        "currency", "hangup_cause", "row_id",
    )  # fmt: skip
    least = 60 * known.values["minutes"]
    return [{name: leg[name] for name in told} for leg in _taken(known.legs) if leg["duration_s"] > least]


def new_callers(known: Known) -> list[Leg]:
    seen = {(leg["export"], leg["from_number"]) for leg in known.before if leg["direction"] == "inbound"}
    fresh = [
        leg
        for leg in known.legs
        if leg["direction"] == "inbound" and leg["from_number"] and (leg["export"], leg["from_number"]) not in seen
    ]
    return [
        {
            **key,
            "first_at": min(leg["local_at"] for leg in legs),
            "calls": _calls(legs),
            "answered": _calls(_taken(legs)),
            "minutes": minutes(total(_taken(legs), "duration_s")),
        }
        for key, legs in grouped(fresh, "export", "from_number", "country")
    ]


def new_prefixes(known: Known) -> list[Leg]:
    earlier, now = _prefixed(known.before, known), _prefixed(known.legs, known)
    seen = {(leg["export"], leg["prefix"]) for leg in earlier}
    fresh = (leg for leg in now if (leg["export"], leg["prefix"]) not in seen)
    return [
        {
            **key,
            "first_at": min(leg["local_at"] for leg in legs),
            "calls": _calls(legs),
            "billed_minutes": minutes(total(legs, "billed_s")),
            **_cost(legs),
        }
        for key, legs in grouped(fresh, "export", "country", "prefix", "currency")
    ]


def _prefixed(legs: Iterable[Leg], known: Known) -> list[Leg]:
    digits = known.values["digits"]
    return [
        {**leg, "prefix": leg["to_number"][:digits]}
        for leg in legs
        if leg["direction"] == "outbound" and leg["to_number"]
    ]


def pdd(known: Known) -> list[Leg]:
    told = [leg for leg in known.legs if leg["pdd"] is not None]
    return [
        {**key, "unit": "as the vendor writes it", "legs": len(legs), **_delays(sorted(leg["pdd"] for leg in legs))}
        for key, legs in grouped(told, "export", "direction", "country")
    ]


def _delays(delays: list[float]) -> Leg:
    return {"median": _near(delays, 0.5), "p95": _near(delays, 0.95), "longest": delays[-1]}


def _near(delays: list[float], share: float) -> Between:
    """Of few values no two engines make the same percentile: between the neighbours of its place."""
    place = share * len(delays)
    low, high = delays[max(0, floor(place) - 2)], delays[min(len(delays) - 1, ceil(place) + 1)]
    return Between(low * (1 - SHARE), high * (1 + SHARE))


def rounding_loss(known: Known) -> list[Leg]:
    told = [leg for leg in _taken(known.legs) if leg["billed_s"] is not None]
    keys = ("export", "direction", "first_increment_s", "next_increment_s", "currency")
    return [{**key, **_lost(legs)} for key, legs in grouped(told, *keys)]


def _lost(legs: list[Leg]) -> Leg:
    spoken, billed = total(legs, "duration_s"), total(legs, "billed_s")
    costs = [leg["rate"] * (leg["billed_s"] - leg["duration_s"]) / 60 for leg in legs if leg["rate"] is not None]
    return {
        "answered": len(legs),
        "spoken_s": spoken,
        "billed_s": billed,
        "lost_s": billed - spoken,
        "lost_share": ratio(billed - spoken, billed),
        "lost_cost": float(sum(costs)) if costs else None,
    }


def short_calls(known: Known) -> list[Leg]:
    taken = [{**leg, "prefix": _other(leg)[: known.values["digits"]]} for leg in _taken(known.legs)]
    found = []
    for key, legs in grouped(taken, "export", "direction", "country", "prefix", "currency"):
        short = [leg for leg in legs if leg["duration_s"] <= known.values["seconds"]]
        share, cost = len(short) / len(legs), total(short, "cost")
        if len(short) >= known.values["least"]:
            found.append({**key, "short": len(short), "answered": len(legs), "short_share": share, "cost": cost})
    return found


def _other(leg: Leg) -> str:
    end = "from" if leg["direction"] == "inbound" else "to"
    return str(leg[f"{end}_number"] or leg[f"{end}_raw"])


def spend_by_country(known: Known) -> list[Leg]:
    return _used(known.legs, "month", "export", "direction", "country", "currency")


def top_destinations(known: Known) -> list[Leg]:
    digits = known.values["digits"]
    out = [{**leg, "destination": _other(leg)[:digits]} for leg in known.legs if leg["direction"] == "outbound"]
    return _used(out, "export", "country", "destination", "currency", answered=True)


def usage_by_connection(known: Known) -> list[Leg]:
    keys = ("export", "connection_id", "billing_group", "account_id", "direction", "currency")
    return _used(known.legs, *keys, answered=True, spoken=True)


def _used(legs: Iterable[Leg], *keys: str, answered: bool = False, spoken: bool = False) -> list[Leg]:
    return [
        {
            **key,
            "calls": _calls(its),
            **({"answered": _calls(_taken(its))} if answered else {}),
            **({"minutes": minutes(total(_taken(its), "duration_s"))} if spoken else {}),
            "billed_minutes": minutes(total(its, "billed_s")),
            **_cost(its),
        }
        for key, its in grouped(legs, *keys)
    ]


def _cost(legs: list[Leg]) -> Leg:
    return {"cost": total(legs, "cost"), "unpriced": sum(leg["cost"] is None for leg in legs)}


def _calls(legs: Iterable[Leg]) -> int:
    return len({leg["call"] for leg in legs})


def _taken(legs: Iterable[Leg]) -> list[Leg]:
    return [leg for leg in legs if leg["answered"]]


ANSWERS: Mapping[str, Callable[[Known], list[dict[str, Any]]]] = {
    **{one.__name__: one for one in (
        asr_by_hour, calls_daily, cost_per_minute_by_route, failures, legs, long_calls, new_callers, new_prefixes, pdd,
        rounding_loss, short_calls, spend_by_country, top_destinations, usage_by_connection,
    )},
    **proofs.ANSWERS,
}  # fmt: skip
