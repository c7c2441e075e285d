"""`cdr release` publishes what the checks refused, from what was kept, and says so wherever the copy is told of."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cli import handing
from lambdas import copier, requester
from lambdas.core import acts, polling
from lambdas.core.errors import Broken, Refused, TryAgain
from lambdas.core.exports import parse
from lambdas.core.rows import Work, move
from lambdas.vendors import FACTS
from local.vendors.flowroute import Flowroute
from tests.cli.office import ARN, Office
from tests.test_copier import TEXT, published, read, told
from tests.world import REGION, Clock, World, world

DAY = datetime(2026, 11, 19, tzinfo=UTC)
WHY = "the vendor's count is known to be off by one, ticket 7"
Spoil = Callable[[bytes], bytes]


def shorter(text: bytes) -> bytes:
    """Less its last row: the vendor counts one more."""
    return text[: text[:-1].rindex(b"\n") + 1]


def cut(text: bytes) -> bytes:
    """Ends within a row."""
    return text[:-40]


def page(_text: bytes) -> bytes:
    """No CSV at all."""
    return b"<html><body>502</body></html>"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Flowroute]:
    with Flowroute(3, "f", clock=clock, per_day=30, callbacks="never") as one:
        yield one


@pytest.fixture
def office(vendor: Flowroute, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """One window, asked and ready."""
    text = TEXT.format(vendor, "flowroute", 1, "")
    with world(text, clock) as at:
        at.tick("f")
        clock.turn(minutes=5)
        yield Office(at, text, tmp_path).open(monkeypatch)


def quarantined(office: Office, vendor: Flowroute, spoil: Spoil, pack: Spoil = gzip.compress) -> bytes:
    """The window's report came, and did not pass; its text."""
    file = vendor.reports[office.at.row("f", DAY).report_id or ""].build.result().file
    text = spoil(gzip.decompress(file.read_bytes()))
    file.write_bytes(pack(text))
    copier.copy(told(office.at), office.at)
    assert office.only("f").state is Work.QUARANTINED
    office.at.tick("f")
    return text


def receipt(at: World) -> dict[str, Any]:
    (body,) = at.objects("receipts/").values()
    found: dict[str, Any] = json.loads(body)
    return found


def test_without_yes_nothing_is_changed(office: Office, vendor: Flowroute) -> None:
    """It is said how many rows would be published, and what the checks said."""
    quarantined(office, vendor, shorter)
    before, objects = office.only("f"), office.at.written()
    done = office.run("release", "f", "2026-11-19", "--why", WHY)
    assert (done.exit_code, office.only("f"), office.at.written()) == (0, before, objects)
    assert "would be released" in done.output and "the vendor counts" in done.output
    assert not office.bell.rung


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: text], ids=["gzip", "plain"])
def test_what_was_refused_is_published_as_it_came(office: Office, vendor: Flowroute, pack: Spoil) -> None:
    """Every row of the file once, the vendor not asked; receipt, row and coverage say who did it and why."""
    text = quarantined(office, vendor, shorter, pack)
    reason, asked = office.only("f").reason or "", len(vendor.requests)
    done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert done.exit_code == 0, done.output
    row = office.only("f")
    assert row.state is Work.DONE and row.published and row.published.act == "release"
    assert len(published(office.at, "f")) == row.published.rows == text.count(b"\n") - 1
    assert len(vendor.requests) == asked and office.bell.rung == ["f"]
    act = receipt(office.at)["act"]
    assert (act["did"], act["by"], act["why"], act["refused"]) == ("release", ARN, WHY, reason)
    assert "counts" in reason and row.said[-1]["by"] == ARN and reason in row.said[-1]["why"]
    covered = office.run("coverage", "f", "--until", "2026-11-20", "--json")
    (stretch,) = json.loads(covered.stdout)["exports"][0]["stretches"]
    assert (covered.exit_code, stretch["reasons"]) == (0, [f"released by an operator in spite of: {reason}"])


def test_its_raw_file_is_the_one_that_was_kept(office: Office, vendor: Flowroute) -> None:
    """Not written again, and `cdr raw` finds and checks it."""
    text, raw = quarantined(office, vendor, shorter, lambda text: text), office.at.objects("raw/")
    office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert office.at.objects("raw/") == raw
    assert office.run("raw", "f", "2026-11-19", "--plain", "--out", str(office.folder)).exit_code == 0
    (file,) = office.folder.glob("*.csv")
    assert file.read_bytes() == text


def test_a_second_run_finds_nothing_to_do(office: Office, vendor: Flowroute) -> None:
    """And says what the window is."""
    quarantined(office, vendor, shorter)
    office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    row, objects = office.only("f"), office.at.written()
    done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert (done.exit_code, office.only("f"), office.at.written()) == (0, row, objects)
    assert "it is done, not quarantined" in done.output


