"""The benchmark of asking, small: it makes its lakes, asks them everything, and tells what holds at any size."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.asking import bill
from benchmarks.asking.__main__ import main
from benchmarks.asking.bench import Answer, Lake, Measured
from benchmarks.asking.tables import Book
from infra.questions import QUESTIONS

DAY, HOUR, QUARTER = 86_400, 3_600, 900


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """An account of hardly any calls, two days of it, through the command line."""
    out = tmp_path_factory.mktemp("asking")
    done = CliRunner().invoke(main, ["--accounts", "300", "--calls", "600", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert all(name in (out / "asking.md").read_text("utf-8") for name in QUESTIONS)
    return _read(out / "asking.json")


def _read(file: Path) -> Book:
    told = json.loads(file.read_text("utf-8"))
    return Book(Measured([Lake(**one) for one in told["lakes"]], [Answer(**one) for one in told["answers"]]))


@pytest.mark.cloud
def test_every_question_is_asked_of_every_lake(book: Book) -> None:
    """Of each length of window, and each reads something."""
    for seconds in (DAY, HOUR, QUARTER):
        answers = book.answers(300, seconds)
        assert set(QUESTIONS) <= set(answers)
        assert all(one.read > 0 and one.files > 0 for one in answers.values())


@pytest.mark.cloud
def test_the_same_calls_lie_in_each_layout(book: Book) -> None:
    """In a file for each window; the vendor's text is the same, and smaller files cost more bytes."""
    lakes = [book.lake(300, seconds) for seconds in (DAY, HOUR, QUARTER)]
    assert [one.files / one.days for one in lakes] == [1, 24, 96]
    assert len({(one.calls, one.plain, one.days) for one in lakes}) == 1
    assert lakes[0].parquet < lakes[1].parquet < lakes[2].parquet
    assert lakes[0].raw < lakes[0].plain / 2


@pytest.mark.cloud
def test_a_filter_on_dt_scans_less(book: Book) -> None:
    """Than the call's own time, where there is more than one day."""
    for seconds in (DAY, HOUR, QUARTER):
        answers = book.answers(300, seconds)
        assert book.lake(300, seconds).days == 2
        assert answers["`calls_all`, `dt`"].read < answers["`calls`, `dt`"].read
        assert answers["`calls`, `dt`"].read < answers["`calls`, `started_at` alone"].read


def test_a_query_is_billed_by_the_megabyte_from_ten_on() -> None:
    """$5 a TB; what is measured of some days goes for each day that is read."""
    assert bill.price(1) == pytest.approx(10 * 5e-6)
    assert bill.price(10_000_001) == pytest.approx(11 * 5e-6)
    assert bill.price(1e12) == pytest.approx(5)
    answer = Answer(1, DAY, "q", read=400, files=4, took=0.1, days=4, month=33)
    assert (bill.read(answer, 30), bill.read(answer, 365)) == (3300, 36_800)
    lake = Lake(1, DAY, days=4, calls=4, plain=1, raw=1, parquet=4000, files=4)
    assert bill.whole(answer, lake, 30) == 33_000
    assert bill.whole(answer, Lake(1, DAY, 4, 4, 1, 1, 4 * 10**7, 4), 30) == 3300
    assert bill.requests(answer, 30) == pytest.approx(33 * (2 * 0.4e-6 + 5e-6))
