"""A vendor in this process: it keeps calls and makes reports without HTTP, and its moods are set by hand."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lambdas.core import tags
from lambdas.core.errors import Declined, Gone, Problem, Refused, TryAgain, Unclear
from lambdas.core.progress import File, Found, Progress, State, Totals
from lambdas.core.windows import DAY, Window, midnight
from lambdas.vendors import VENDORS

KEEPS = timedelta(days=3)  # a finished report
TIMES = (timedelta(hours=3, minutes=30), timedelta(hours=15, minutes=30))  # of every day's calls
# What a request meets, and whether it was carried out all the same.
MOODS: Mapping[str, tuple[Callable[[], Problem], bool]] = {
    "away": (lambda: TryAgain("not reachable", doubt=False), False),
    "deaf": (lambda: TryAgain("no answer came"), False),
    "mute": (lambda: TryAgain("no answer came"), True),
    "odd": (lambda: Unclear("an answer that nobody knows"), True),
    "busy": (lambda: TryAgain("too many requests", doubt=False, limited=True, after=120), False),
    "closed": (lambda: Refused("the key is refused"), False),
    "fussy": (lambda: Declined("the request is not taken"), False),
    "strict": (lambda: Declined("the window is not given", window=True), False),
}
ASKING = ("fussy", "strict")  # these are about new requests alone
FATES = ("ready", "failed", "never", "gone", "dead", "short", "wrong")


@dataclass
class Report:
    """What one request came to."""

    name: str
    tag: str
    window: Window
    asked_at: datetime
    ready_at: datetime
    shown_at: datetime  # in the list
    fate: str
    text: str = field(repr=False)
    callback: str | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """Calls in the file."""
        return self.text.count("\n") - 1


@dataclass
class Account:
    """The vendor's side: calls, reports, and how it is disposed at the moment."""

    clock: Callable[[], datetime]
    mood: str = "well"
    fate: str = "ready"
    takes: int = 60  # seconds until a report is ready
    hides: int = 0  # seconds until it is in the list
    pages: int = 0  # of the list that do not fit one search
    retention: timedelta | None = None
    reports: list[Report] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)  # requests by operation
    tags: Counter[str] = field(default_factory=Counter)  # requests that were carried out, by tag
    late: list[tuple[str, datetime, datetime]] = field(default_factory=list)  # source, start, known from then on
    prices: list[tuple[str, datetime, datetime]] = field(default_factory=list)  # the same of corrected ones
    burn: Callable[[], None] = lambda: None  # called around everything that can be seen from outside

    def calls(self, vendor: str, window: Window, when: datetime) -> dict[str, int]:
        """The calls of a window and their price in cents, as they are known at an instant and still kept.

        A vendor that keeps all by its facts forgets nothing here either.
        """
        source, since, until = window.source, window.start, window.end
        memory = self.retention if VENDORS[vendor].facts.retention else None
        kept = max(since, when - memory + timedelta(seconds=1)) if memory else since
        starts = [
            midnight(since) + day * DAY + time for day in range((until - midnight(since)) // DAY + 1) for time in TIMES
        ]
        starts += [start for of, start, known in self.late if of == source and known <= when]
        dear = Counter(start for of, start, known in self.prices if of == source and known <= when)
        return {f"{source}-{start:%Y%m%dT%H%M%S}": 100 + dear[start] for start in starts if kept <= start < until}

    def find(self, name: str) -> Report:
        """A report by its id. Raises Gone."""
        report = self.reports[int(name)]
        if report.fate == "gone":
            raise Gone("404")
        return report

    def meets(self, what: str) -> Problem | None:
        """What a request meets now; it is counted."""
        self.asked[what] += 1
        if self.mood == "well" or (self.mood in ASKING and what != "ask"):
            return None
        return MOODS[self.mood][0]()


class Played:
    """The account through the interface of vendors; facts and headings are those of the real one of that name."""

    def __init__(self, account: Account, vendor: str, options: Mapping[str, Any]) -> None:
        real = VENDORS[vendor]
        self.facts, self.columns = real.facts, real.columns
        self._account, self._options = account, options

    def fields(self, window: Window) -> dict[str, Any]:
        """The request for a window."""
        since, until = window.start.isoformat(), window.end.isoformat()
        return {"from": since, "to": until, "source": window.source, **self._options}

    def ask(self, fields: Mapping[str, Any], tag: str, callback_url: str | None) -> str:
        """Create a report of the calls that are known now."""
        account = self._account
        account.burn()
        problem = account.meets("ask")
        if problem is None or MOODS[account.mood][1]:
            self._create(tag, callback_url)
        account.burn()
        if problem:
            raise problem
        return account.reports[-1].name

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """Search the list, page by page."""
        self._meet("find")
        now = self._account.clock()
        if page < self._account.pages:
            return Found(None, complete=False, page=page + 1)
        found = [one.name for one in self._account.reports if one.tag == tag and one.shown_at <= now]
        return Found(found[0] if found else None, complete=True)

    def look(self, report_id: str) -> Progress:
        """How far a report is."""
        self._meet("look")
        report, now = self._account.find(report_id), self._account.clock()
        if report.fate == "failed" and now >= report.ready_at:
            return Progress(State.FAILED)
        if report.fate == "never" or now < report.ready_at:
            return Progress(State.PENDING)
        if now >= report.ready_at + KEEPS:
            return Progress(State.EXPIRED)
        rows = report.rows + (report.fate == "wrong")
        return Progress(State.READY, (File(f"https://played/{report_id}"),), Totals(rows))

    def discard(self, report_id: str) -> None:
        """Forget a report."""
        self._meet("discard")
        self._account.reports[int(report_id)].fate = "gone"

    def _create(self, tag: str, callback_url: str | None) -> None:
        account, said = self._account, tags.read(tag)
        now = account.clock()
        window = said.window if said else Window(now, 0, "")
        account.tags[tag] += 1
        ready, shown = (now + timedelta(seconds=seconds) for seconds in (account.takes, account.hides))
        calls = account.calls(self.facts.name, window, now)
        name, text = str(len(account.reports)), self._text(calls)
        account.reports.append(Report(name, tag, window, now, ready, shown, account.fate, text, callback_url))

    def _text(self, calls: Mapping[str, int]) -> str:
        """Its CSV: identity where the vendor has one, begin and price."""
        fields = self.columns.fields
        names = [name for name in ("row_id", "call_id", "started_at", "cost") if name in fields]
        lines = [",".join(fields[name].headings[0] for name in names)]
        for one, cents in calls.items():
            at = datetime.strptime(one[-15:], "%Y%m%dT%H%M%S")  # noqa: DTZ007 # text for a file in UTC
            told = {"row_id": one, "call_id": one, "started_at": f"{at}", "cost": f"{cents / 100:.2f}"}
            lines.append(",".join(told[name] for name in names))
        return "\n".join(lines) + "\n"

    def _meet(self, what: str) -> None:
        self._account.burn()
        if problem := self._account.meets(what):
            raise problem


class Body:
    """A file's bytes."""

    sized, expected = True, None

    def __init__(self, text: bytes) -> None:
        self._text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self._text


class Files:
    """Stands for the HTTP session: gives the files of an account's reports."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @contextmanager
    def download(self, _vendor: str, url: str, *_: Any, **_how: Any) -> Iterator[Body]:
        """The file of a report, or what its fate is."""
        account = self._account
        account.burn()
        if problem := account.meets("download"):
            raise problem
        report = account.find(url.rpartition("/")[2])
        if report.fate == "dead":
            raise Gone("the link is dead")
        text = report.text.encode()
        yield Body(text[: -len(text) // 2] if report.fate == "short" else text)
