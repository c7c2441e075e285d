"""The benchmark of the copier measures what it says: its data has the truth beside it, its peers speak HTTP and S3."""

import csv
import gzip
import hashlib
import re
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from benchmarks.copy.bench import Bench
from benchmarks.copy.data import Truth, make
from benchmarks.copy.goals import Figures, goals
from benchmarks.copy.paper import RUNS, keep
from benchmarks.copy.peers import Peer
from benchmarks.copy.plan import BY_NAME, Case, cases
from benchmarks.copy.runs import Cores, Run, run
from benchmarks.copy.sizes import BAD, name
from benchmarks.copy.tables import report
from benchmarks.copy.verify import differences

CORES = Cores.split()
BODY = bytes(range(256)) * 4096 * 9  # 9 MiB


def quiet(_what: str) -> None:
    """Nothing is said."""


def still() -> None:
    """Nothing is done."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[tuple[Any, Peer, Path]]:
    """boto3's client of a sink that keeps its objects, the sink, and where it keeps them."""
    with Peer("sink", 0, CORES.peers, folder=tmp_path) as sink:
        client = boto3.client(
            "s3", endpoint_url=sink.url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
            config=Config(retries={"max_attempts": 0}),
        )  # fmt: skip
        yield client, sink, tmp_path
        client.close()


