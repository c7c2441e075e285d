"""`cdr backfill`, `retry` and `accept`: the right windows move, with who and why, and nothing without --yes."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from cli import acting, backfill
from cli.commands import main
from lambdas.aws.ledger import Ledger
from lambdas.core.exports import parse
from lambdas.core.rows import Row, Work, move
from lambdas.core.windows import DAY
from lambdas.vendors import FACTS
from local.vendors.flowroute import Flowroute
from tests.cli.deployed import START, TEXT, UNTIL, Deployed, deployed
from tests.cli.office import ARN, Office
from tests.test_copier import TEXT as WORLD
from tests.world import Clock, world

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "cdr.md").read_text("utf-8")
SPAN = ("--from", "2026-11-16", "--to", "2026-11-20")
NEW = ("accept", "backfill", "import", "reconcile", "release", "retry")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    monkeypatch.setattr(acting, "clock", lambda: UNTIL + timedelta(hours=12))
    with deployed(tmp_path, monkeypatch) as one:
        yield one


def rows(stack: Deployed) -> list[Row]:
    return stack.ledger.between("main", "inbound", START - 99 * DAY, UNTIL + 99 * DAY)


def states(stack: Deployed) -> list[Work]:
    return [row.state for row in rows(stack)]


def test_a_backfill_asks_again_for_what_is_there_and_tells_the_rest(stack: Deployed) -> None:
    """With the options of now; in one line what is alike, and the requester is to find it at its next tick."""
    stack.plan(4)
    stack.rows(Work.DONE, Work.DONE, Work.QUARANTINED, Work.ASKED)
    done = stack.cdr("backfill", "main", *SPAN, "--why", "a new filter", "--yes")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "2 windows from 20261116T000000Z-86400.inbound to 20261117T000000Z-86400.inbound (done): asked for again",
        "20261118T000000Z-86400.inbound (quarantined): asked for again",
        "20261119T000000Z-86400.inbound (asked): on its way already: asked",
    ]
    assert "its next tick does it" in done.stderr
    first, second, third, fourth = rows(stack)
    assert [row.state for row in (first, second, third)] == [Work.PLANNED] * 3 and fourth.state is Work.ASKED
    assert first.anew and first.revision == 1 and first.published and not third.anew
    assert first.said[-1]["by"] == ARN and (first.said[-1]["did"], first.said[-1]["why"]) == (
        "backfill",
        "a new filter",
    )


def test_days_before_the_start_take_a_line_and_a_deploy(stack: Deployed) -> None:
    """The exact line; nothing is moved."""
    stack.plan(1)
    stack.rows(Work.DONE)
    done = stack.cdr("backfill", "main", "--from", "2026-10-01", "--to", "2026-11-20", "--yes")
    assert done.exit_code == 2 and "write `start = 2026-10-01` into its [[export]]" in done.stderr
    assert states(stack) == [Work.DONE]


def test_what_has_no_window_yet_comes_by_itself(stack: Deployed) -> None:
    """It is told, and no trouble."""
    stack.plan(1)
    stack.rows(Work.DONE)
    done = stack.cdr("backfill", "main", *SPAN)
    assert done.exit_code == 0 and "has no window yet comes by itself" in done.stderr
    assert "nothing was changed: --yes does it" in done.stdout and states(stack) == [Work.DONE]


def test_a_long_backfill_goes_in_pieces(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each tick reads all that is due; where to go on is said."""
    monkeypatch.setattr(backfill, "MOST", 2)
    stack.plan(4)
    stack.rows(*[Work.DONE] * 4)
    done = stack.cdr("backfill", "main", *SPAN, "--yes")
    assert states(stack) == [Work.PLANNED, Work.PLANNED, Work.DONE, Work.DONE]
    assert "2 windows at a time: once these are in, go on with --from 2026-11-18" in done.stderr


def test_the_last_day_is_not_in_it(stack: Deployed) -> None:
    """As `--help` says."""
    stack.plan(4)
    stack.rows(*[Work.DONE] * 4)
    assert stack.cdr("backfill", "main", "--from", "2026-11-17", "--to", "2026-11-19", "--yes").exit_code == 0
    assert states(stack) == [Work.DONE, Work.PLANNED, Work.PLANNED, Work.DONE]


