"""Forged callbacks in their thousands, mixed with those of a vendor: what is copied, what is asked, what it costs."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import ceil
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from lambdas.core.rows import Row, Work
from local import toll
from local.demo import WAITS, Asked, Set, Teller, deployed
from local.forgers import Flood, forged, shown
from local.strangers import callbacks
from local.toll import Sight
from local.vendors import Simulator
from local.vendors.callbacks import Delivery
from local.vendors.flowroute import Flowroute
from local.watch import Halted

PLACES = 50  # the most reports that an export may have on their way
SEED = 7
DAY = datetime(2026, 11, 16, tzinfo=UTC)  # any day; the same one makes the same calls
WINDOW, SETTLE = timedelta(hours=1), timedelta(hours=2)
HOLD = 150  # seconds more that a report takes, by the vendor's clock, so that all are on their way together
ALONE = 0.25  # of the forged ones come before any true one
WAVES = (0.3, 0.5, 0.7, 0.9)  # the true ones come when so much of the flood has passed
SWALLOWED = 1  # a second, in the second round
AGAIN = 0.3  # of the flood comes again in that
AGAIN_S = 30.0  # until the schedule fires once more
EXPORT = """
[[export]]
name = "called-{number}"
vendor = "flowroute"
start = {start:%Y-%m-%d}
window = "1h"
reexport = []
max_in_flight = {places}
"""


@dataclass(frozen=True)
class Wanted:
    """What the command line said."""

    forged: int
    true: int
    retry: float
    patience: float

    @property
    def exports(self) -> int:
        return ceil(self.true / PLACES)

    @property
    def each(self) -> int:
        """The windows of an export."""
        return ceil(self.true / self.exports)

    def until(self, rounds: int) -> datetime:
        """The time at which so many rounds have come due."""
        return DAY + rounds * self.each * WINDOW + SETTLE


def burst(wanted: Wanted, console: Console) -> bool:
    """Deploy, flood, look; whether all of it is as it should be."""
    tell = Teller(console)
    text = "".join(EXPORT.format(number=n + 1, start=DAY, places=wanted.each) for n in range(wanted.exports))
    with tempfile.TemporaryDirectory(prefix="cdr-") as folder:
        file = Path(folder, "written.toml")
        file.write_text(text)
        asked = Asked(file, {}, wanted.until(1), None, wanted.patience)
        with deployed(asked, Path(folder), tell) as at:
            return play(at, wanted, tell)


def play(at: Set, wanted: Wanted, tell: Teller) -> bool:
    """A round with the throttle that is deployed, and one in which it lets nearly nobody in."""
    for player in at.players.values():
        if isinstance(player, Flowroute):
            player.caller.retry_s = wanted.retry
    wrong = Round(at, wanted, tell, wanted.forged).play()
    tell(f"the throttle is set to {SWALLOWED} callback a second; the next {wanted.each} windows of each come due")
    at.clock.set(wanted.until(2))
    at.stack.tell("CDR_REHEARSAL", at.clock.setting())
    wrong += Round(at, wanted, tell, max(1, int(wanted.forged * AGAIN)), throttle=SWALLOWED).play()
    for line in wrong:
        tell.console.print(line, style="bold red", markup=False, soft_wrap=True)
    words = "something was not as it should be." if wrong else "every report is copied, and nothing else has changed."
    tell.console.print(f"[bold{' red' if wrong else ''}]SIMULATED vendors and forgers, a local cloud: {words}[/]")
    return not wrong


@dataclass
class Round:
    """Reports on their way, a flood, and what became of both."""

    at: Set
    wanted: Wanted
    tell: Teller
    forged: int
    throttle: int | None = None
    wrong: list[str] = field(default_factory=list)
    began: float = 0.0  # the flood, by the real clock

    def play(self) -> list[str]:
        """What was wrong."""
        before, since = Sight.of(self.at), toll.counted(self.at)
        rows = self._ask(set(before.items))
        urls = [url for url in callbacks(self.at.players.values()) if any(row.tag in url for row in rows if row.tag)]
        if self.throttle is not None:
            self._narrow(urls[0])
        flood = self._flood(urls, rows)
        self._retries(rows)
        done = self._through(rows)
        after = Sight.of(self.at)
        self.wrong += [*toll.wrongs(before, after, done, self.at, since), *toll.overheard(done, self.at)]
        self._account(flood, done)
        return self.wrong

    def _ask(self, known: set[str]) -> list[Row]:
        """Every window of the round is asked for and its execution listens."""
        self.at.stack.cloud.scale(1)
        for player in self.at.players.values():
            player.faults.add("slow", self.wanted.each, seconds=HOLD)
        self.at.stack.fire()
        rows = self._until(lambda: self._rows(known, listening), "not every report is asked for and waited for")
        self.tell(f"{len(rows)} reports are on their way, each execution waits for its callback")
        return rows

    def _rows(self, known: set[str], fit: Callable[[Row], bool]) -> list[Row] | None:
        """The round's rows, once all are there and fit."""
        rows = [row for row in self.at.stack.rows() if f"{row.export} {row.window.sk}" not in known]
        due = self.wanted.each * self.wanted.exports
        return rows if len(rows) == due and all(map(fit, rows)) else None

    def _flood(self, urls: Sequence[str], rows: Sequence[Row]) -> Flood:
        """Forged ones alone first, which change nothing; then mixed with true ones, which come in waves."""
        parts = urlsplit(urls[0])
        flood = Flood(f"{parts.scheme}://{parts.netloc}", self.at.stack.cloud.ca, forged(urls, SEED))
        before, alone, self.began = Sight.of(self.at), int(self.forged * ALONE), time.time()
        flood.send(alone)
        self.wrong += toll.touched(before, Sight.of(self.at))
        held = toll.memory(self.at, "Callback")
        flood.send(self.forged - alone, Waves(self.at, rows, self.forged - alone))
        self._memory(held)
        return flood

    def _memory(self, held: dict[int, int]) -> None:
        now = toll.memory(self.at, "Callback")
        told = [f"{held[pid] / 2**20:.1f} to {now[pid] / 2**20:.1f}" for pid in held if pid in now]
        self.tell(f"the callback's processes hold, in MB: {', '.join(told)}")
        self.wrong += [f"process {pid} of the callback has grown to {now[pid]} bytes" for pid in toll.grown(held, now)]
        if not told:
            self.wrong.append("no process of the callback lived through the flood")

    def _retries(self, rows: Sequence[Row]) -> None:
        """The vendor's second attempts come before the polls are hurried on."""
        until = time.monotonic() + self.wanted.retry + 5
        while time.monotonic() < until and not all(heard(tried) for _, tried in toll.delivered(rows, self.at)):
            time.sleep(0.2)

    def _through(self, rows: Sequence[Row]) -> list[Row]:
        """The waits that are left are shortened, and all is copied and told of."""
        self.at.stack.cloud.scale(WAITS)
        names = {(row.export, row.window.sk) for row in rows}

        def all_done() -> list[Row] | None:
            found = [row for row in self.at.stack.rows() if (row.export, row.window.sk) in names]
            return found if all(map(over, found)) and not self.at.stack.running() else None

        return self._until(all_done, "not every report is copied")

    def _until(self, ready: Callable[[], list[Row] | None], what: str) -> list[Row]:
        """The schedule fires again meanwhile, as it does on AWS: what a tick that died has left, the next one finds."""
        began = fired = time.monotonic()
        while (found := ready()) is None:
            now = time.monotonic()
            if now - began > self.wanted.patience:
                raise Halted([f"{what} after {self.wanted.patience:.0f} s", *islice(self._open(), 20)])
            if now - fired > AGAIN_S:
                self.at.stack.fire()
                fired = now
            time.sleep(0.3)
        return found

    def _open(self) -> Iterator[str]:
        yield f"{self.at.stack.running()} executions run"
        for row in self.at.stack.rows():
            if not over(row):
                yield f"{row.export} {row.window.sk}: {row.state}{', to be told of' if row.news else ''}, {row.reason}"

    def _narrow(self, url: str) -> None:
        """The deployed stage is given another throttle, through the API."""
        api, gateway = url.split("/execute-api/")[1].split("/")[0], self.at.stack.cloud.client("apigatewayv2")
        limit = {"ThrottlingRateLimit": float(self.throttle or 0), "ThrottlingBurstLimit": self.throttle}
        gateway.update_stage(ApiId=api, StageName="$default", DefaultRouteSettings=limit, RouteSettings={})

    def _account(self, flood: Flood, rows: Sequence[Row]) -> None:
        tried = Counter(one.status for _, each in toll.delivered(rows, self.at) for one in each)
        woken = sum(row.heard_at is not None for row in rows)
        lines, size = toll.written(self.at, "Callback", self.began)
        reached = flood.reached + tried[toll.OK]
        self.tell(f"{flood.sent} forged in {flood.seconds:.1f} s, {flood.sent / flood.seconds:.0f} a second; answered:")
        self.tell.console.print(shown(flood.answers), highlight=False, markup=False)
        self.tell(f"true callbacks: {dict(tried)} by status; {woken} reports woken, {len(rows) - woken} polled")
        self.tell(f"the callback was run {reached} times and wrote {lines} lines, {size:,} bytes")
        self.wrong += toll.overflowing(lines, tried[toll.OK], time.time() - self.began)


