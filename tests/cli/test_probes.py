"""What `--probe` does: it deletes as the bucket's policy lets it, and asks about two days, never about all."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.health import probes
from cli.health.check import Level, looked
from cli.stack import Place, Stack
from infra.answers import VIEWS
from tests import world
from tests.cli.athena import Fake

TODAY = date(2026, 11, 1)


def guard(params: dict[str, Any], **_: Any) -> None:
    """As infra/buckets.py has it for a bucket that is kept."""
    if "VersionId" in params:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "explicit deny"}}, "DeleteObject")


class Guarded(Place):
    """S3 by moto, which nobody's right to delete versions is asked of, with that denied."""

    def client(self, service: str) -> Any:
        made: Any = boto3.client("s3", world.REGION)
        made.meta.events.register("provide-client-params.s3.DeleteObject", guard)
        return made


@pytest.fixture
def kept() -> Iterator[Stack]:
    with mock_aws():
        world.lake()
        yield Stack(Guarded("dev"), {"Bucket": "lake"}, "cdr-dev")


def test_the_probe_of_a_bucket_that_is_kept_leaves_nothing_but_a_version(kept: Stack) -> None:
    """The right to delete versions is denied to everybody there; lifecycle takes it."""
    (one,) = looked("conditional PUT", lambda: probes.conditional(kept))
    assert (one.level, one.said) == (Level.OK, "S3 refuses a second one over the first")
    assert "Contents" not in kept.place.client("s3").list_objects_v2(Bucket="lake", Prefix=probes.PREFIX)


class Asked(Place):
    """Athena alone."""

    fake: Fake

    def client(self, service: str) -> Any:
        assert service == "athena"
        return self.fake.client()


def asked(fake: Fake) -> Stack:
    place = Asked("dev")
    object.__setattr__(place, "fake", fake)
    return Stack(place, {"Workgroup": "cdr-dev", "Database": "cdr_dev", "Deploy": "npx cdk deploy -c stage=dev"})


def test_each_view_is_asked_about_two_days() -> None:
    """By what it is divided by, so that the history is not scanned; over a month's beginning too."""
    fake = Fake(looks=["SUCCEEDED"])
    found = list(probes.views(asked(fake), today=TODAY))
    sql = [what["QueryString"] for name, what in fake.asked if name == "StartQueryExecution"]
    assert [one.level for one in found] == [Level.OK] * 6
    assert all("$0.000065" in one.said for one in found)
    assert sql[0] == "SELECT * FROM cdr_dev.calls WHERE dt BETWEEN '2026-10-31' AND '2026-11-01' LIMIT 1"
    for name, one in zip(VIEWS, sql[1:], strict=True):
        day = "day BETWEEN DATE '2026-10-31' AND DATE '2026-11-01'"
        when = "month BETWEEN '2026-10' AND '2026-11'" if name == "spend" else day
        assert one.endswith(f"cdr_dev.{name} WHERE {when} LIMIT 1")


def test_a_view_that_takes_too_long_is_no_failure_and_names_no_option_of_another_command() -> None:
    """It is stopped, and that it costs is said."""
    fake, seconds = Fake(looks=["RUNNING"]), count(0.0, 100.0)
    first = next(probes.views(asked(fake), today=TODAY, clock=lambda: next(seconds), pause=lambda _: None))
    assert first.level is Level.WARN
    assert "StopQueryExecution" in fake.calls
    assert "120 s" in first.said
    assert "--" not in first.said + first.do


def test_a_view_that_is_broken_says_how_to_deploy() -> None:
    """With the stage's own command."""
    fake = Fake(looks=["FAILED"], reason="VIEW_IS_STALE")
    first = next(probes.views(asked(fake), today=TODAY))
    assert first.level is Level.FAIL
    assert first.do.endswith("npx cdk deploy -c stage=dev")
