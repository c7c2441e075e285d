"""`cdr query` asks Athena, says what it costs, and gives the answer whole and exact, or says why there is none."""

import io
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner, Result
from moto import mock_aws

from cli import asking, execution, saving
from cli.commands import main
from cli.execution import Athena
from cli.price import dollars, price
from cli.stack import Place, Stack
from cli.wrong import Wrong
from infra.questions import QUESTIONS
from tests.cli.athena import Fake, text
from tests.cli.deployed import TEXT, Formation
from tests.world import REGION

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "cdr.md").read_text("utf-8")
NUMBER = "+12065550123"
COST = "3.2 s, 12.3 MB scanned, $0.000065\n"
LIMIT = "Bytes scanned limit was exceeded"


@dataclass
class Asked:
    """A stack with an Athena, and the command on it."""

    folder: Path
    fake: Fake
    formation: Formation

    def run(self, *words: str, **how: Any) -> Result:
        file = self.folder / "exports.toml"
        file.write_text(TEXT)
        return CliRunner().invoke(main, ["query", *words, "--exports", str(file)], **how)

    def own(self, sql: str, *words: str, **how: Any) -> Result:
        """The same with a query of one's own."""
        return self.run("--file", "-", *words, input=sql, **how)


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    outputs = {"Table": "ledger", "Bucket": "lake", "Workgroup": "cdr-dev", "Database": "cdr_dev"}
    one = Asked(tmp_path, Fake(), Formation(outputs, SimpleNamespace(region_name=REGION)))
    peers: dict[str, Callable[[], Any]] = {"athena": lambda: one.fake.client(), "cloudformation": lambda: one.formation}
    genuine = Place.client
    monkeypatch.setattr(Place, "client", lambda self, name: peers[name]() if name in peers else genuine(self, name))
    monkeypatch.setattr(execution, "FIRST", 0.001)
    with mock_aws():
        yield one


# What is asked.


def test_alone_it_lists_what_there_is_to_ask(at: Asked) -> None:
    """Each question with its words and its values; neither a stack nor a file is needed."""
    told = CliRunner().invoke(main, ["query"])
    assert told.exit_code == 0
    assert told.output == CliRunner().invoke(main, ["query", "--list"]).output
    for one in QUESTIONS.values():
        assert one.name in told.output and one.asks in told.output
    assert "digits=6, least=10, lines=100, seconds=6" in told.output
    assert json.loads(CliRunner().invoke(main, ["query", "--json"]).output)[0] == {
        "question": "asr_by_hour", "asks": QUESTIONS["asr_by_hour"].asks, "values": {},
    }  # fmt: skip


def test_a_question_is_asked_of_the_stacks_workgroup(at: Asked) -> None:
    """About the days, the zone, the export and the values that were said."""
    words = ["short_calls", "--from", "2026-11-01", "--to", "2026-11-20", "--timezone", "Europe/Berlin"]
    told = at.run(*words, "--export", "main", "--set", "seconds=9")
    assert told.exit_code == 0
    asked = at.fake.told("StartQueryExecution")
    assert asked["WorkGroup"] == "cdr-dev"
    assert asked["QueryExecutionContext"] == {"Database": "cdr_dev"}
    sql = asked["QueryString"]
    for piece in (
        "DATE '2026-11-01'",
        "DATE '2026-11-20'",
        "'Europe/Berlin'",
        "'main'",
        "duration_s <= 9",
    ):
        assert piece in sql
    assert at.run(*words, "--export", "main", "--set", "seconds=9", "--sql").output == sql + "\n"