class Waves:
    """As the flood passes, the vendor's clock is moved to where the next reports are ready and call back."""

    def __init__(self, at: Set, rows: Sequence[Row], count: int) -> None:
        ids = {row.report_id for row in rows}
        players: list[Simulator] = list(dict.fromkeys(at.players.values()))
        ready = sorted(one.ready_at for player in players for id, one in player.reports.items() if id in ids)
        self._at, self._count = at, count
        self._waves = [(share, ready[ceil(len(ready) * n / len(WAVES)) - 1]) for n, share in enumerate(WAVES, 1)]

    def __call__(self, sent: int) -> None:
        """So many of the flood are answered."""
        while self._waves and sent >= self._waves[0][0] * self._count:
            ahead = self._waves.pop(0)[1] - self._at.clock()
            self._at.clock.turn(max(timedelta(0), ahead) + timedelta(seconds=1))


def heard(attempts: Sequence[Delivery]) -> bool:
    """Whether one of a vendor's attempts to call back came through."""
    return any(one.status == toll.OK for one in attempts)


def listening(row: Row) -> bool:
    """Whether its execution waits with a token."""
    return row.state is Work.ASKED and row.token is not None


def over(row: Row) -> bool:
    """Whether nothing more happens to it; what is put aside or lost is wrong, and is told."""
    return row.state not in (Work.PLANNED, Work.ASKING, Work.ASKED, Work.COPYING) and not row.news
