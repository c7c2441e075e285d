"""`cdr report` writes a file that a real browser draws, at any width, without a network and without a complaint."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from cli import execution
from cli import report as room
from cli.picture.facts import Row
from cli.picture.page import page
from cli.report import report
from cli.stack import Place
from infra.answers import VIEWS
from infra.questions import QUESTIONS
from tests.cli import pictured
from tests.cli.athena import Fake
from tests.cli.deployed import Formation
from tests.infra.sql import trino
from tests.world import REGION

LOOK = Path(__file__).with_name("look.mjs")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MEGABYTE = 1_000_000
DAYS = ("--from", "2026-10-26", "--to", "2026-11-25")


# The command.


@dataclass
class Three(Fake):
    """An Athena that has an answer for each of the three questions."""

    answers: dict[str, list[Row]] = field(default_factory=dict)

    def _StartQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 # the API's name
        sql = asked["QueryString"]
        name = next(name for name in ("coverage", "calls_daily", "failures") if QUESTIONS[name].asks in sql)
        rows = self.answers.get(name, [])
        self.kinds = [(column, "varchar") for column in (rows[0] if rows else ())]
        self.rows = [list(row.values()) for row in rows]
        self.looks = ["SUCCEEDED"]
        return super()._StartQueryExecution(asked)

    @property
    def sql(self) -> list[str]:
        return [what["QueryString"] for name, what in self.asked if name == "StartQueryExecution"]


@dataclass
class Asked:
    """A stack with an Athena, and the command on it."""

    folder: Path
    fake: Three
    formation: Formation

    def run(self, *words: str) -> Result:
        file = self.folder / "exports.toml"
        file.write_text(pictured.TEXT)
        return CliRunner().invoke(report, [*words, "--exports", str(file)])


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    outputs = {"Table": "ledger", "Bucket": "lake", "Workgroup": "cdr-dev", "Database": "cdr_dev"}
    answers = {"coverage": pictured.coverage(), "calls_daily": pictured.daily(), "failures": pictured.failed()}
    one = Asked(tmp_path, Three(answers=answers), Formation(outputs, SimpleNamespace(region_name=REGION)))
    peers: dict[str, Callable[[], Any]] = {"athena": lambda: one.fake.client(), "cloudformation": lambda: one.formation}
    genuine = Place.client
    monkeypatch.setattr(Place, "client", lambda self, name: peers[name]() if name in peers else genuine(self, name))
    monkeypatch.setattr(execution, "FIRST", 0.001)
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        yield one


def test_one_file_is_written_and_its_path_printed(at: Asked) -> None:
    """With the bytes scanned and the price of the three queries."""
    told = at.run(*DAYS)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("cdr-report.html: 1.2 MB")
    assert told.stderr == "9.6 s, 37.0 MB scanned, $0.000195\n"
    text = (at.folder / "cdr-report.html").read_text("utf-8")
    assert "Something is missing: " in text
    assert [path.name for path in at.folder.iterdir() if path.suffix == ".html"] == ["cdr-report.html"]


def test_what_is_asked_is_what_was_said(at: Asked) -> None:
    """Days, zone, exports; neither question asks for a number."""
    told = at.run(*DAYS, "--timezone", "Europe/Berlin", "--export", "didww-in", "--out", "other.html")
    assert told.exit_code == 0, told.output
    assert (at.folder / "other.html").exists()
    assert len(at.fake.sql) == 3
    for sql in at.fake.sql:
        assert "DATE '2026-10-26'" in sql
        assert "DATE '2026-11-25'" in sql
        assert "'didww-in'" in sql
        assert "_number" not in sql
    assert sum("Europe/Berlin" in sql for sql in at.fake.sql) == 2


def test_a_program_is_told_the_file_what_is_missing_and_the_price(at: Asked) -> None:
    """The same that the page says in words."""
    done = at.run(*DAYS, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    file = at.folder / "cdr-report.html"
    assert (told["file"], told["bytes"]) == (file.name, file.stat().st_size)
    assert (told["from"], told["to"]) == DAYS[1::2]
    assert (told["scanned_bytes"], told["price_usd"], told["seconds"]) == (37_037_034, 0.000195, 9.63)
    assert told["verdict"].startswith("Something is missing: ") and told["verdict"] in file.read_text("utf-8")
    days = {(one["export"], one["state"]): one["days"] for one in told["missing"]}
    assert f"Something is missing: {sum(map(len, days.values()))} days" in told["verdict"]
    assert days["telnyx-main", "quarantined"]
    assert all(DAYS[1] <= day <= DAYS[3] for some in days.values() for day in some)


def test_causes_are_added_up_by_athena() -> None:
    """So that hours and countries need not travel; by Trino's rules, over the columns of the view."""
    view = {column.name: column.athena for column in VIEWS["failures"]}
    sql = room.CAUSES.format(failures="SELECT * FROM failures")
    (verdict,) = trino.check([sql], "cdr_dev", {"failures": view})
    assert verdict.faults == ()