def test_the_query_is_printed_without_a_stack(tmp_path: Path) -> None:
    """It needs exports.toml alone, and bills nothing."""
    (tmp_path / "exports.toml").write_text(TEXT)
    words = ["query", "spend", "--sql", "--stage", "a-b", "--exports", str(tmp_path / "exports.toml")]
    told = CliRunner().invoke(main, words, env={"AWS_PROFILE": "nobody"})
    assert told.exit_code == 0
    assert told.output.startswith("-- What did we spend each month") and "cdr_a_b.windows" in told.output
    told = CliRunner().invoke(main, [*words[:4], "A!", *words[5:]])
    assert (told.exit_code, "--stage: 'A!' is not of the form" in told.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [([], -29, 0), (["--to", "2026-11-20"], None, None), (["--from", "{today}"], 0, 0)],
)
def test_the_last_thirty_days_up_to_today_are_asked_about(
    at: Asked, words: list[str], first: int | None, last: int | None
) -> None:
    """Today's date in the zone; thirty days with the last one where only that is said."""
    today = datetime.now(UTC).date()
    sql = at.run("spend", "--sql", *(word.format(today=today) for word in words)).output
    if first is None or last is None:
        assert "DATE '2026-10-22'" in sql and "DATE '2026-11-20'" in sql
    else:
        assert f"DATE '{today + timedelta(days=first)}'" in sql and f"DATE '{today + timedelta(days=last)}'" in sql