@pytest.mark.parametrize("spoil", [cut, page])
def test_what_is_cut_or_no_report_is_not_released(office: Office, vendor: Flowroute, spoil: Spoil) -> None:
    """It is no question of numbers."""
    quarantined(office, vendor, spoil)
    done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert done.exit_code == 1
    assert "not released" in done.output and office.only("f").state is Work.QUARANTINED
    assert not office.at.objects("calls/")


def test_another_file_than_the_refused_one_is_not_released(office: Office, vendor: Flowroute) -> None:
    """Somebody wrote over it."""
    text = quarantined(office, vendor, shorter)
    (key,) = office.at.objects("raw/")
    boto3.client("s3", REGION).put_object(Bucket="lake", Key=key, Body=gzip.compress(shorter(text)))
    done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert done.exit_code == 1 and "its SHA-256 is another" in done.output
    assert not office.at.objects("calls/")


def test_all_of_one_reason_are_released_and_no_other(office: Office, vendor: Flowroute) -> None:
    """--all wants words of the reason."""
    quarantined(office, vendor, shorter)
    assert office.run("release", "f", "--all", "--why", WHY, "--yes").exit_code == 2
    for which in (["--all"], ["2026-11-19"]):
        done = office.run("release", "f", *which, "--reason", "cost is", "--why", WHY, "--yes")
        assert (done.exit_code, done.stdout) == (1, "nothing was changed\n")
        assert done.stderr == f"none is quarantined with these words; there are: {office.only('f').reason}\n"
        assert office.only("f").state is Work.QUARANTINED
    assert office.run("release", "f", "--all", "--reason", "Vendor Counts", "--why", WHY, "--yes").exit_code == 0
    assert office.only("f").state is Work.DONE
    done = office.run("release", "f", "--all", "--reason", "cost is", "--why", WHY, "--yes")
    assert (done.exit_code, done.output) == (0, "no such window\n")  # nothing is quarantined any more


class Killed(BaseException):
    """The process is no more."""