def test_a_demo_s_picture_begins_with_its_exports(tmp_path: Path) -> None:
    """And has thirty days at most, however long ago the first of them began."""
    said: list[str] = []
    file = tmp_path / "one.html"
    exports, made = pictured.exports(), pictured.MADE
    young = replace(exports, exports=exports.exports[1:3])
    for known in (young, exports):
        room.recent(file, "cdr-dev", known, "cdr_dev", lambda _: [], made)
        said.append(file.read_text("utf-8").partition("<title>")[2].partition("</title>")[0])
    assert said == [
        "cdr-dev: calls and coverage, 2026-11-04 to 2026-11-25",
        "cdr-dev: calls and coverage, 2026-10-27 to 2026-11-25",
    ]


def test_the_last_thirty_days_by_default(at: Asked) -> None:
    """Up to today, as `cdr query` has it."""
    assert at.run().exit_code == 0
    text = (at.folder / "cdr-report.html").read_text("utf-8")
    first, last = (date.fromisoformat(day) for day in text.split("<title>")[1].split(", ")[1][:24].split(" to "))
    assert (last - first).days == 29


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--export", "nobody"], "no export nobody: the file has telnyx-main, flowroute-main, didww-in, old-account"),
        (["--from", "2026-11-25", "--to", "2026-11-24"], "no day lies between them"),
        (["--timezone", "Mars/Olympus"], "is not a time zone"),
        (["--out", "nowhere/report.html"], "there is no folder nowhere"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(at: Asked, words: list[str], says: str) -> None:
    """With status 2, and before anything is billed."""
    told = at.run(*words)
    assert told.exit_code == 2
    assert says in told.output
    assert at.fake.asked == []


def test_without_the_library_it_says_how_to_get_it(at: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is billed."""
    monkeypatch.setattr(room, "LIBRARY", at.folder / "nothing.js")
    told = at.run(*DAYS)
    assert told.exit_code == 2
    assert "`make setup` installs it" in told.output
    assert at.fake.asked == []


def test_an_answer_that_is_too_long_is_no_picture(at: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a part of it."""
    monkeypatch.setattr(room, "ROWS", 10)
    told = at.run(*DAYS)
    assert told.exit_code == 2
    assert "more than 10 rows: ask for fewer days" in told.output
    assert not (at.folder / "cdr-report.html").exists()


def test_a_year_of_four_exports_is_not_too_large() -> None:
    """Under 2 MB, of which the library has 1.1."""
    first = date(2025, 11, 26)
    rows = [pictured.covered(name, day) for name in (*pictured.NAMES, "old-account") for day in pictured.days(first)]
    four = pictured.daily()[:24:6]
    calls = [{**row, "day": f"{day}"} for day in pictured.days(first) for row in four]
    text = page(pictured.scope(first), rows, calls, pictured.failed(), room.library())
    assert len(text.encode()) < 2 * MEGABYTE


# The browser.


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seen")


@pytest.fixture(scope="module")
def seen(folder: Path) -> dict[int, dict[str, Any]]:
    """What Chromium found, by width."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        pytest.skip("no Chromium here, so nobody looked at the report: `apt-get install chromium` (Debian) brings one")
    file = folder / "report.html"
    rows = pictured.coverage(), pictured.daily(), pictured.failed()
    file.write_text(page(pictured.scope(), *rows, room.library()), "utf-8")
    command = ["node", str(LOOK), browser, str(file), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return {one["width"]: one for one in json.loads(done.stdout)}


WIDTHS = pytest.mark.parametrize("width", [1280, 390, 360])


@WIDTHS
def test_a_browser_has_nothing_to_complain_of(seen: dict[int, dict[str, Any]], width: int) -> None:
    """No error, no warning, no box of a script that broke in."""
    one = seen[width]
    assert (one["said"], one["boxes"], one["images"]) == ([], [], 0)


@WIDTHS
def test_a_browser_asks_nobody_for_anything(seen: dict[int, dict[str, Any]], width: int) -> None:
    """But for the file itself."""
    assert seen[width]["asked"] == []


@WIDTHS
def test_every_chart_is_drawn(seen: dict[int, dict[str, Any]], width: int) -> None:
    """As paths, with patterns where exports must be told apart, and a word for who cannot see it."""
    charts = {one["name"]: one for one in seen[width]["charts"]}
    assert charts.keys() == {
        "coverage-0", "coverage-1", "coverage-2", "calls", "cost-0", "cost-1", "asr", "acd", "countries-0",
        "countries-1", "failures",
    }  # fmt: skip
    for one in charts.values():
        assert one["paths"] > 10, one["name"]
        assert "table" in one["label"]
    assert charts["calls"]["patterns"] == 3
    assert charts["failures"]["patterns"] == 3


@WIDTHS
def test_it_fits(seen: dict[int, dict[str, Any]], width: int) -> None:
    """Nothing to scroll sideways, and no word cut at an edge."""
    assert seen[width]["overflow"] <= 0
    assert {one["name"]: one["cut"] for one in seen[width]["charts"] if one["cut"]} == {}


@WIDTHS
def test_each_cell_of_a_calendar_has_its_letter(seen: dict[int, dict[str, Any]], width: int) -> None:
    """Readable without colour."""
    texts = next(one["texts"] for one in seen[width]["charts"] if one["name"] == "coverage-0")
    assert [texts.count(letter) for letter in ("U", "Q", "S", "O", "✓", "✓✓", "·")] == [2, 1, 1, 1, 6, 19, 1]


@WIDTHS
def test_a_cell_tells_its_receipt(seen: dict[int, dict[str, Any]], width: int) -> None:
    """Pointed at, or tapped."""
    lines = dict(line.split("\t") for line in seen[width]["tip"].splitlines() if "\t" in line)
    assert seen[width]["tip"].startswith("2026-11-10")
    assert lines["state"] == "complete for good"
    assert lines["rows"] == "1,204"
    assert lines["cost"] == "12.3456"
    assert lines["revision"] == "1"
    assert lines["complete for"] == "calls with the filters connections, call_types"
    assert lines["receipt"].startswith("receipts/export=telnyx-main/dt=2026-11-10/")


@WIDTHS
def test_a_bar_tells_its_figures(seen: dict[int, dict[str, Any]], width: int) -> None:
    """Those of the table, whatever day is under the finger."""
    title, *lines = seen[width]["bar"].splitlines()
    told = dict(line.split("\t") for line in lines)
    calls = sum(int(row["calls"] or 0) for row in pictured.daily() if row["day"] == title.strip())
    assert told["all, calls"] == f"{calls:,}"


@pytest.mark.parametrize("name", ["1280", "390", "tip-screen", "tip-phone"])
def test_there_is_a_picture_of_it(seen: dict[int, dict[str, Any]], folder: Path, name: str) -> None:
    """For whoever wants to see what was seen."""
    assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
