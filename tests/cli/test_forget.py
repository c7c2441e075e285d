"""`cdr forget` finds one number in every form of it, takes it out, and leaves everything else as it was."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cli.commands import main
from cli.erasing import Number
from cli.stack import Place
from lambdas.core.rows import Work
from lambdas.stream.parquet import Parquet
from lambdas.stream.privacy import Privacy
from lambdas.stream.table import SCHEMA
from lambdas.vendors import VENDORS
from local.vendors.flowroute import Flowroute
from tests.cli.deployed import Deployed, Formation, deployed
from tests.world import REGION, Clock, world

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "cdr.md").read_text("utf-8")
NUMBER = "+12065550123"
KEY = "calls/export=main/dt=2026-11-19/20261119T000000Z-86400.inbound.parquet"
TEXT = '[[export]]\nname = "main"\nvendor = "didww"\nstart = 2026-11-16\nnumbers = "{}"\n'
COLUMNS = VENDORS["didww"].columns
SECRET = "the key of this stage"
WHEN = datetime(2026, 11, 19, 10)  # noqa: DTZ001 # as the file has it: UTC without saying so
OTHER = {"row_id": "2", "from_number": "+120655501234", "from_raw": "+120655501234", "cost": Decimal("0.5")}
HELD = {
    "row_id": "1", "from_number": NUMBER, "from_raw": NUMBER[1:], "to_number": "+442079460123",
    "to_raw": "+442079460123", "from_country": "US", "started_at": WHEN, "cost": Decimal("0.25"),
    "extra": [("Source", "00" + NUMBER[1:]), ("Network", "x")],
}  # fmt: skip


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with deployed(tmp_path, monkeypatch) as one:
        one.text = TEXT.format("keep")
        yield one


def s3() -> Any:
    return boto3.client("s3", REGION)


def put(*rows: dict[str, Any], key: str = KEY, how: Privacy | None = None) -> None:
    """A copy as the copier makes it, with its metadata."""
    block = pa.RecordBatch.from_pylist(list(rows), SCHEMA)
    body = io.BytesIO()
    with Parquet(body) as parquet:
        parquet.add(how.apply(block) if how else block)
    kind = "application/vnd.apache.parquet"
    s3().put_object(Bucket="lake", Key=key, Body=body.getvalue(), Metadata={"turn": "r0.a1.k1"}, ContentType=kind)


def got(key: str = KEY) -> list[dict[str, Any]]:
    """The rows of a copy, without nulls."""
    body = s3().get_object(Bucket="lake", Key=key)["Body"].read()
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(body)).cast(SCHEMA).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def run(stack: Deployed, *words: str, number: str = NUMBER) -> Result:
    file = stack.folder / "exports.toml"
    file.write_text(stack.text)
    return CliRunner().invoke(main, ["forget", "main", number, *words, "--exports", str(file)])


def test_without_yes_it_is_only_told_where_the_number_is(stack: Deployed) -> None:
    """With the status of what is not as it should be; neither the number nor anything of the call is printed."""
    put(HELD, OTHER)
    put(OTHER, key=KEY.replace("-19", "-18"))
    before = s3().head_object(Bucket="lake", Key=KEY)["ETag"]
    told = run(stack)
    assert told.exit_code == 1
    assert told.output == f"in 1 rows: {KEY}\nnothing was changed: --yes takes it out\n"
    assert s3().head_object(Bucket="lake", Key=KEY)["ETag"] == before


def test_with_yes_its_columns_become_null_and_the_call_stays(stack: Deployed) -> None:
    """Its time, cost, country, other end and the rest of `extra`; another number that begins with it is untouched."""
    put(HELD, OTHER)
    assert run(stack, "--yes").exit_code == 0
    gone = {name: value for name, value in HELD.items() if name not in ("from_number", "from_raw")}
    assert got() == [gone | {"extra": [("Network", "x")]}, OTHER]
    told = run(stack)
    assert (told.exit_code, told.output) == (0, "no copy holds it\n")


@pytest.mark.parametrize(
    ("words", "deleted", "status"), [((), False, 1), (("--yes",), False, 1), (("--yes", "--raw"), True, 0)]
)
def test_a_program_is_told_objects_and_rows(
    stack: Deployed, words: tuple[str, ...], deleted: bool, status: int
) -> None:
    """And never the number, in whatever form it was asked for."""
    raw = "raw/" + KEY.removeprefix("calls/").replace("parquet", "r0.a1.k1.f0.csv.gz")
    s3().put_object(Bucket="lake", Key=raw, Body=b"x")
    put(HELD, OTHER)
    done = run(stack, *words, "--json")
    assert (done.exit_code, done.stderr) == (status, "")
    assert json.loads(done.stdout) == {
        "export": "main", "changed": bool(words), "copies": [{"key": KEY, "rows": 1}],
        "beside": [{"key": raw, "deleted": deleted}],
    }  # fmt: skip
    assert NUMBER[1:] not in done.output


def test_how_far_it_is_stands_on_a_terminal_alone(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Years of copies take a while; the answer on stdout is the same, and the number is on neither."""
    put(HELD)
    quiet = run(stack)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    told = run(stack)
    assert "searching the copies of main" in told.stderr and KEY.rpartition("/")[2] in told.stderr
    assert (quiet.stderr, told.stdout) == ("", quiet.stdout)
    assert NUMBER[1:] not in told.output