def test_dying_before_the_move_is_healed_by_another_run(
    office: Office, vendor: Flowroute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is there and the ledger does not know it: it is replaced, under its own ETag."""
    text = quarantined(office, vendor, shorter)
    genuine = handing.Released.publish

    def dies(self: handing.Released, *how: Any) -> Any:
        genuine(self, *how)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(handing.Released, "publish", dies)
        with pytest.raises(Killed):
            office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert office.only("f").state is Work.QUARANTINED and office.at.objects("calls/")
    done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    row = office.only("f")
    assert done.exit_code == 0 and row.state is Work.DONE and row.published
    (calls,) = office.at.objects("calls/").values()
    there = office.at.lake.etag(row.published.key)
    assert there and there[0] == row.published.etag and len(read(calls)) == text.count(b"\n") - 1


def test_a_requester_that_moves_it_meanwhile_wins(
    office: Office, vendor: Flowroute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release is told that it lost, before anything is published."""
    quarantined(office, vendor, shorter)
    genuine = handing.Released.publish

    def late(self: handing.Released, *how: Any) -> Any:
        row = office.only("f")
        office.at.ledger.apply(row, replace(move(row, "reexport", revision=1), due_at=office.at.now()))
        return genuine(self, *how)

    monkeypatch.setattr(handing.Released, "publish", late)
    done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert done.exit_code == 1 and "somebody else moved it" in done.output
    assert office.only("f").state is Work.PLANNED and not office.at.objects("calls/")


def test_a_later_re_export_replaces_what_was_released(office: Office, vendor: Flowroute, clock: Clock) -> None:
    """By the vendor's own, under the fence, and the act is over."""
    quarantined(office, vendor, shorter)
    office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    clock.turn(days=1)
    office.at.quiet()
    row = office.at.row("f", DAY)
    assert row.state is Work.DONE and row.revision >= 1 and row.published and row.published.act is None
    assert row.said[-1]["did"] == "release"
    truth = vendor.calls.between(DAY, DAY + timedelta(days=1))
    assert row.published.rows == len(list(truth))


def test_another_exports_toml_or_code_than_the_deployed_one_publishes_nothing(
    office: Office, vendor: Flowroute
) -> None:
    """Where numbers are masked, a file without that line would publish them."""
    quarantined(office, vendor, shorter)
    row, objects = office.only("f"), office.at.written()
    masked = parse(office.text.replace("start =", 'numbers = "mask"\nstart ='), "dev", FACTS).digest
    same = dict(office.bell.told)
    for other, said in (
        ({"CDR_EXPORTS": masked}, "--exports FILE"),
        ({"CDR_VERSION": "0.0.1"}, "the copier is of 0.0.1"),
    ):
        office.bell.told = {**same, **other}
        done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
        assert (done.exit_code, office.only("f"), office.at.written()) == (2, row, objects)
        assert said in done.stderr and "deploy" in done.stderr and "-c stage=dev" in done.stderr
    office.bell.told = {}
    assert office.run("release", "f", "2026-11-19", "--why", WHY).exit_code == 2


def failing(error: Exception) -> Callable[..., Any]:
    """A copier to which this happens as it writes."""

    def fails(_self: Any, *_how: Any) -> Any:
        raise error

    return fails


DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
FAILS: dict[str, tuple[Exception, str]] = {
    "denied": (DENIED, "the credentials may not PutObject"),
    "no connection": (EndpointConnectionError(endpoint_url="https://s3"), "https://s3 does not answer"),
    "try again": (TryAgain("the object changed while it was replaced"), "while it was replaced: run this again"),
    "refused": (Refused("no key"), ": no key"),
    "broken": (Broken("an empty file"), "its file is cut or damaged: an empty file"),
    "zlib": (zlib.error("bad"), "its file is cut or damaged: bad"),
}


@pytest.mark.parametrize(("error", "said"), FAILS.values(), ids=FAILS)
def test_what_goes_wrong_is_told_as_what_it_is(
    office: Office, vendor: Flowroute, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    """With the window, for the others go on; and only a damaged file is called one."""
    quarantined(office, vendor, shorter)
    monkeypatch.setattr(handing.Released, "_published", failing(error))
    done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert done.exit_code == 1 and said in done.stdout
    assert ("damaged" in done.output) is ("damaged" in said) and not done.stderr


def test_an_import_that_fails_leaves_the_note_where_release_finds_it(
    office: Office, vendor: Flowroute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it writes before anything is published is that it holds the window."""
    text = quarantined(office, vendor, shorter)
    before = office.only("f")
    file = office.folder / "saved.csv"
    file.write_bytes(text)
    span = ("--from", "2026-11-19", "--to", "2026-11-20")
    with monkeypatch.context() as patch:
        patch.setattr(handing.Imported, "_published", failing(DENIED))
        done = office.run("import", "f", str(file), *span, "--yes")
    assert done.exit_code == 1 and "the credentials may not PutObject" in done.output
    row = office.only("f")
    assert row == replace(before, version=before.version + 1, due_at=row.due_at)
    assert office.run("release", "f", "2026-11-19", "--why", WHY, "--yes").exit_code == 0
    assert office.only("f").state is Work.DONE


def test_a_window_is_held_from_its_publishing_on(
    office: Office, vendor: Flowroute, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the reading took: the requester, that ticks meanwhile, finds nothing due."""
    quarantined(office, vendor, shorter)
    due = office.only("f").due_at
    assert due
    read, publishes, held = handing.Released.read, handing.Released._published, list[datetime | None]()

    def slow(self: handing.Released, *how: Any, **which: Any) -> Any:
        made = read(self, *how, **which)
        clock.now = due + timedelta(hours=5)
        return made

    def ticked(self: handing.Released, *how: Any) -> Any:
        requester.tick("f", office.at)
        row = office.at.row("f", DAY)
        held.append(row.due_at)
        assert (row.version, row.due_at) == (self.row.version, self.row.due_at)
        return publishes(self, *how)

    monkeypatch.setattr(handing.Released, "read", slow)
    monkeypatch.setattr(handing.Released, "_published", ticked)
    done = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert done.exit_code == 0 and held == [clock.now + acts.HOLD], done.output
    assert office.at.row("f", DAY).state is Work.DONE


def test_no_number_of_the_justification_is_kept(office: Office, vendor: Flowroute) -> None:
    """Neither in the receipt nor with the window nor in what is printed."""
    quarantined(office, vendor, shorter)
    done = office.run("release", "f", "2026-11-19", "--why", "+12065550123 said so", "--yes")
    assert done.exit_code == 0
    told = json.dumps([receipt(office.at)["act"], *office.only("f").said])
    assert "5550123" not in told + done.output and told.count("[number] said so") == 2


def test_while_it_is_released_the_requester_leaves_it_alone(office: Office, vendor: Flowroute, clock: Clock) -> None:
    """Also at a re-export's age, until the hold is over."""
    quarantined(office, vendor, shorter)
    row = office.only("f")
    clock.now = row.due_at or clock.now
    office.at.ledger.apply(row, acts.held(row, office.at.now()))
    requester.tick("f", office.at)
    assert office.at.row("f", DAY).state is Work.QUARANTINED


def test_a_release_lasts(office: Office, vendor: Flowroute, clock: Clock) -> None:
    """The same bytes at the next re-export are what somebody has looked at: kept, and told as released as before."""
    text = quarantined(office, vendor, shorter)
    released = office.run("release", "f", "2026-11-19", "--why", WHY, "--yes")
    assert released.exit_code == 0, released.output
    office.at.tick("f")
    done = office.only("f")
    again = move(done, "reexport", revision=done.revision + 1, due_at=clock.now, **polling.blank())
    office.at.ledger.apply(done, again)
    office.at.tick("f")
    clock.turn(minutes=5)
    file = vendor.reports[office.only("f").report_id or ""].build.result().file
    file.write_bytes(gzip.compress(text))
    copier.copy(told(office.at), office.at)
    row = office.only("f")
    assert row.state is Work.DONE and row.published
    assert (row.published.act, row.published.revision, row.revision) == ("release", 0, 1)
