"""What goes wrong at any operation: it is refused or turned away, or its answer is spoiled on the way back."""

from math import ceil

from flask import Response, g, has_request_context, request

from local.vendors.faults import Faults, Plan
from local.vendors.http import Refusal, hang_up

REFUSED = {"unauthorized": 401, "forbidden": 403, "throttled": 429, "broken": 500}
INSTEAD = (*REFUSED, "page", "redirect")  # of the operation, which is not carried out
SPOILED = ("nothing", "truncated")
PAGE = "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body><h1>Be back soon</h1></body></html>\n"
WORDS = {"create": "create", "list": "list", "get": "retrieve", "retrieve": "retrieve", "delete": "delete"}


def operation() -> str | None:
    """Which operation the request at hand is, by the first word of its endpoint; None for any other."""
    endpoint = request.endpoint if has_request_context() else None
    return WORDS.get((endpoint or "").partition(" ")[0])


def refused(refusal: Refusal, plan: Plan, header: str) -> Refusal:
    """With the seconds of the fault, if it has any, in the header that says how long to wait."""
    if plan.seconds is not None:
        refusal.extra = {**refusal.extra, header: str(ceil(plan.seconds))}
    return refusal


def turned(fault: str, elsewhere: str) -> Response:
    """Not the vendor's answer but that of something in front of it."""
    g.foreign = True
    if fault == "redirect":
        return Response(status=302, headers={"Location": elsewhere})
    return Response(PAGE, mimetype="text/html")


def spoiled(answer: Response, faults: Faults) -> Response:
    """A success may be lost on the way back: all of it at a create, or its body, or half of that."""
    here = operation()
    if g.get("dropped") or g.get("foreign") or not 200 <= answer.status_code < 300:
        return answer
    if here == "create" and faults.take("dropped"):
        hang_up()
    elif plan := faults.first(SPOILED, here):
        _spoil(answer, plan.fault)
    return answer


def _spoil(answer: Response, fault: str) -> None:
    body = answer.get_data()
    answer.status_code = 200
    answer.set_data(b"" if fault == "nothing" else body[: len(body) // 2])
    if fault == "truncated":
        answer.content_length = len(body)