def test_today_is_the_day_it_is_in_the_zone(at: Asked) -> None:
    """Kiritimati is a day ahead of Midway, nearly always and never less than a day apart."""
    ahead, behind = (
        set(re.findall(r"DATE '([0-9-]+)'", at.run("spend", "--sql", "--timezone", zone).output))
        for zone in ("Pacific/Kiritimati", "Pacific/Midway")
    )
    assert max(ahead) > max(behind)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "no question nothing: there are asr_by_hour, calls_daily,"),
        (["spend", "--export", "other"], "no export other: the file has main"),
        (["spend", "--set", "lines=3"], "spend has no value lines to --set: it has none"),
        (["long_calls", "--set", "days=3"], "long_calls has no value days to --set: it has lines=100, minutes=60"),
        (["spend", "--set", "lines=-3"], "'lines=-3' is not a name and a whole number"),
        (["spend", "--from", "2026-11-31"], "'2026-11-31' is not a day such as 2026-11-20"),
        (["spend", "--timezone", "Berlin'"], '"Berlin\'" is not a time zone such as Europe/Berlin'),
        (["spend", "--from", "2026-11-20", "--to", "2026-11-19"], "--from 2026-11-20 is after --to 2026-11-19"),
        (["spend", "--file", "-"], "either the question spend or --file"),
        (["--file", "-", "--export", "main"], "--export: for a saved question; name one"),
        (["--from", "2026-11-20", "--timezone", "UTC"], "--from, --timezone: for a saved question; name one"),
        (["spend", "--out", "x.csv", "--json"], "either --out or --json"),
        (["spend", "--out", "x.csv", "--sql"], "--sql asks nothing"),
        (["--list", "--out", "x.csv"], "--list asks nothing"),
        (["spend", "--out", "x.xlsx"], "x.xlsx ends neither in .csv nor in .parquet"),
        (["spend", "--out", "/nowhere/x.csv"], "there is no folder /nowhere"),
        (["spend", "--limit", "0"], "0 is not in the range x>=1"),
        (["spend", "--patience", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_asked_is_status_2_before_anything_is_billed(at: Asked, words: list[str], said: str) -> None:
    """With what there is instead."""
    told = at.run(*words, input="SELECT 1")
    assert told.exit_code == 2
    assert said in told.stderr
    assert not at.fake.asked


def test_a_query_of_ones_own_is_sent_as_it_stands(at: Asked, tmp_path: Path) -> None:
    """From a file or from stdin, with its comments; the semicolon at the end, which Athena does not need, goes."""
    sql = "-- how many?\n/* all;\n*/ select count(*) FROM calls_all WHERE dt = '2026-11-20'"
    (tmp_path / "own.sql").write_text(f"{sql} ;\n", "utf-8-sig")
    assert at.run("--file", str(tmp_path / "own.sql")).exit_code == 0
    assert at.fake.told("StartQueryExecution")["QueryString"] == sql
    assert at.own(sql, "--sql").output == f"{sql}\n"


@pytest.mark.parametrize(
    "sql",
    ["DROP TABLE x", "-- SELECT\nDELETE FROM x", "/* WITH */INSERT INTO x SELECT 1", "", "EXPLAIN ANALYZE"],
)
def test_what_could_change_the_lake_is_not_sent(at: Asked, sql: str) -> None:
    """The command reads, whatever the credentials may do."""
    told = at.own(sql)
    assert told.exit_code == 2
    assert "no query: only SELECT, WITH and VALUES are run here, which change nothing" in told.stderr
    assert not at.fake.asked


def test_a_file_that_cannot_be_read_is_status_2(at: Asked, tmp_path: Path) -> None:
    """Not there, or no text."""
    (tmp_path / "own.sql").write_bytes(b"SELECT '\xff'")
    for name, said in (("own.sql", "cannot be read: not UTF-8"), ("no.sql", "No such file")):
        told = at.run("--file", str(tmp_path / name))
        assert (told.exit_code, said in told.stderr) == (2, True)


def test_a_stack_from_before_says_so(at: Asked) -> None:
    """One that was deployed without a workgroup among its outputs."""
    del at.formation.outputs["Workgroup"]
    told = at.run("spend")
    assert told.exit_code == 2
    assert "the stack tells no workgroup and no database: deploy it again" in told.stderr


# The answer.


def test_the_answer_is_a_table_and_its_cost_a_line_beside_it(at: Asked) -> None:
    """Numbers at the right, a null as `-`; the line goes to stderr."""
    told = at.run("spend")
    assert told.exit_code == 0
    assert told.stderr == COST
    lines = told.stdout.splitlines()
    assert [line for line in lines if line.startswith("│")] == [
        "│ Anna │     7 │ 0.25000000 │", "│ -    │     1 │          - │",
    ]  # fmt: skip


def test_what_upsets_a_terminal_is_cleaned(at: Asked) -> None:
    """In values and in names; what looks like rich's markup stays text."""
    at.fake.kinds, at.fake.rows = [("a\x1b[2J", "varchar")], [["x\x07\n[red]y[/]:smile:"]]
    told = at.own("SELECT 1")
    assert "a?[2J" in told.stdout and "x??[red]y[/]:smile:" in told.stdout
    assert "\x1b" not in told.output and "\x07" not in told.output


def test_a_row_is_a_line_where_nobody_looks(at: Asked) -> None:
    """However long it is: nothing is cut off or folded in a pipe."""
    at.fake.kinds, at.fake.rows = [(f"c{n}", "varchar") for n in range(9)], [["x" * 99] * 9]
    assert " │ ".join(["x" * 99] * 9) in at.own("SELECT 1").stdout


@pytest.mark.parametrize(("limit", "page"), [(100, 1000), (7, 1000), (100, 3), (1500, 1000)])
def test_of_a_long_answer_the_first_rows_are_shown_and_plainly_so(at: Asked, limit: int, page: int) -> None:
    """So many as were asked for, over any number of pages, and what to do for the others."""
    at.fake.kinds, at.fake.page = [("n", "bigint")], page
    at.fake.rows = [[str(n)] for n in range(limit + 1)]
    told = at.own("SELECT 1", "--limit", str(limit))
    assert [int(n) for n in re.findall(r"│ +(\d+) │", told.stdout)] == list(range(limit))
    assert f"the first {limit:,} rows; there are more: --limit N shows more, --out FILE writes all" in told.stderr
    at.fake.rows.pop()
    at.fake.asked.clear()
    assert at.own("SELECT 1", "--limit", str(limit)).stderr == COST


def test_an_answer_without_rows_is_said_to_be_one(at: Asked) -> None:
    """With its columns: it is an answer."""
    at.fake.rows = []
    told = at.run("spend")
    assert (told.exit_code, told.stderr) == (0, COST + "no rows\n")
    assert "who" in told.stdout


def test_json_holds_the_same_with_exact_money(at: Asked) -> None:
    """Whole numbers as numbers, decimals as text, nulls as null; what JSON has no word for as text."""
    at.fake.kinds += [("share", "double"), ("answered", "boolean")]
    at.fake.rows = [
        ["", "9007199254740993", "0.10000000", "0.5", "true"],
        [None, None, None, "NaN", "false"],
    ]
    told = at.run("spend", "--json", "--limit", "2")
    assert told.exit_code == 0
    answer = json.loads(told.stdout)
    assert answer["rows"] == [
        {"who": "", "calls": 9007199254740993, "cost": "0.10000000", "share": 0.5, "answered": True},
        {"who": None, "calls": None, "cost": None, "share": "NaN", "answered": False},
    ]
    assert (answer["query"], answer["seconds"], answer["scanned_bytes"]) == ("q-1", 3.21, 12_345_678)
    assert (answer["price_usd"], answer["more"]) == (0.000065, False)
    assert answer["columns"][1] == {"name": "calls", "type": "bigint"}


@pytest.mark.parametrize("words", [["--json"], ["--out", "{}/x.parquet"]])
def test_a_name_that_comes_twice_is_not_read_by_name(at: Asked, tmp_path: Path, words: list[str]) -> None:
    """One of the two would be lost."""
    at.fake.kinds = [("cost", "varchar"), ("calls", "bigint"), ("cost", "decimal")]
    at.fake.put()
    told = at.own("SELECT 1", *(word.format(tmp_path) for word in words))
    assert told.exit_code == 2
    assert "several columns are called cost: give each a name of its own with AS" in told.stderr
    assert not list(tmp_path.glob("*x.parquet*"))


# The answer as a file.

AT = datetime(2026, 11, 20, 6, 0, 0, 123_000)  # noqa: DTZ001 # as Athena has it: of the zone that was asked for
KINDS = [
    ("text", "varchar"), ("tiny", "tinyint"), ("small", "smallint"), ("whole", "integer"), ("big", "bigint"),
    ("short", "float"), ("long", "double"), ("yes", "boolean"), ("day", "date"), ("at", "timestamp"),
    ("zoned", "timestamp with time zone"), ("cost", "decimal"), ("list", "array"),
]  # fmt: skip
ROWS: list[list[str | None]] = [
    [
        'Anna, "x"\ny', "-1", "300", "70000", "9007199254740993", "0.5", "1.0E10", "true", "2026-11-20",
        "2026-11-20 06:00:00.123", "2026-11-20 06:00:00.000 UTC", "-123456789012345678901234567890.12345678", "[a, b]",
    ],
    ["", *[None] * 12],
    [None] * 13,
]  # fmt: skip


def test_the_csv_is_athenas_own_byte_for_byte(at: Asked, tmp_path: Path) -> None:
    """All rows, whatever --limit says, over what was there; for its owner's eyes alone."""
    at.fake.put()
    at.fake.rows[0][0] = "not asked for"
    (tmp_path / "x.csv").write_text("old")
    told = at.run("spend", "--out", str(tmp_path / "x.csv"), "--limit", "1")
    assert told.exit_code == 0
    assert (told.stdout, told.stderr) == (f"{tmp_path}/x.csv: {(tmp_path / 'x.csv').stat().st_size} bytes\n", COST)
    body = boto3.client("s3", REGION).get_object(Bucket="results", Key="q-1.csv")["Body"].read()
    assert (tmp_path / "x.csv").read_bytes() == body
    assert (tmp_path / "x.csv").stat().st_mode & 0o777 == 0o600


def test_the_parquet_has_athenas_types_and_every_value(at: Asked, tmp_path: Path) -> None:
    """Exact decimals, nulls beside empty texts; what has no equal there stays text."""
    at.fake.kinds, at.fake.rows = KINDS, ROWS
    at.fake.put()
    told = at.own("SELECT 1", "--out", str(tmp_path / "x.parquet"))
    assert told.exit_code == 0, told.stderr
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.schema == pa.schema([
        ("text", pa.string()), ("tiny", pa.int8()), ("small", pa.int16()), ("whole", pa.int32()), ("big", pa.int64()),
        ("short", pa.float32()), ("long", pa.float64()), ("yes", pa.bool_()), ("day", pa.date32()),
        ("at", pa.timestamp("us")), ("zoned", pa.string()), ("cost", pa.decimal128(38, 8)), ("list", pa.string()),
    ])  # fmt: skip
    first, second, third = (list(row.values()) for row in table.to_pylist())
    assert first == [
        'Anna, "x"\ny', -1, 300, 70000, 9007199254740993, 0.5, 1e10, True, date(2026, 11, 20),
        AT, "2026-11-20 06:00:00.000 UTC",
        Decimal("-123456789012345678901234567890.12345678"), "[a, b]",
    ]  # fmt: skip
    assert second == ["", *[None] * 12] and third == [None] * 13


@pytest.mark.parametrize(("rows", "found"), [([], []), ([[None], ["x"], [None]], [None, "x", None])])
def test_a_single_column_keeps_its_nulls(
    at: Asked, tmp_path: Path, rows: list[list[str | None]], found: list[str | None]
) -> None:
    """Which are empty lines in Athena's CSV; without rows there is a file all the same."""
    at.fake.kinds, at.fake.rows = [("who", "varchar")], rows
    at.fake.put()
    assert at.own("SELECT 1", "--out", str(tmp_path / "x.parquet")).exit_code == 0
    assert pq.read_table(tmp_path / "x.parquet").column("who").to_pylist() == found


def test_a_parquet_file_is_made_block_by_block(at: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that memory stays flat."""
    monkeypatch.setattr(saving, "BLOCK", 1 << 12)
    at.fake.rows = [[f"Anna {n}\n", str(n), "0.1"] for n in range(2000)]
    at.fake.put()
    assert at.own("SELECT 1", "--out", str(tmp_path / "x.parquet")).exit_code == 0
    file = pq.ParquetFile(tmp_path / "x.parquet")
    assert file.num_row_groups > 5
    assert file.read().column("calls").to_pylist() == list(range(2000))


def test_a_value_of_another_type_is_no_half_file_and_is_not_printed(at: Asked, tmp_path: Path) -> None:
    """The CSV has it as it is."""
    at.fake.rows.append(["x", NUMBER + "x", "1"])
    at.fake.put()
    told = at.run("spend", "--out", str(tmp_path / "x.parquet"))
    assert told.exit_code == 2
    assert "x.parquet: a value is not of its type, or a row has over 4 MiB: write it as .csv" in told.stderr
    assert "2065550123" not in told.output
    assert not list(tmp_path.glob("*x.parquet*"))


def test_a_folder_without_leave_is_status_2(at: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words; it is the system's to say, for root may write anywhere."""
    at.fake.put()

    def refused(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refused)
    told = at.run("spend", "--out", str(tmp_path / "x.csv"))
    assert (told.exit_code, "x.csv: cannot be written: Permission denied" in told.stderr) == (2, True)


def test_a_full_disk_leaves_what_was_there(at: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing half-written beside it."""
    at.fake.put()
    (tmp_path / "x.csv").write_text("old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    told = at.run("spend", "--out", str(tmp_path / "x.csv"))
    assert (told.exit_code, "x.csv: cannot be written: No space left on device" in told.stderr) == (2, True)
    assert [(one.name, one.read_text()) for one in tmp_path.glob("*x.csv*")] == [("x.csv", "old")]


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_a_disk_that_fills_up_on_the_way_leaves_nothing(
    at: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whoever writes, pyarrow too."""
    at.fake.put()
    genuine = tempfile.NamedTemporaryFile

    def small(**how: Any) -> Any:
        file: Any = genuine(**how)

        def full(_: bytes) -> None:
            raise OSError(28, "No space left on device")

        file.write = full
        return file

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", small)
    told = at.run("spend", "--out", str(tmp_path / name))
    assert (told.exit_code, f"{name}: cannot be written: No space left on device" in told.stderr) == (2, True)
    assert not list(tmp_path.glob(f"*{name}*"))


# Why there is no answer.


@pytest.mark.parametrize("state", ["CANCELLED", "FAILED"])
def test_what_the_limit_stopped_says_what_to_do(at: Asked, state: str) -> None:
    """What was scanned, what is allowed, what it cost, and three ways on."""
    at.fake.looks, at.fake.reason, at.fake.scanned = ["RUNNING", state], LIMIT, 100_100_000_000
    told = at.run("spend")
    assert told.exit_code == 2
    assert told.stderr == (
        "Error: Athena stopped the query: 100.1 GB scanned, $0.5005, and the workgroup cdr-dev allows 100.0 GB a "
        "query. Ask for fewer days (--from, --to), filter on dt, or deploy with -c scan_limit_gb=N\n"
    )
    assert "StopQueryExecution" not in at.fake.calls


@pytest.mark.parametrize("refused", [True, False])
def test_a_limit_that_cannot_be_read_hides_nothing(at: Asked, refused: bool) -> None:
    """Who may not look at the workgroup, or one that says nothing."""
    at.fake.looks, at.fake.reason, at.fake.limit = ["CANCELLED"], LIMIT, None
    if refused:
        at.fake.refuses = {"GetWorkGroup": ("AccessDeniedException", "no")}
    told = at.run("spend")
    assert told.exit_code == 2
    assert (
        "12.3 MB scanned, $0.000065, and the workgroup cdr-dev allows less (how much, it does not tell)." in told.stderr
    )


def test_a_query_that_failed_says_athenas_reason(at: Asked) -> None:
    """In its words, less the values that it quotes, and whether another try may help; failed queries are free."""
    at.fake.looks, at.fake.retryable = ["FAILED"], True
    at.fake.reason = f"INVALID_CAST_ARGUMENT: Cannot cast\n'{NUMBER}' to BIGINT"
    told = at.run("spend")
    assert told.exit_code == 2
    assert told.stderr == (
        "Error: Athena could not answer: INVALID_CAST_ARGUMENT: Cannot cast '[number]' to BIGINT; "
        "Athena says that it may work when tried again\n"
    )


def test_a_query_that_somebody_else_stopped_says_so(at: Asked) -> None:
    """And what it cost."""
    at.fake.looks = ["CANCELLED"]
    told = at.run("spend")
    assert told.exit_code == 2
    assert "somebody stopped the query at Athena (it gives no reason): 12.3 MB scanned, $0.000065" in told.stderr


def test_what_athena_does_not_take_says_why(at: Asked) -> None:
    """A mistake of syntax, for example."""
    at.fake.refuses = {"StartQueryExecution": ("InvalidRequestException", f"line 1:8: mismatched input '{NUMBER}'")}
    told = at.own("SELECT FROM")
    assert told.exit_code == 2
    assert told.stderr == "Error: Athena does not take it: line 1:8: mismatched input '[number]'\n"


def test_credentials_that_may_not_ask_are_told_so(at: Asked) -> None:
    """As for any command."""
    at.fake.refuses = {"StartQueryExecution": ("AccessDeniedException", "no")}
    told = at.run("spend")
    assert told.exit_code == 2
    assert "the credentials may not StartQueryExecution: use a profile that may (docs/cdr.md lists" in told.stderr


def test_an_interrupt_stops_the_query_at_athena(at: Asked) -> None:
    """Its cost is told, and the status is an interrupt's."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    at.fake.on_look = interrupt
    told = at.run("spend")
    assert told.exit_code == 130
    assert at.fake.told("StopQueryExecution") == {"QueryExecutionId": "q-1"}
    assert told.stderr == "stopped at Athena: 12.3 MB scanned, $0.000065\n"


def test_whoever_waits_no_longer_stops_the_query(at: Asked) -> None:
    """After --patience."""
    at.fake.looks = ["RUNNING"]
    began = time.monotonic()
    told = at.run("spend", "--patience", "1")
    assert told.exit_code == 2
    assert 1 <= time.monotonic() - began < 5
    assert "StopQueryExecution" in at.fake.calls
    assert "stopped at Athena: 12.3 MB scanned" in told.stderr
    assert "no answer within 1 s: --patience waits longer, --from and --to ask for less" in told.stderr


@pytest.mark.parametrize("stoppable", [True, False])
def test_an_athena_out_of_reach_is_told_and_not_hidden_by_the_stopping(at: Asked, stoppable: bool) -> None:
    """The query would go on and cost: it is stopped if that can be done."""

    def away() -> None:
        raise EndpointConnectionError(endpoint_url="https://athena.test/")

    at.fake.on_look = away
    if not stoppable:
        at.fake.refuses = {"StopQueryExecution": ("InternalServerException", "no")}
    told = at.run("spend")
    assert told.exit_code == 2
    assert "StopQueryExecution" in at.fake.calls
    assert "https://athena.test/ does not answer" in told.stderr


# Progress and price.


def test_pauses_grow_from_a_tenth_of_a_second_to_two(at: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """And progress tells state, time and bytes; the last pause is no longer than patience."""
    monkeypatch.setattr(execution, "FIRST", 0.1)
    now, pauses, said = [0.0], list[float](), list[str]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    at.fake.looks = ["QUEUED", *["RUNNING"] * 12, "SUCCEEDED"]
    stack = Stack(Place("dev"), at.formation.outputs)
    assert Athena(stack, clock=lambda: now[0], pause=pause).run("SELECT 1", 600, said.append).state == "SUCCEEDED"
    assert pauses == sorted(pauses) and len(pauses) == 13
    assert (pauses[0], pauses[-1]) == (0.1, 2.0)
    assert said[0] == "queued, 0 s, 0 bytes scanned so far"
    assert said[-1] == "running, 13 s, 12.3 MB scanned so far"


@pytest.mark.parametrize(
    "text",
    [
        "/* refill */ INSERT INTO calls_all /* from the copy */ SELECT * FROM t",
        "/* a */ CREATE TABLE t AS /* b */ SELECT 1",
        "/* a */ DELETE FROM t -- /* */ (\n WHERE 1=1",
        "/* */" * 40 + "DROP TABLE t",
    ],
)
def test_a_comment_hides_no_other_statement(text: str) -> None:
    """Whatever stands between two comments is none; and many of them are read in no time."""
    with pytest.raises(Wrong, match="only SELECT"):
        asking.written(io.StringIO(text))
    assert asking.written(io.StringIO("/* a */ -- b\n /* c */ SELECT 1;")).endswith("SELECT 1")


def test_progress_is_shown_on_a_terminal_alone(at: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the other tests see is a pipe."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    told = at.run("spend")
    assert "asking Athena" in told.stderr
    assert "asking Athena" not in told.stdout


@pytest.mark.parametrize(
    ("scanned", "amount"),
    [
        (0, "$0.00005"), (1, "$0.00005"), (10_000_000, "$0.00005"), (10_000_001, "$0.000055"),
        (100 * 10**9, "$0.50"), (10**12, "$5.00"), (10**12 + 1, "$5.000005"),
    ],
)  # fmt: skip
def test_a_query_costs_five_dollars_a_terabyte_and_at_least_ten_megabytes(scanned: int, amount: str) -> None:
    """Each begun megabyte counts."""
    assert dollars(price(scanned)) == amount


def test_no_megabyte_makes_the_price_too_low() -> None:
    """The larger ones, of powers of two, would make every query cheaper."""
    for scanned in (*range(0, 40 << 20, 99_991), 10**9, 10**11, 1 << 40):
        binary = max(10, -(-scanned // (1 << 20))) * Decimal(5) / (1 << 20)
        assert price(scanned) >= binary


def test_the_fake_writes_results_as_athena_does() -> None:
    """Nulls bare, everything else quoted."""
    assert text([["a", None, "", 'x"y']]) == '"a",,"","x""y"\n'


def test_every_option_is_on_the_page() -> None:
    """docs/cdr.md tells what `--help` tells."""
    told = CliRunner().invoke(main, ["query", "--help"]).output
    for option in re.findall(r"^  (?:-h, )?(--[a-z-]+)", told, re.MULTILINE):
        assert f"`{option}" in PAGE or option == "--help"
    assert "## cdr query [NAME]" in PAGE
