"""`cdr import` fills windows from saved files so that each call counts once, and leaves what is copied as it is."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cli import handing
from cli.acting import Desk
from cli.stack import Place, Stack
from lambdas.core.acts import By
from lambdas.core.exports import parse
from lambdas.core.rows import Row, Work, move
from lambdas.core.windows import DAY
from lambdas.vendors import FACTS
from local.vendors.telnyx import Telnyx
from tests.cli.office import ARN, Office
from tests.test_copier import TEXT, by_day, published
from tests.world import REGION, Clock, World, world

START = datetime(2026, 11, 17, tzinfo=UTC)
SPAN = ("--from", "2026-11-17", "--to", "2026-11-20")
MINE = "max_in_flight = 8\nreexport = []\noptions = { source = 'calls' }"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Telnyx]:
    """One that selects by a call's end, which its document does not say."""
    with Telnyx(5, "t", clock=clock, per_day=60, axis="end") as one:
        yield one


@pytest.fixture
def office(vendor: Telnyx, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Three days, copied, and their files saved."""
    text = TEXT.format(vendor, "telnyx", 3, MINE)
    with world(text, clock) as at:
        at.tick("t")
        at.run()
        yield Office(at, text, tmp_path).open(monkeypatch)


def saved(at: World, folder: Path, pack: Callable[[bytes], bytes] = bytes, name: str = "saved.csv") -> Path:
    """What somebody saved from the portal: all days in one file, each call once, the newest first."""
    lines = dict[bytes, None]()
    for body in at.objects("raw/").values():
        head, *rows = gzip.decompress(body).splitlines(keepends=True)
        lines |= dict.fromkeys(rows)
    path = folder / name
    path.write_bytes(pack(head + b"".join(reversed(lines))))
    return path


def lose(at: World, *days: int, state: Work = Work.LOST) -> None:
    """As if the vendor had given nothing for these days."""
    for row in at.rows("t"):
        if (row.window.start - START).days in days:
            gone: dict[str, Any] = {"state": state, "published": None, "reason": "gone", "due_at": None, "news": False}
            at.ledger.apply(row, replace(row, version=row.version + 1, **gone))
            at.lake._client.delete_object(Bucket="lake", Key=row.published.key if row.published else "")


def states(at: World) -> list[str]:
    return [str(row.state) for row in at.rows("t")]


def receipts(at: World, row: Row) -> dict[str, Any]:
    assert row.published
    found: dict[str, Any] = json.loads(at.objects("receipts/")[row.published.receipt])
    return found


def zipped(text: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("calls.csv", text)
    return body.getvalue()


def test_lost_windows_are_filled_and_each_call_counts_once(office: Office) -> None:
    """Rows, seconds and cost of each day as before, beside windows that the vendor selected by another time."""
    at, before = office.at, by_day(published(office.at, "t"))
    file = saved(at, office.folder)
    lose(at, 1)
    assert by_day(published(at, "t")) != before
    done = office.run("import", "t", str(file), *SPAN, "--why", "saved on the 19th", "--yes")
    assert done.exit_code == 0, done.output
    assert states(at) == ["done"] * 3 and office.bell.rung == ["t"]
    assert by_day(published(at, "t")) == before
    row = at.row("t", START + DAY)
    act = receipts(at, row)["act"]
    assert (act["did"], act["by"], act["why"]) == ("import", ARN, "saved on the 19th")
    assert len(act["files"]) == 64 and str(office.folder) not in json.dumps(act)
    assert row.published and (row.published.act, row.published.asked) == ("import", None)
    covered = office.run("coverage", "t", "--until", "2026-11-20", "--json")
    reasons = [why for one in json.loads(covered.stdout)["exports"][0]["stretches"] for why in one["reasons"]]
    assert (covered.exit_code, reasons) == (0, ["imported by an operator from a saved file"])


def test_packed_files_fill_all_windows(office: Office) -> None:
    """Gzip and zip as well; nothing of the vendor's is left, and each day has what it had."""
    at, whole = office.at, by_day(published(office.at, "t"))
    files = [saved(at, office.folder, pack, name) for pack, name in ((gzip.compress, "a.csv.gz"), (zipped, "a.zip"))]
    for file in files:
        lose(at, 0, 1, 2)
        assert office.run("import", "t", str(file), *SPAN, "--yes").exit_code == 0
        found = by_day(published(at, "t"))
        days = [(START + n * DAY).date() for n in range(3)]
        assert {day: found[day] for day in days} == {day: whole[day] for day in days}


def test_without_yes_it_is_told_what_would_be_filled(office: Office) -> None:
    """By window and rows; what is copied is counted and left."""
    at, file = office.at, saved(office.at, office.folder)
    lose(at, 1)
    rows, objects = at.rows("t"), at.written()
    done = office.run("import", "t", str(file), *SPAN, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert not told["changed"] and [one["to"] for one in told["windows"]] == [None, "done", None]
    assert [one["why"] for one in told["windows"]][::2] == ["it is copied already"] * 2
    assert all("rows" in one["facts"] for one in told["windows"])
    assert (at.rows("t"), at.written()) == (rows, objects)


def test_what_the_files_do_not_cover_whole_is_not_filled(office: Office) -> None:
    """A window that reaches beyond what they are complete for stays as it is; its rows are told."""
    file = saved(office.at, office.folder)
    lose(office.at, 0, 1, 2)
    done = office.run("import", "t", str(file), "--from", "2026-11-17T06:00Z", "--to", "2026-11-19", "--yes")
    assert done.exit_code == 0, done.output
    assert states(office.at) == ["lost", "done", "lost"]
    assert "rows began outside of [--from, --to)" in done.stderr


def test_a_second_run_changes_nothing(office: Office) -> None:
    """It finds the window copied."""
    file = saved(office.at, office.folder)
    lose(office.at, 1)
    office.run("import", "t", str(file), *SPAN, "--yes")
    rows, objects = office.at.rows("t"), office.at.written()
    done = office.run("import", "t", str(file), *SPAN, "--yes")
    assert (done.exit_code, office.at.rows("t"), office.at.written()) == (0, rows, objects)


def test_several_files_of_other_columns_and_doubled_rows_are_one(office: Office) -> None:
    """Each keeps its own header; a call that two files hold counts once."""
    at, whole = office.at, by_day(published(office.at, "t"))
    file = saved(at, office.folder)
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8"))))
    other = office.folder / "other.csv"
    with other.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows([*reversed(row)] for row in rows)
    lose(at, 1)
    done = office.run("import", "t", str(file), str(other), *SPAN, "--yes")
    assert done.exit_code == 0, done.output
    assert by_day(published(at, "t")) == whole
    row = at.row("t", START + DAY)
    receipt = receipts(at, row)
    assert row.published and receipt["repeated"] == receipt["rows"] and len(row.published.raw) == 2


def test_raw_holds_the_rows_of_the_window_as_they_came(office: Office) -> None:
    """With the header, to the letter."""
    file = saved(office.at, office.folder)
    lose(office.at, 1)
    office.run("import", "t", str(file), *SPAN, "--yes")
    row = office.at.row("t", START + DAY)
    assert row.published
    (key,) = row.published.raw
    head, *lines = gzip.decompress(office.at.objects("raw/")[key]).splitlines(keepends=True)
    there = file.read_bytes().splitlines(keepends=True)
    assert head == there[0] and set(lines) <= set(there[1:]) and len(lines) >= row.published.rows > 0


WRONG: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda text: text[:-9], "the last line has no end"),
    "a quote": (lambda text: text + b'"a\n', "quote is left open"),
    "no calls": (lambda _text: b"a,b\n1,2\n", "no column says when a call began"),
    "another month": (lambda text: text.replace(b"2026-11-", b"2026-10-"), "are these the right files"),
    "no times": (lambda text: text.replace(b"2026-11-18", b"18.11."), "have no start that can be read"),
    "a cut gzip": (lambda text: gzip.compress(text)[:-20], "gzip"),
}


