"""The demo while everything goes wrong, and the account of it: every figure true, every report asked for once."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from lambdas.core.tags import SHAPE, read
from local.demo import Asked, Set, Teller, deployed, report
from local.disorder import Director
from local.events import KINDS, RENEWING, Score
from local.vendors.report import Created

UNTIL = datetime(2026, 11, 20, 6, tzinfo=UTC)  # any day; the same one makes the same calls
EXPORTS = """
[[export]]
name = "telnyx-main"
vendor = "telnyx"
start = "-{days}d"

[[export]]
name = "flowroute-main"
vendor = "flowroute"
start = "-{days}d"
window = "6h"
"""


@dataclass(frozen=True)
class Wanted:
    """What the command line said."""

    seed: int
    days: int
    per_day: int
    patience: float
    out: Path | None


def chaos(wanted: Wanted, console: Console) -> bool:
    """Deploy, let everything go wrong, compare; whether all of it is right in the end."""
    tell = Teller(console)
    with tempfile.TemporaryDirectory(prefix="cdr-") as folder:
        file = Path(folder, "written.toml")
        file.write_text(EXPORTS.format(days=wanted.days))
        asked = Asked(file, {}, UNTIL, wanted.out, wanted.patience, wanted.per_day)
        with deployed(asked, Path(folder), tell) as at:
            return _played(at, asked, Score.draw(wanted.seed, at.players), tell)


def _played(at: Set, asked: Asked, score: Score, tell: Teller) -> bool:
    director = Director(at, score, tell, asked.patience)
    ended = director.play()
    tell(f"{'stopped' if ended.left else 'all quiet'}; {at.requests()} requests to the simulated vendors")
    for line in ended.advice:
        tell(line)
    right = report(at, asked, ended, tell.console, until=at.clock.until(), vendor_requests=at.requests())
    created = [one for player in dict.fromkeys(at.players.values()) for one in player.created]
    adopted, dropped = len(at.stack.logged("Requester", "adopted")), director.played["answer dropped"]
    wrong = [*(f"never happened: {kind}" for kind in director.missing), *asked_twice(created, director.renewed)]
    most = sum(each * director.played[kind] for kind, each in RENEWING.items())
    if len(director.renewed) > most:
        wrong.append(f"{len(director.renewed)} reports were asked for anew, what went wrong explains {most}")
    if adopted < dropped:
        wrong.append(f"{dropped} answers were dropped, {adopted} reports found at the vendor and adopted")
    _account(created, adopted, director, tell.console)
    for line in wrong:
        tell.console.print(line, style="bold red", markup=False, soft_wrap=True)
    right = right and not wrong and not ended.left
    words = "every figure equals the truth." if right else "a figure differs, or something was not as it should be."
    tell.console.print(f"[bold{'' if right else ' red'}]SIMULATED vendors and disasters, a local cloud: {words}[/]")
    return right


def _account(created: Sequence[Created], adopted: int, director: Director, console: Console) -> None:
    played = ", ".join(f"{kind} {director.played[kind]}x" for kind in KINDS if director.played[kind])
    lines = [
        f"went wrong: {played}",
        f"adopted: {adopted} of the reports whose id had not come were found at the vendor",
        f"asked for: {len(created)} reports, {len(set(_tags(created)))} different ones; of these anew, for a reason:",
        *(f"  {times}: {reason}" for reason, times in Counter(director.renewed.values()).items()),
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)


def asked_twice(created: Sequence[Created], renewed: dict[str, str]) -> Iterator[str]:
    """Each report that a vendor was asked for more often than was told, by the tags that it was asked with."""
    found = Counter(_tags(created))
    yield from (f"asked {times} times: {tag}" for tag, times in found.items() if times > 1)
    if (without := len(created) - found.total()) > 0:
        yield f"{without} reports were asked for without a tag"
    if (anew := sum(told is not None and told.attempt > 1 for told in map(read, found))) != len(renewed):
        yield f"{anew} reports were asked for anew, for {len(renewed)} of them a reason was told"


def _tags(created: Sequence[Created]) -> list[str]:
    return [told[0] for one in created if (told := SHAPE.search(json.dumps(one.body)))]
