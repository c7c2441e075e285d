"""What is only known by doing it: a conditional PUT, each view once, a callback to ourselves."""

import os
import secrets
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from botocore.exceptions import ClientError

from cli.execution import Athena, Late
from cli.health.check import Check, again, fail, ok, warn
from cli.lines import Line, events
from cli.stack import Stack
from cli.wrong import Wrong
from infra.answers import VIEWS
from lambdas.core import keys
from lambdas.core.windows import DAY

PREFIX = f"{keys.QUARANTINE}probe/"  # what lies there expires, whatever becomes of us
LOST = ("PreconditionFailed", "412")
REFUSAL = "callbacks without a valid capability"
PATIENCE = 120.0  # seconds for a view
HEARD = 20.0  # seconds until the log must show a refusal
# Formed like a tag and a capability, of no stack and no report.
TAG = "cdr1.00000000.doctor.20000101T000000Z.86400.none.r0.a1.00000000"
TRUE = "that a true one wakes its execution shows only when a report waits: cdr show tells `wakes`"


def conditional(stack: Stack) -> Iterator[Check]:
    """Publishing rests on If-None-Match: the second PUT over a key must be refused."""
    s3, where = stack.place.client("s3"), {"Bucket": stack.outputs["Bucket"], "Key": f"{PREFIX}{secrets.token_hex(8)}"}
    s3.put_object(**where, Body=b"", IfNoneMatch="*")
    try:
        s3.put_object(**where, Body=b"", IfNoneMatch="*")
        yield fail(
            "conditional PUT",
            "S3 took a second one over the first",
            "no bucket for this exporter: it would publish twice",
        )
    except ClientError as error:
        if error.response["Error"].get("Code") not in LOST:
            raise
        yield ok("conditional PUT", "S3 refuses a second one over the first")
    finally:
        s3.delete_object(**where)  # not its version: a bucket that is kept denies that, and lifecycle takes it


def views(
    stack: Stack,
    *,
    today: date | None = None,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Check]:
    """One row of each view, of yesterday and today; the price is told."""
    athena = Athena(stack, clock=clock, pause=pause)
    for name in ("calls", *VIEWS):
        # No injection: names and days are ours, and the database's name is made of a checked stage.
        when = _lately(name, today or datetime.now(UTC).date())
        sql = f"SELECT * FROM {athena.database}.{name} WHERE {when} LIMIT 1"  # noqa: S608
        try:
            done = athena.run(sql, PATIENCE)
        except Late:
            told = f"no answer within {PATIENCE:.0f} s, so it was stopped: what it had scanned is billed"
            yield warn(f"view {name}", told, "Athena may be busy, or the days large: look again later")
        except Wrong as error:
            yield fail(f"view {name}", error.message, f"may you read the bucket? Else deploy again: {again(stack)}")
        else:
            yield ok(f"view {name}", f"answers in {done.seconds:.1f} s, {done.billed}")


def _lately(view: str, today: date) -> str:
    """Yesterday and today, in what the view is divided by; else it would scan the whole history."""
    since, columns = today - DAY, {one.name for one in VIEWS.get(view, ())}
    if not columns:
        return f"dt BETWEEN '{since}' AND '{today}'"
    if "day" in columns:
        return f"day BETWEEN DATE '{since}' AND DATE '{today}'"
    return f"month BETWEEN '{since:%Y-%m}' AND '{today:%Y-%m}'"


def callback(
    stack: Stack, *, clock: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
) -> Iterator[Check]:
    """A forged one: the door answers it as any other, and the callback's log tells that it was refused."""
    if not (url := stack.outputs.get("Api")):
        yield warn("callback", "there is no address: -c callback=off", "polling does without it")
        return
    began = datetime.now(UTC) - timedelta(seconds=5)
    status = _post(f"{url}/callbacks/{TAG}/{'A' * 32}")
    if status != 200:
        yield fail(
            "callback",
            f"a forged one was answered {status}, not 200",
            f"is the API there? Else deploy again: {again(stack)}",
        )
        return
    logs, group = stack.place.client("logs"), stack.logs()["Callback"]
    until = clock() + HEARD
    while clock() < until:
        lines = (Line.read("callback", event) for event in events(logs, group, began))
        if any(line and line.message == REFUSAL for line in lines):
            yield ok("callback", f"a forged one is answered 200 and refused, as the log shows; {TRUE}")
            return
        pause(1.0)
    yield warn("callback", f"answered 200, but the log shows no refusal within {HEARD:.0f} s",
               "it tells one a minute: look again in a minute")  # fmt: skip


def _post(url: str) -> int:
    """An empty POST, without credentials."""
    trust = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    asked = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"}, method="POST")  # noqa: S310 # our own API's
    try:
        with urllib.request.urlopen(asked, timeout=20, context=trust) as answer:  # noqa: S310 # the same
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        raise Wrong(f"{url.partition('/callbacks')[0]} does not answer: {error}") from None


PROBES: dict[str, Callable[[Stack], Iterator[Check]]] = {
    "conditional PUT": conditional,
    "views": views,
    "callback": callback,
}