def test_a_file_that_is_not_right_changes_nothing(office: Office) -> None:
    """Status 2, and what is wrong."""
    text = saved(office.at, office.folder).read_bytes()
    lose(office.at, 1)
    rows, objects = office.at.rows("t"), office.at.written()
    for name, (spoil, said) in WRONG.items():
        file = office.folder / "wrong.csv"
        file.write_bytes(spoil(text))
        done = office.run("import", "t", str(file), *SPAN, "--yes")
        assert done.exit_code == 2 and said in done.stderr, name
        assert "+1" not in done.output
    assert (office.at.rows("t"), office.at.written()) == (rows, objects)


def test_rows_that_do_not_parse_keep_a_window_back(office: Office) -> None:
    """By the copier's own limits; the other windows are filled."""
    at = office.at
    file = saved(at, office.folder)
    head, *lines = file.read_bytes().splitlines(keepends=True)
    torn = [line.rstrip() + b",x,y\n" if b"2026-11-18 12:" in line else line for line in lines]
    assert torn != lines
    file.write_bytes(head + b"".join(torn))
    lose(at, 0, 1)
    done = office.run("import", "t", str(file), *SPAN, "--yes")
    assert done.exit_code == 1 and "rows do not parse" in done.output
    assert states(at) == ["done", "lost", "done"]


