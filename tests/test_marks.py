"""A search that finds nothing is worth something only where it is shown to find."""

import gzip
import json
import logging
from base64 import b64encode
from collections.abc import Callable
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import boto3
import click
import pytest
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.logs import log, measure
from tests import marks, sweep
from tests.test_faults import story
from tests.world import REGION, SECRETS, Clock, World, world

KEY, PAIR = json.loads(SECRETS["flowroute"])["secret_key"], json.loads(SECRETS["flowroute"]).values()
BASIC = b64encode(":".join(PAIR).encode()).decode()
LINK = "https://host/a.csv?X-Amz-Signature=0a1b"
Plant = Callable[[World, str], None]


def put(key: str, data: str | bytes = b"", **how: Any) -> None:
    body = data.encode() if isinstance(data, str) else data
    boto3.client("s3", REGION).put_object(Bucket="lake", Key=key, Body=body, **how)


def replaced(_: World, mark: str) -> None:
    put("receipts/b.json", mark)
    put("receipts/b.json", "{}")


def item(_: World, mark: str) -> None:
    told: Any = {"export": {"S": "x"}, "sk": {"S": "y"}, "a": {"M": {"b": {"L": [{"S": f"it is {mark} here"}]}}}}
    boto3.client("dynamodb", REGION).put_item(TableName="ledger", Item=told)


def named(mark: str) -> None:
    boto3.client("secretsmanager", REGION).create_secret(Name=mark)


def warned(_: World, mark: str) -> None:
    logging.getLogger("some.library").warning("could not get %s", mark)


def raised(_: World, mark: str) -> None:
    try:
        raise ValueError(mark)
    except ValueError:
        log().exception("it failed")


PLANTS: dict[str, tuple[str, Plant]] = {
    "printed": ("emitted", lambda _, mark: click.echo(mark)),
    "written to the other stream": ("emitted", lambda _, mark: click.echo(mark, err=True)),
    "logged as a fact": ("emitted", lambda _, mark: log().info("x", extra={"fact": {"deep": [mark]}})),
    "logged by a library": ("emitted", warned),
    "in a traceback": ("emitted", raised),
    "a metric's dimension": ("emitted", lambda _, mark: measure(mark, Lag=(MetricUnit.Seconds, 1.0))),
    "in the ledger": ("table ledger", item),
    "an execution's name": ("an execution's name", lambda at, mark: at.executions.start(mark, {})),
    "an execution's input": ("an execution's input", lambda at, mark: at.executions.start("n", {"a": [mark]})),
    "a secret's name": (
        "a secret's name",
        lambda _, mark: named(mark),
    ),
    "a key": ("an object's key", lambda _, mark: put(f"raw/{mark}")),
    "metadata": ("what is told of raw/a", lambda _, mark: put("raw/a", Metadata={"a": mark})),
    "a tag": ("what is told of raw/b", lambda _, mark: put("raw/b", Tagging=urlencode({"a": mark}))),
    "a header": ("what is told of raw/c", lambda _, mark: put("raw/c", ContentDisposition=mark)),
    "a receipt": ("receipts/a.json", lambda _, mark: put("receipts/a.json", f'{{"a":"{mark}"}}')),
    "an older version": ("receipts/b.json", replaced),
    "the proof": ("ledger/a.json.gz", lambda _, mark: put("ledger/a.json.gz", gzip.compress(mark.encode()))),
    "why it is kept aside": ("quarantine/a.json", lambda _, mark: put("quarantine/a.json", mark)),
}
NUMBER = "+12065550123"


@pytest.mark.parametrize("mark", [KEY, BASIC, NUMBER], ids=["key", "basic", "number"])
def test_a_mark_is_found_wherever_it_stands(mark: str) -> None:
    """In each place that the sweep looks at, and told by its place, not whole; at its end the world fails."""
    with pytest.raises(AssertionError) as found, made() as at:
        put("quarantine/x.rejects.json", NUMBER)  # the number of a call: it may stand there
        for name, (where, plant) in PLANTS.items():
            at.emitted.said.clear()
            before = set(map(str, sweep.leaks(at)))
            plant(at, mark)
            new = set(map(str, sweep.leaks(at))) - before
            assert any(one.startswith(where) for one in new), name
            assert not any(mark in one for one in new), name
        at.emitted.said.clear()
    assert "an object's key: " in str(found.value)


def test_a_link_a_capability_and_a_token_are_found() -> None:
    """Whoever made the link; the capability of each tag that the ledger and the lake have; a token that was used."""
    with made() as at:
        pass  # it is clean without them
    for leak in ("link", "capability", "token"):
        with pytest.raises(AssertionError, match=r"a link|a capability|a task token"), made() as at:
            tag = "cdr1.0a1b2c3d.main.20261119T000000Z.86400.calls.r0.a1.0a1b2c3d"
            put("raw/a", Metadata={"tag": tag})
            at.executions.wake("AQB8AAAAKgAAAAMtoken")
            click.echo({"link": LINK, "capability": at.capability(tag), "token": "AQB8AAAAKgAAAAMtoken"}[leak])


def test_a_number_is_found_however_it_is_written() -> None:
    """National, with what people write between its digits, within other text; not a part of a longer one."""
    known = marks.marks_of({}, [NUMBER, "+442079460123"])
    for text in (
        "12065550123",
        "(206) 555-0123",
        "x2065550123y",
        "tel:+1-206-555-0123",
        "020 7946 0123",
        "0012065550123",
    ):
        assert list(known.found("here", text)), text
    for text in ("120655501234567", "2026-11-20T12:00:00", "5550123"[:6], ""):
        assert not list(known.found("here", text)), text


def test_a_secret_is_found_in_each_form() -> None:
    """As a URL and JSON write it, in both alphabets of base64, and the pair as HTTP sends it."""
    known = marks.marks_of({"s": json.dumps({"a": 'one"two/x', "b": "three>>>?"})})
    for text in (
        'one\\"two/x',
        "one%22two%2Fx",
        b64encode(b'one"two/x').decode(),
        b64encode(b'one"two/x:three>>>?').decode(),
    ):
        assert list(known.found("here", f"<{text}>")), text


def test_the_data_may_hold_numbers_and_a_row_its_request() -> None:
    """But for nothing else: a key is not looked for in the data, which are the vendor's."""
    with made():
        put("raw/a.csv.gz", gzip.compress(NUMBER.encode()))
        told: Any = {"export": {"S": "x"}, "sk": {"S": "y"}, "fields": {"M": {"did_number": {"S": NUMBER}}}}
        boto3.client("dynamodb", REGION).put_item(TableName="ledger", Item=told)


def test_the_sweep_costs_little() -> None:
    """Milliseconds for each of hundreds of worlds."""
    with story("flowroute", days=2) as one:
        one.at.quiet()
        began = perf_counter()
        assert not list(sweep.leaks(one.at))
        spent = perf_counter() - began
        known = sweep.marks(one.at, list(sweep.stored()))
    assert len(known.numbers) > 50
    assert len(known.words) > 5
    assert spent < 1, spent


def made() -> Any:
    return world('[[export]]\nname = "main"\nvendor = "flowroute"\nstart = "-1d"', Clock())