def counted(path: Path) -> Truth:
    """What the standard library finds in a file, row by row."""
    with path.open(encoding="utf-8", newline="") as text:
        rows = [row for row in csv.DictReader(text) if None not in row.values()]
    assert len({row["Unique CDR ID"] for row in rows}) == len(rows)
    talk, billed = (
        sum(int(row[key]) for row in rows if row[key].isdigit()) for key in ("Call duration", "Billable time")
    )
    cost = sum((Decimal(row["Cost"]) for row in rows if row["Cost"] not in ("", "n/a")), Decimal("0E-8"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Truth(len(rows), talk, billed, cost, path.stat().st_size, digest)


@pytest.mark.parametrize("form", ["plain", BAD])
def test_the_truth_is_what_is_in_the_file(data: Path, form: str) -> None:
    """Rows, seconds, money to the eighth decimal and the digest; bad values and ragged rows are left out."""
    truth = make(data, "4MB", form, quiet)
    found = counted(data / name("4MB", form))
    assert vars(found) == {**vars(truth), "bad": 0, "ragged": 0}
    assert (truth.bad, truth.ragged) == ((10, 1) if form == BAD else (0, 0))
    assert 3.99e6 < truth.bytes <= 4e6


def test_a_file_of_several_blocks_has_no_identity_twice(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the largest files have; the blocks are made small here."""
    monkeypatch.setitem(make.__globals__["write"].__globals__, "BLOCK", 100)
    truth = make(data, "100KB", "plain", quiet)
    assert truth.rows > 250
    assert counted(data / name("100KB", "plain")) == truth


def test_a_packed_file_is_the_plain_one(data: Path) -> None:
    """Its truth is that of the text."""
    truth = make(data, "10KB", "gzip", quiet)
    text = gzip.decompress((data / name("10KB", "gzip")).read_bytes())
    assert hashlib.sha256(text).hexdigest() == truth.sha256


def test_the_sink_takes_a_single_put(s3: tuple[Any, Peer, Path]) -> None:
    """With boto3's own checksum in a trailer; and answers HEAD and GET of what is small."""
    client, sink, folder = s3
    put = client.put_object(Bucket="lake", Key="raw/small object", Body=b"a,b\n1,2\n")
    assert put["ChecksumCRC32"]
    assert client.head_object(Bucket="lake", Key="raw/small object")["ContentLength"] == 8
    assert client.get_object(Bucket="lake", Key="raw/small object")["Body"].read() == b"a,b\n1,2\n"
    with pytest.raises(client.exceptions.ClientError, match="404"):
        client.head_object(Bucket="lake", Key="raw/other")
    sink.stop()
    assert sink.told["asked"] == {"PutObject": 1, "HeadObject": 2, "GetObject": 1}
    assert sink.told["folders"] == {"raw": 4}
    assert (folder / "raw%2Fsmall%20object").read_bytes() == b"a,b\n1,2\n"


def test_the_sink_puts_parts_together(s3: tuple[Any, Peer, Path], tmp_path: Path) -> None:
    """In their order, whichever came first; an aborted upload leaves no object."""
    client, sink, folder = s3
    source = tmp_path / "source"
    source.write_bytes(BODY)
    client.upload_file(str(source), "lake", "raw/large", Config=TransferConfig(multipart_chunksize=5 << 20))
    begun = client.create_multipart_upload(Bucket="lake", Key="raw/never")["UploadId"]
    client.upload_part(Bucket="lake", Key="raw/never", UploadId=begun, PartNumber=1, Body=b"part")
    client.abort_multipart_upload(Bucket="lake", Key="raw/never", UploadId=begun)
    listed = client.list_objects_v2(Bucket="lake", Prefix="raw/")["Contents"]
    assert [(one["Key"], one["Size"]) for one in listed] == [("raw/large", len(BODY))]
    sink.stop()
    asked = sink.told["asked"]
    assert (asked["CreateMultipartUpload"], asked["UploadPart"], asked["AbortMultipartUpload"]) == (2, 3, 1)
    assert (folder / "raw%2Flarge").read_bytes() == BODY


def test_the_line_keeps_its_pace_both_ways(tmp_path: Path) -> None:
    """9 MiB at 20 MB/s take half a second down and half a second up; no faster, and not much slower."""
    (tmp_path / "report.csv").write_bytes(BODY)
    with Peer("server", 20, CORES.peers, folder=tmp_path) as server, Peer("sink", 20, CORES.peers) as sink:
        begun = time.monotonic()
        with urllib.request.urlopen(f"{server.url}/report.csv") as answer:  # noqa: S310 - our own server
            assert answer.read() == BODY
        down, begun = time.monotonic() - begun, time.monotonic()
        put = urllib.request.Request(f"{sink.url}/lake/raw/report.csv", data=BODY, method="PUT")  # noqa: S310 - our own sink
        with urllib.request.urlopen(put) as answer:  # noqa: S310 - the same
            assert answer.status == 200
        up = time.monotonic() - begun
    assert 0.4 < down < 2
    assert 0.4 < up < 2


@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_the_copier_s_objects_equal_the_truth(data: Path, tmp_path: Path, form: str) -> None:
    """The whole copier in a process of its own, its figures, and what it left in S3."""
    truth = make(data, "200KB", form, quiet)
    done = run(BY_NAME["ours"], Case("200KB", form, 0), 1, data, CORES, tmp_path)
    assert (done.failed, done.out) == ("", '"done"')
    assert differences(tmp_path, truth) == []
    assert done.asked == {"PutObject": 3}
    assert done.wall > 0.1
    assert done.cpu > 0.1
    assert done.mib > 30


def test_a_wrong_copy_is_told(data: Path, tmp_path: Path) -> None:
    """Another file's truth does not fit."""
    run(BY_NAME["ours"], Case("10KB", "gzip", 0), 1, data, CORES, tmp_path)
    told = " ".join(differences(tmp_path, make(data, "200KB", "plain", quiet)))
    assert all(what in told for what in ("rows", "cost", "SHA-256"))


def test_a_way_that_fails_is_not_a_figure(tmp_path: Path) -> None:
    """curl finds no file there."""
    done = run(BY_NAME["curl"], Case("1KB", "plain", 0), 1, tmp_path, CORES)
    assert done.failed.startswith("status 22")
    assert Figures([done]).cases() == []


def test_what_was_measured_is_not_measured_again(data: Path, tmp_path: Path) -> None:
    """An earlier call's figures count; the table has them in as many runs, and what was left out with its reason."""
    told = [Case("10KB", "plain", 0), Case("10KB", BAD, 0)]
    first = Bench([BY_NAME["curl"]], told[:1], 2, -1, CORES, data)
    first.go(quiet, still, lambda: keep(tmp_path, first, []))
    assert [(one.way, one.round) for one in first.runs] == [("curl", 1), ("curl", 2)]
    second = Bench([BY_NAME["curl"], BY_NAME["duckdb"]], told[1:], 2, -1, CORES, data)
    second.resume(tmp_path / RUNS)
    second.go(quiet, still, still)
    assert second.runs[:2] == first.runs
    assert [(one.form, one.round) for one in second.runs[2:]] == [(BAD, 1), (BAD, 2)]
    text = report(second.runs, {told[1]: second.skipped(told[1])}, goals(second.runs, {}), "")
    assert re.search(r"\| curl to nothing \| .* \| 2 \|\n\| DuckDB: stops at the first bad value \|", text)


def test_a_goal_is_judged_by_medians() -> None:
    """Of the largest file that was run over the line that it is about; without a run there is no figure."""
    told = [("ours", 1.2), ("ours", 9), ("ours", 1.0), ("curl", 1.0)]
    runs = [Run(way, "1GB", "plain", 75, number, wall=wall) for number, (way, wall) in enumerate(told)]
    found = {goal.told: goal for goal in goals(runs, {})}
    line = found["copier, wall / curl to nothing"]
    assert (line.where, line.measured, line.met) == ("1GB plain, 75 MB/s", 1.2, True)
    assert found["copier, CPU / DuckDB"].met is None


def test_what_is_not_tried_says_why() -> None:
    """Each by its size, and all others at the first bad value."""
    assert BY_NAME["dlt"].skipped("1GB", "plain") == "not tried over 100MB: half a minute for 100 MB"
    assert BY_NAME["ours"].skipped("4GB", "gzip") is None
    assert BY_NAME["duckdb"].skipped("1MB", BAD) == "stops at the first bad value"
    assert [case.told for case in cases("1MB", "free,75", "gzip", bad=None)] == [
        "1MB gzip, free line", "1MB gzip, 75 MB/s",
    ]  # fmt: skip