@pytest.mark.parametrize(
    "words",
    [
        ("backfill", "main", *SPAN), ("retry", "main", "--all"), ("accept", "main", "2026-11-16", "--why", "x"),
    ],
    ids=lambda words: str(words[0]),
)  # fmt: skip
def test_how_far_it_is_stands_on_a_terminal_alone(
    stack: Deployed, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Reading two years of windows takes a while, and so does moving them; stdout is the same."""
    stack.plan(4)
    stack.rows(*[Work.STUCK] * 4)
    quiet = stack.cdr(*words)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    told = stack.cdr(*words)
    assert "reading the ledger of main" in told.stderr and "moving windows" in told.stderr
    assert (quiet.stderr, told.stdout) == ("", quiet.stdout)


def test_a_retry_takes_what_is_chosen(stack: Deployed) -> None:
    """By name, or all of a kind; what is copied is not retried."""
    stack.plan(4)
    stack.rows(Work.STUCK, Work.QUARANTINED, Work.LOST, Work.DONE)
    assert stack.cdr("retry", "main").exit_code == 2
    assert stack.cdr("retry", "main", "--stuck", "--yes").exit_code == 0
    assert states(stack) == [Work.PLANNED, Work.QUARANTINED, Work.LOST, Work.DONE]
    done = stack.cdr("retry", "main", "2026-11-19", "--yes")
    assert done.exit_code == 0 and "it is copied: `cdr backfill` asks for it again" in done.output
    told = json.loads(stack.cdr("retry", "main", "--all", "--yes", "--json").stdout)
    assert [one["to"] for one in told["windows"]] == ["planned", "planned"] and told["rung"] is False
    assert states(stack) == [Work.PLANNED] * 3 + [Work.DONE]
    assert stack.cdr("retry", "main", "2026-12-24", "--yes").exit_code == 2


def test_an_accepted_loss_is_no_trouble_and_is_told(stack: Deployed) -> None:
    """By the coverage, in his words; a number in them is not kept."""
    stack.plan(4)
    stack.rows(Work.LOST, Work.STUCK, Work.QUARANTINED, Work.DONE)
    days = ("2026-11-16", "2026-11-17")
    done = stack.cdr("accept", "main", *days, "--why", "test calls of +12065550123", "--yes")
    assert done.exit_code == 0, done.output
    assert states(stack) == [Work.UNREACHABLE] * 2 + [Work.QUARANTINED, Work.DONE]
    assert "5550123" not in rows(stack)[0].said[-1]["why"]
    assert rows(stack)[0].reason == "accepted by an operator: test calls of [number]"
    assert [one for one, _ in stack.ledger.aside("main")] == [rows(stack)[2].window]
    assert stack.cdr("accept", "main", "2026-11-18", "--why", "x", "--yes").exit_code == 0
    assert states(stack) == [Work.UNREACHABLE] * 3 + [Work.DONE] and not stack.ledger.aside("main")


def test_a_race_is_told_and_the_others_go_on(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody moved a row between the reading and the move."""
    stack.plan(2)
    stack.rows(Work.STUCK, Work.STUCK)
    genuine, once = Ledger.apply, iter([True])

    def late(self: Ledger, old: Row, new: Row) -> Row:
        if next(once, None):
            genuine(self, old, move(old, "retry", attempt=9))
        return genuine(self, old, new)

    monkeypatch.setattr(Ledger, "apply", late)
    done = stack.cdr("retry", "main", "--stuck", "--yes")
    assert done.exit_code == 1 and done.output.count("somebody else moved it") == 1
    assert states(stack) == [Work.PLANNED] * 2


def test_what_aws_refuses_is_told_and_the_others_go_on(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done by then is told as well."""
    stack.plan(3)
    stack.rows(*[Work.STUCK] * 3)
    genuine = Ledger.apply

    def busy(self: Ledger, old: Row, new: Row) -> Row:
        if old.window.start == START + DAY:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "UpdateItem")
        return genuine(self, old, new)

    monkeypatch.setattr(Ledger, "apply", busy)
    told = json.loads((done := stack.cdr("retry", "main", "--stuck", "--yes", "--json")).stdout)["windows"]
    assert done.exit_code == 1 and [one["to"] for one in told] == ["planned", None, "planned"]
    assert told[1]["why"] == "UpdateItem: slow down (ThrottlingException)"
    assert states(stack) == [Work.PLANNED, Work.STUCK, Work.PLANNED]


@pytest.mark.parametrize("state", ["paused", "retired"])
def test_an_export_that_asks_nothing_is_not_asked(stack: Deployed, state: str) -> None:
    """Status 1, and why."""
    stack.text = TEXT.replace("[[export]]", f'[[export]]\nstate = "{state}"')
    stack.plan(1)
    stack.rows(Work.STUCK)
    done = stack.cdr("retry", "main", "--all", "--yes")
    assert done.exit_code == 1 and f"the export is {state}" in done.output


def test_a_backfill_asks_with_the_options_of_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request has the new filter; a re-export of a window that nobody backfilled has the old one."""
    clock = Clock()
    with Flowroute(3, "f", clock=clock, per_day=30, callbacks="never") as vendor:
        text = WORLD.format(vendor, "flowroute", 2, "reexport = []")
        with world(text, clock) as at:
            at.quiet()
            new = text + "[export.options]\ndirection = 'inbound'\n"
            office = Office(at, new, tmp_path).open(monkeypatch)
            at.__dict__["exports"] = parse(new, "dev", FACTS)
            office.bell.told["CDR_EXPORTS"] = "0" * 16
            done = office.run("backfill", "f", "--from", "2026-11-19", "--to", "2026-11-20")
            assert done.exit_code == 0 and "not the one that stage dev was deployed with" in done.stderr
            office.bell.told["CDR_EXPORTS"] = at.exports.digest
            done = office.run("backfill", "f", "--from", "2026-11-19", "--to", "2026-11-20", "--yes")
            assert done.exit_code == 0 and office.bell.rung == ["f"] and not done.stderr, done.output
            at.quiet()
            copies = {row.window.start: row.published for row in at.rows("f")}
            day = datetime(2026, 11, 19, tzinfo=UTC)
            again, before = copies[day], copies[day - DAY]
            assert again and before and (again.narrowed, before.narrowed) == (("direction",), ())
            assert again.revision == 1 and at.row("f", day).anew is False


@pytest.mark.parametrize("command", NEW)
def test_every_option_is_on_the_page(command: str) -> None:
    """docs/cdr.md tells what `--help` tells."""
    told = CliRunner().invoke(main, [command, "--help"]).output
    section = PAGE.split(f"## cdr {command}")[1].split("\n## ")[0]
    for option in re.findall(r"^  (?:-h, )?(--[a-z-]+)", told, re.MULTILINE):
        assert f"`{option}" in section or f"`{option}" in PAGE.split("## Exit statuses")[0] or option == "--help", (
            option
        )