@pytest.mark.parametrize(
    "row",
    [
        {"to_raw": "sip:+12065550123@10.1.2.3"}, {"to_raw": "+1 (206) 555-0123"}, {"number_alias": "Anna 12065550123"},
        {"sip_call_id": "12065550123@10.1.2.3"}, {"from_raw": "01112065550123"}, {"extra": [("News", NUMBER)]},
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(stack: Deployed, row: dict[str, Any]) -> None:
    """In every personal column, and under any heading of `extra`."""
    put({"row_id": "1", **row})
    assert run(stack, "--yes", number="+1 206 555-0123").exit_code == 0
    assert got() == [{"row_id": "1"}]


def test_the_file_is_written_as_the_copier_writes_it(stack: Deployed) -> None:
    """The same as if the call had come without its number, with the metadata by which the copier knows its own."""
    put(HELD, OTHER)
    run(stack, "--yes")
    found = s3().get_object(Bucket="lake", Key=KEY)
    assert (found["Metadata"], found["ContentType"]) == ({"turn": "r0.a1.k1"}, "application/vnd.apache.parquet")
    body = found["Body"].read()
    put(*got())
    assert s3().get_object(Bucket="lake", Key=KEY)["Body"].read() == body


def test_a_pseudonym_is_forgotten_by_its_number(stack: Deployed) -> None:
    """The command takes the key from the vault; what was copied with plain numbers is found as well."""
    stack.text = TEXT.format("pseudonym")
    boto3.client("secretsmanager", REGION).create_secret(Name="cdr/dev/pseudonym", SecretString=SECRET)
    how = Privacy("pseudonym", SECRET.encode(), COLUMNS)
    put(HELD, OTHER, how=how)
    put(HELD, key=KEY.replace("-19", "-18"))
    assert "from_number" in got()[0]
    assert run(stack, "--yes").exit_code == 0
    for row in (got()[0], *got(KEY.replace("-19", "-18"))):
        assert row.keys().isdisjoint({"from_number", "from_raw"})
        assert row["to_number"]
    assert "from_number" in got()[1]


def test_a_pseudonym_of_a_stage_before_is_forgotten_by_that_stage_s_key(stack: Deployed) -> None:
    """The stack tells which secret it is: `-c pseudonym_arn=`."""
    stack.text = TEXT.format("pseudonym")
    boto3.client("secretsmanager", REGION).create_secret(Name="left-behind", SecretString=SECRET)
    stack.formation.outputs["Pseudonym"] = "left-behind"
    put(HELD, OTHER, how=Privacy("pseudonym", SECRET.encode(), COLUMNS))
    assert run(stack, "--yes").exit_code == 0
    assert got()[0].keys().isdisjoint({"from_number", "from_raw"})


def test_without_the_key_nobody_can_tell_a_pseudonym(stack: Deployed) -> None:
    """Status 2, not "no copy holds it"."""
    stack.text = TEXT.format("pseudonym")
    told = run(stack)
    assert told.exit_code == 2
    assert "the secret cdr/dev/pseudonym is empty: without it nobody can tell" in told.stderr


def test_masked_copies_are_said_not_to_tell(stack: Deployed) -> None:
    """One of ten thousand numbers cannot be told from the others."""
    stack.text = TEXT.format("mask")
    put(HELD, OTHER, how=Privacy("mask", None, COLUMNS))
    told = run(stack)
    assert (told.exit_code, told.stdout) == (0, "no copy holds it\n")
    assert "masked copies do not tell one number from its neighbours" in told.stderr


def test_the_vendor_s_files_of_its_windows_are_named_and_deleted_on_demand(stack: Deployed) -> None:
    """Whole, and only with both words; other windows keep theirs."""
    raw = "raw/" + KEY.removeprefix("calls/").replace("parquet", "r0.a1.k1.f0.csv.gz")
    kept = "quarantine/" + KEY.removeprefix("calls/").replace("parquet", "r0.a1.k1.rejects.json")
    far = raw.replace("-19", "-18")
    for key in (raw, kept, far):
        s3().put_object(Bucket="lake", Key=key, Body=b"x")
    put(HELD)
    told = run(stack, "--raw")
    assert told.exit_code == 1
    assert [line for line in told.output.splitlines() if line.startswith("may")] == [
        f"may hold it too: {raw}", f"may hold it too: {kept}",
    ]  # fmt: skip
    assert run(stack, "--yes", "--raw").exit_code == 0
    left = [one["Key"] for one in s3().list_objects_v2(Bucket="lake")["Contents"]]
    assert left == [KEY, far]


def test_raw_files_that_are_left_are_status_1(stack: Deployed) -> None:
    """The number is not forgotten while they are there."""
    put(HELD)
    raw = "raw/" + KEY.removeprefix("calls/").replace("parquet", "r0.a1.k1.f0.csv.gz")
    s3().put_object(Bucket="lake", Key=raw, Body=b"x")
    told = run(stack, "--yes")
    assert told.exit_code == 1
    assert f"taken out of 1 rows: {KEY}\nmay hold it too: {raw}\n" in told.output


def test_a_copy_made_in_the_meantime_is_not_overwritten(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command replaces what it has read, and nothing else."""
    put(HELD)
    genuine = Number.without
    once = iter([True])

    def late(self: Number, block: Any) -> Any:
        if next(once, None):
            put(HELD, OTHER)
        return genuine(self, block)

    monkeypatch.setattr(Number, "without", late)
    told = run(stack, "--yes")
    assert told.exit_code == 2
    assert f"{KEY} was copied anew in the meantime: run it again" in told.stderr
    assert len(got()) == 2


@pytest.mark.parametrize("number", ["anna", "+", "123456", "1234567890123456", "+1206555012x"])
def test_what_is_no_number_is_status_2(stack: Deployed, number: str) -> None:
    """Usage."""
    told = run(stack, number=number)
    assert told.exit_code == 2
    assert "7 to 15 digits" in told.stderr


def test_an_export_that_nobody_knows_is_status_2(stack: Deployed) -> None:
    """It says which there are."""
    stack.text = stack.text.replace('"main"', '"other"')
    told = run(stack)
    assert told.exit_code == 2
    assert "no export main: exports.toml has other" in told.stderr


def test_every_option_is_on_the_page() -> None:
    """docs/cdr.md tells what `--help` tells."""
    told = CliRunner().invoke(main, ["forget", "--help"]).output
    for option in re.findall(r"^  (?:-h, )?(--[a-z-]+)", told, re.MULTILINE):
        assert f"`{option}" in PAGE or option == "--help"
    assert "## cdr forget EXPORT NUMBER" in PAGE


# What the exporter does afterwards.

FLOWROUTE = """
[[export]]
name = "f"
vendor = "flowroute"
start = "-1d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
reexport = ["1d"]
"""


def callers(key: str) -> set[str]:
    """The callers of a copy."""
    return {row["from_number"] for row in got(key) if "from_number" in row}


@pytest.mark.parametrize("changed", [False, True])
def test_a_re_export_goes_on_and_brings_the_number_back_where_the_report_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    """The ledger knows another ETag than the object has; a report with the same content is not copied again."""
    clock, genuine = Clock(), Place.client
    with Flowroute(3, "f", clock=clock, per_day=30, callbacks="never") as vendor, world(
        FLOWROUTE.format(vendor), clock
    ) as at:  # fmt: skip
        formation = Formation({"Table": "ledger", "Bucket": "lake"}, boto3.client("s3", REGION).meta)
        monkeypatch.setattr(
            Place, "client", lambda self, name: formation if name == "cloudformation" else genuine(self, name)
        )
        at.quiet()
        (key,) = at.objects("calls/")
        before = callers(key)
        number = sorted(before)[0]
        file = tmp_path / "exports.toml"
        file.write_text(FLOWROUTE.format(vendor))
        done = CliRunner().invoke(main, ["forget", "f", number, "--yes", "--exports", str(file)])
        assert "taken out of" in done.output
        assert callers(key) == before - {number}
        (row,) = at.rows("f")
        assert row.published
        if changed:
            at.ledger.apply(row, replace(row, published=replace(row.published, digest="another")))
        clock.turn(days=1)
        at.quiet()
        (row,) = [one for one in at.rows("f") if one.window == row.window]
        assert row.published and row.state is Work.DONE and row.revision == 1
        assert callers(row.published.key) == (before if changed else before - {number})
        there = at.lake.etag(row.published.key)
        assert there and (there[0] == row.published.etag) is changed