def test_what_aws_refuses_is_told_and_the_others_go_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was filled by then is told as well."""
    at, file = office.at, saved(office.at, office.folder)
    lose(at, 0, 1, 2)
    genuine = handing.Imported.publish

    def busy(self: handing.Imported, *how: Any) -> Any:
        if self.row.window.start == START + DAY:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "less"}}, "PutObject")
        return genuine(self, *how)

    monkeypatch.setattr(handing.Imported, "publish", busy)
    done = office.run("import", "t", str(file), *SPAN, "--yes", "--json")
    told = json.loads(done.stdout)["windows"]
    assert done.exit_code == 1 and [one["to"] for one in told] == ["done", None, "done"]
    assert told[1]["why"] == "PutObject: less (SlowDown)" and office.bell.rung == ["t"]
    assert states(at) == ["done", "lost", "done"]


def test_an_earlier_copy_is_not_replaced(office: Office) -> None:
    """Though a newer file of the window did not pass the checks."""
    at, file = office.at, saved(office.at, office.folder)
    row = at.row("t", START + DAY)
    at.ledger.apply(
        row, replace(row, version=row.version + 1, state=Work.QUARANTINED, news=False, stale_since=at.now())
    )
    rows, objects = at.rows("t"), at.written()
    done = office.run("import", "t", str(file), *SPAN, "--yes")
    assert (done.exit_code, at.rows("t"), at.written()) == (0, rows, objects)
    assert "`cdr release` publishes the newer file" in done.output


class Killed(BaseException):
    """The process is no more."""


def test_dying_before_the_move_is_healed_by_another_run(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The object is there, the ledger does not know it yet, and the next run replaces it."""
    at, before = office.at, by_day(published(office.at, "t"))
    file = saved(at, office.folder)
    lose(at, 1)
    lost = at.row("t", START + DAY)
    before_row = lost.turn, lost.tag
    genuine = handing.Imported.publish

    def dies(self: handing.Imported, *how: Any) -> Any:
        genuine(self, *how)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(handing.Imported, "publish", dies)
        with pytest.raises(Killed):
            office.run("import", "t", str(file), *SPAN, "--yes")
    assert states(at) == ["done", "lost", "done"]
    assert (at.row("t", START + DAY).turn, at.row("t", START + DAY).tag) == before_row
    assert office.run("import", "t", str(file), *SPAN, "--yes").exit_code == 0
    assert at.row("t", START + DAY).attempt == 2
    assert states(at) == ["done"] * 3 and by_day(published(at, "t")) == before


def test_who_loses_a_race_is_told_and_the_others_go_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody retried the window while its file was read."""
    at, file = office.at, saved(office.at, office.folder)
    lose(at, 0, 1)
    genuine = handing.Imported.publish

    def late(self: handing.Imported, *how: Any) -> Any:
        row = at.row("t", START)
        if row.state is Work.LOST:
            at.ledger.apply(row, move(row, "reopen", due_at=at.now() + timedelta(days=3)))
        return genuine(self, *how)

    monkeypatch.setattr(handing.Imported, "publish", late)
    done = office.run("import", "t", str(file), *SPAN, "--yes")
    assert done.exit_code == 1 and "somebody else moved it" in done.output
    assert states(at) == ["planned", "done", "done"]


def test_privacy_holds_and_the_file_is_not_kept(office: Office, clock: Clock) -> None:
    """Numbers are masked as in every copy of the export, and nothing lies in raw."""
    at, file = office.at, saved(office.at, office.folder)
    lose(at, 1)
    office.text, whole = office.text.replace("max_in_flight", 'numbers = "mask"\nmax_in_flight'), office.text
    raw = at.objects("raw/")
    office.bell.told["CDR_EXPORTS"] = parse(office.text, "dev", FACTS).digest
    office.text, masked = whole, office.text
    done = office.run("import", "t", str(file), *SPAN, "--yes")
    assert done.exit_code == 2 and "deployed with" in done.stderr and states(at) == ["done", "lost", "done"]
    office.text = masked
    assert office.run("import", "t", str(file), *SPAN, "--yes").exit_code == 0
    row = at.row("t", START + DAY)
    assert row.published and row.published.raw == () and at.objects("raw/") == raw
    day = row.window.date
    own = [one for one in published(at, "t") if one["in_window"] and f"{one['started_at']:%Y-%m-%d}" == day]
    assert own and all(one["from_number"] is None or "X" in one["from_number"] for one in own)


def test_pseudonyms_are_made_by_the_key_that_the_stack_was_given(office: Office) -> None:
    """`-c pseudonym_arn=`: what is handed over gets the same pseudonyms as what the copier makes."""
    vault = boto3.client("secretsmanager", REGION)
    for name in ("cdr/dev/pseudonym", "left-behind"):
        vault.create_secret(Name=name, SecretString=f"the key of {name}")
    export, by = office.at.exports.get("t"), By("import", ARN, "", office.at.now())
    for told, name in (({}, "cdr/dev/pseudonym"), ({"Pseudonym": "left-behind"}, "left-behind")):
        stack = Stack(Place("dev"), {"Table": "ledger", "Bucket": "lake", **told})
        assert handing.Room(Desk(export, stack, by)).pseudonym_key() == f"the key of {name}".encode()
