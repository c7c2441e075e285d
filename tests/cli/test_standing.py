"""How an export stands is decided from its head, what waits and what was put aside."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click
import pytest

from cli.commands import main
from cli.standing import Standing, standing
from lambdas.core.exports import Export, parse
from lambdas.core.rows import Head, Span
from lambdas.core.windows import DAY, Window
from lambdas.vendors import FACTS

START = datetime(2026, 11, 16, tzinfo=UTC)
NOW = START + 4 * DAY + timedelta(hours=3)
HOUR = timedelta(hours=1)
TEXT = '[[export]]\nname = "main"\nvendor = "flowroute"\nstart = 2026-11-16\nreexport = []\n'


def export(**fields: object) -> Export:
    return replace(parse(TEXT, "dev", FACTS).get("main"), **fields)  # type: ignore[arg-type] # some of its fields


ONE = export()
(SOURCE,) = ONE.sources
HEAD = Head("main", born=START, ticked=NOW, spans={SOURCE: Span(START, START + 4 * DAY, 86_400)})


def window(day: int) -> Window:
    return Window(START + day * DAY, 86_400, SOURCE)


def stands(
    head: Head = HEAD, waiting: dict[int, timedelta] | None = None, aside: dict[int, str] | None = None,
    one: Export = ONE, now: datetime = NOW,
) -> Standing:  # fmt: skip
    opened = [(window(day), now - age) for day, age in (waiting or {}).items()]
    return standing(
        one, FACTS["flowroute"], head, opened, [(window(day), word) for day, word in (aside or {}).items()], now
    )


def test_all_is_in_and_nobody_is_needed() -> None:
    """Up to the end of what has rows."""
    found = stands()
    assert (found.complete, found.open, found.needs, found.tone) == (START + 4 * DAY, 0, (), "green")
    assert found.to_loss is None


def test_what_waits_for_a_copy_ends_what_is_in() -> None:
    """It is not trouble yet: it heals by itself."""
    found = stands(waiting={2: HOUR, 3: HOUR})
    assert (found.complete, found.open, found.needs, found.tone) == (START + 2 * DAY, 2, (), "yellow")
    assert found.lag == HOUR


def test_a_backlog_behind_says_that_nothing_is_in_up_to_now() -> None:
    """The newest windows come first: what lies before them has no row yet."""
    late = replace(HEAD, spans={SOURCE: Span(START + 3 * DAY, START + 4 * DAY, 86_400)})
    assert stands(late).complete == START


@pytest.mark.parametrize(
    ("waiting", "aside", "complete"),
    [
        ({}, {1: "lost"}, 1),
        ({1: HOUR}, {1: "quarantined"}, 1),
        ({}, {1: "quarantined"}, 4),  # of a later revision: the one before stays published
        ({1: HOUR}, {1: "stuck"}, 1),
    ],
)
def test_what_is_put_aside_needs_somebody(waiting: dict[int, timedelta], aside: dict[int, str], complete: int) -> None:
    """And says which command."""
    found = stands(waiting=waiting, aside=aside)
    (word,) = aside.values()
    assert found.complete == START + complete * DAY
    assert found.aside == {word: 1}
    assert [need.partition(":")[0] for need in found.needs] == [f"1 {word}"]
    assert "--yes" in found.needs[0]  # without it nothing is done


def test_a_source_that_is_not_asked_for_any_more_troubles_nobody() -> None:
    """As in the coverage."""
    other = Window(START, 86_400, "outbound-of-before")
    found = standing(ONE, FACTS["flowroute"], HEAD, [(other, START)], [(other, "lost")], NOW)
    assert (found.open, found.needs) == (0, ())


def test_without_a_key_that_alone_is_said() -> None:
    """Nothing is expected of it yet."""
    head = replace(HEAD, blocked="waiting for the key: fill in the secret cdr/dev/main", refused=None)
    found = stands(head, waiting={0: 9 * DAY})
    assert not found.keyed
    assert [need for need in found.needs if "cdr/dev/main" in need] == list(found.needs)


def test_a_refusal_needs_somebody_and_an_outage_does_not() -> None:
    """Both are told."""
    refused = stands(replace(HEAD, blocked="the key is not accepted", refused=True))
    out = stands(replace(HEAD, blocked="not reachable", refused=False, next_try=NOW))
    assert refused.needs == ("the vendor is not asked: the key is not accepted",)
    assert (out.needs, out.blocked, out.tone) == ((), "not reachable", "yellow")


def test_a_window_that_waits_beyond_two_reports_patience_needs_somebody() -> None:
    """As the alarm has it."""
    most = 2 * (FACTS["flowroute"].patience + ONE.tick) + HOUR
    assert stands(waiting={3: most}).needs == ()
    assert "cdr tail --export main --since 1d --level WARNING --once" in stands(waiting={3: most + HOUR}).needs[-1]


def test_a_schedule_that_does_not_tick_is_told() -> None:
    """Three ticks, an hour at least, and a little."""
    assert stands(replace(HEAD, ticked=NOW - HOUR)).needs == ()
    assert stands(replace(HEAD, ticked=NOW - 2 * HOUR)).needs[0].startswith("no tick since")
    assert stands(Head("main")).needs == ("no tick yet: cdr doctor looks at its schedule",)


@pytest.mark.parametrize("state", ["paused", "retired"])
def test_of_an_export_at_rest_nothing_is_expected(state: str) -> None:
    """But what was put aside is still there."""
    one = export(state=state)
    assert stands(replace(HEAD, ticked=START), waiting={1: 9 * DAY}, one=one).needs == ()
    assert stands(aside={1: "lost"}, one=one).needs


@pytest.mark.parametrize("word", ["lost", "quarantined", "stuck"])
def test_each_command_that_is_advised_is_whole(word: str) -> None:
    """With all that it needs: whoever pastes it, with his own words for the capitals, is understood."""
    (need,) = stands(aside={1: word}).needs
    advised = re.findall(r"cdr ([a-z]+) ((?:main|WINDOW|FILE|TIME|TEXT|--[a-z]+| )+)", need)
    assert advised
    for name, words in advised:
        values = {"TIME": "2026-11-17", "WINDOW": "2026-11-17", "FILE": "pyproject.toml"}
        command = main.get_command(click.Context(main), name)
        assert command
        command.make_context(name, [values.get(one, one) for one in words.split()])
