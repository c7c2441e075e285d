"""`cdr raw` fetches the very file that came, checked by its digest, or says why there is none."""

import gzip
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from cli import fetching
from cli.commands import main
from cli.stack import Place
from lambdas.core.rows import Row, Work
from lambdas.core.windows import DAY, Window
from local.vendors.flowroute import Flowroute
from tests.cli.deployed import COPY, START, Deployed, Formation, deployed
from tests.world import REGION, Clock, world

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "cdr.md").read_text("utf-8")
TEXT = b"Start,From\n2026-11-16,+12065550123\n" * 100
NAME = "20261116T000000Z-86400"
FILE = f"{NAME}.inbound.r0.a1.k1.f0.csv.gz"
FOLDER = "export=main/dt=2026-11-16/"
RECEIPT = f"receipts/{FOLDER}{NAME}.inbound.r0.json"
NOTE = f"quarantine/{FOLDER}{NAME}.inbound.r1.a1.k1.json"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with deployed(tmp_path, monkeypatch) as one:
        yield one


def s3() -> Any:
    return boto3.client("s3", REGION)


def put(key: str, body: bytes, **how: Any) -> None:
    s3().put_object(Bucket="lake", Key=key, Body=body, **how)


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def copied(stack: Deployed, *bodies: bytes, start: Any = START, seconds: int = 86_400, **how: Any) -> list[str]:
    """A window that is copied, with its files and its receipt; the files' names."""
    window = Window(start, seconds, how.pop("source", "inbound"))
    below = f"export=main/dt={window.date}/{window.name}.{window.source}.r0"
    files = {f"raw/{below}.a1.k1.f{n}.csv.gz": body for n, body in enumerate(bodies)}
    for key, body in files.items():
        put(key, body)
    objects = {key: {"bytes": len(body), "sha256": sha(body), "requests": 1} for key, body in files.items()}
    receipt = {"sha256_files": ["x" for _ in bodies], "objects": objects, **how.pop("receipt", {})}
    put(f"receipts/{below}.json", json.dumps(receipt).encode())
    copy = replace(COPY, raw=tuple(files), receipt=f"receipts/{below}.json")
    stack.ledger.add([Row("main", window, **{"state": Work.DONE, "published": copy, **how})])
    return [key.rpartition("/")[2] for key in files]


def apart(stack: Deployed, body: bytes, form: str = "plain", **note: Any) -> None:
    """A window whose last copy did not pass, with its file and its note."""
    key = f"raw/{FOLDER}{NAME}.inbound.r1.a1.k1.f0.csv.gz"
    put(key, body)
    told = {"reason": "the vendor counts 9 rows, the file has 8", "raw": [key], "forms": [form]}
    put(NOTE, json.dumps({**told, "arrived": [sha(TEXT if form == "plain" else body)], **note}).encode())
    put(NOTE.replace(".json", ".rejects.json"), b"{}")


def run(stack: Deployed, window: str, *words: str, out: str = "out") -> Result:
    file = stack.folder / "exports.toml"
    file.write_text(stack.text)
    (stack.folder / out).mkdir(exist_ok=True)
    said = ["raw", "main", window, *words, "--out", str(stack.folder / out), "--exports", str(file)]
    return CliRunner().invoke(main, said)


def there(stack: Deployed, out: str = "out") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (stack.folder / out).iterdir()}


# Which file it is.


@pytest.mark.parametrize(
    "window",
    [NAME, f"{NAME}.inbound", "2026-11-16", "2026-11-16T00:00Z", "2026-11-16T23:59:59Z", "2026-11-17T01:00+02:00"],
)
def test_a_window_is_named_by_its_name_or_by_a_time_in_it(stack: Deployed, window: str) -> None:
    """The file comes as it lies in the lake, byte for byte, and its path is printed."""
    copied(stack, packed(TEXT))
    copied(stack, packed(b"another"), start=START + DAY)
    told = run(stack, window)
    assert (told.exit_code, told.output) == (0, f"{stack.folder}/out/{FILE}\n")
    assert there(stack) == {FILE: packed(TEXT)}


def test_plain_writes_the_text_itself(stack: Deployed) -> None:
    """Of a gzip of several members all of it."""
    copied(stack, packed(TEXT[:99]) + packed(b"") + packed(TEXT[99:]))
    assert run(stack, NAME, "--plain").exit_code == 0
    assert there(stack) == {FILE.removesuffix(".gz"): TEXT}


def test_a_zip_is_unpacked_to_its_text_too(stack: Deployed) -> None:
    """The lake has it packed once more."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("report.csv", TEXT)
    copied(stack, packed(body.getvalue()))
    assert run(stack, NAME, "--plain").exit_code == 0
    assert there(stack) == {FILE.removesuffix(".gz"): TEXT}


def test_all_files_of_a_report_are_fetched(stack: Deployed) -> None:
    """In their order."""
    names = copied(stack, packed(b"a"), packed(b"b"))
    told = run(stack, NAME)
    assert told.output == "".join(f"{stack.folder}/out/{name}\n" for name in names)
    assert there(stack) == dict(zip(names, (packed(b"a"), packed(b"b")), strict=True))


@pytest.mark.parametrize(
    ("window", "words", "count"),
    [
        ("2026-11-16", [], 6), ("2026-11-16", ["--source", "inbound"], 4), ("2026-11-16T06:00Z", [], 2),
        ("2026-11-16T05:59:59Z", ["--source", "outbound"], 1), ("20261116T060000Z-21600", [], 1),
        ("20261116T000000Z-43200.outbound", [], 1), ("20261116T000000Z-21600", ["--source", "inbound"], 1),
    ],
)  # fmt: skip
def test_all_windows_that_are_meant_are_fetched(stack: Deployed, window: str, words: list[str], count: int) -> None:
    """Of a day all, of a time those of every source."""
    for hour in (0, 6, 12, 18):
        copied(stack, packed(b"i%d" % hour), start=START + timedelta(hours=hour), seconds=21_600)
    for hour in (0, 12):
        copied(stack, packed(b"o%d" % hour), start=START + timedelta(hours=hour), seconds=43_200, source="outbound")
    copied(stack, packed(b"o"), start=START + DAY, seconds=21_600, source="outbound")
    told = run(stack, window, *words)
    assert told.exit_code == 0
    assert len(told.output.splitlines()) == len(there(stack)) == count


def test_a_program_is_told_what_was_fetched_and_what_was_not(stack: Deployed) -> None:
    """Paths, digests, and a reason for each window without a file; stderr and the status are the same."""
    names = copied(stack, packed(TEXT), packed(b"b"))
    stack.ledger.add([Row("main", Window(START, 86_400, "outbound"), Work.LOST, reason="gone")])
    done = run(stack, "2026-11-16", "--json")
    why = f"{NAME}.outbound: never copied, and the vendor can no longer give it (gone)"
    assert (done.exit_code, done.stderr) == (2, f"Error: {why}\n")
    told = json.loads(done.stdout)
    assert told.keys() == {"export", "files", "refused"} and told["export"] == "main"
    assert told["refused"] == [{"window": f"{NAME}.outbound", "why": why}]
    bodies = dict(zip(names, (packed(TEXT), packed(b"b")), strict=True))
    assert told["files"] == [
        {
            "window": f"{NAME}.inbound", "path": f"{stack.folder}/out/{name}", "bytes": len(body),
            "key": f"raw/{FOLDER}{name}", "sha256": sha(body),
        } for name, body in bodies.items()
    ]  # fmt: skip
    assert there(stack) == bodies


# That it is the right one.


@pytest.mark.parametrize("words", [[], ["--plain"]])
@pytest.mark.parametrize("body", [packed(TEXT + b"x"), packed(TEXT)[:-9], b"", TEXT, packed(TEXT) + b"x"])
def test_a_file_that_is_another_is_refused(stack: Deployed, body: bytes, words: list[str]) -> None:
    """Changed, cut short, empty, or longer: nothing is left of it, and what was there stays."""
    (name,) = copied(stack, packed(TEXT))
    put(f"raw/{FOLDER}{name}", body)
    told = run(stack, NAME, *words)
    assert told.exit_code == 2
    assert told.stderr.startswith(f"Error: raw/{FOLDER}{name}: not the file that came: its SHA-256 is {sha(body)}, ")
    assert f"{sha(packed(TEXT))} was noted then" in told.stderr
    assert there(stack) == {}


def test_what_is_there_is_not_written_over_without_force(stack: Deployed) -> None:
    """And with it only by a file that is right."""
    (name,) = copied(stack, packed(TEXT))
    assert run(stack, NAME).exit_code == 0
    (stack.folder / "out" / name).write_text("mine")
    told = run(stack, NAME)
    assert (told.exit_code, told.stderr) == (
        2, f"Error: {stack.folder}/out/{name} is there already: --force writes over it\n",
    )  # fmt: skip
    assert there(stack) == {name: b"mine"}
    assert run(stack, NAME, "--force").exit_code == 0
    assert there(stack) == {name: packed(TEXT)}
    put(f"raw/{FOLDER}{name}", b"another")
    assert run(stack, NAME, "--force").exit_code == 2
    assert there(stack) == {name: packed(TEXT)}


@pytest.mark.parametrize("receipt", [{"objects": {}}, {"objects": None}])
def test_what_cannot_be_checked_is_not_fetched(stack: Deployed, receipt: dict[str, Any]) -> None:
    """A receipt without a digest is none."""
    (name,) = copied(stack, packed(TEXT), receipt=receipt)
    told = run(stack, NAME)
    assert told.exit_code == 2
    assert f"raw/{FOLDER}{name}: its receipt {RECEIPT} has no digest of it: not fetched" in told.stderr


def test_a_receipt_that_is_gone_is_told(stack: Deployed) -> None:
    """Receipts are kept: somebody has deleted it."""
    copied(stack, packed(TEXT))
    s3().delete_object(Bucket="lake", Key=RECEIPT)
    told = run(stack, NAME)
    assert told.exit_code == 2
    assert f"{NAME}.inbound: its receipt {RECEIPT} is not there: nothing was fetched" in told.stderr


def test_what_is_no_gzip_is_kept_and_not_unpacked(stack: Deployed) -> None:
    """It came like that: the file is the right one, and --plain is told to be of no use."""
    (name,) = copied(stack, b"\x1f\x8bno")
    told = run(stack, NAME, "--plain")
    assert told.exit_code == 2
    assert f"raw/{FOLDER}{name}: cannot be unpacked (" in told.stderr
    assert "): fetch it without --plain" in told.stderr
    assert run(stack, NAME).exit_code == 0
    assert there(stack) == {name: b"\x1f\x8bno"}


def test_memory_stays_flat(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """No piece is larger than asked for, packed or unpacked, even of a file that grows a thousandfold."""
    monkeypatch.setattr(fetching, "PIECE", 1 << 12)
    longest, genuine = [0], fetching._passed

    def watched(pieces: Iterator[bytes], *others: Callable[[bytes], Any]) -> Iterator[bytes]:
        yield from genuine(pieces, *others, lambda piece: longest.append(len(piece)))

    monkeypatch.setattr(fetching, "_passed", watched)
    (name,) = copied(stack, packed(b"\0" * (4 << 20)))
    assert run(stack, NAME, "--plain").exit_code == 0
    assert max(longest) <= 1 << 12
    assert there(stack)[name.removesuffix(".gz")] == b"\0" * (4 << 20)


def test_progress_is_shown_on_a_terminal_alone(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the other tests see is a pipe."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    copied(stack, packed(TEXT))
    told = run(stack, NAME)
    assert "r0.a1.k1" in told.stderr
    assert told.stdout == f"{stack.folder}/out/{FILE}\n"


def test_an_interrupt_leaves_nothing(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a half file nor a nameless one."""
    copied(stack, packed(TEXT))

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "_drain", interrupted)
    assert run(stack, NAME).exit_code == 130
    assert there(stack) == {}


# Why there is none.


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (Work.PLANNED, "not copied yet, it is planned (why)"),
        (Work.ASKING, "not copied yet, it is asking (why)"),
        (Work.ASKED, "not copied yet, it is asked (why)"),
        (Work.COPYING, "not copied yet, it is copying (why)"),
        (Work.QUARANTINED, "its file did not pass the checks: --quarantined fetches it (why)"),
        (Work.STUCK, "never copied, the attempts are used up; it is asked for again daily (why)"),
        (Work.LOST, "never copied, and the vendor can no longer give it (why)"),
        (Work.UNREACHABLE, "never copied, and it will not be (why)"),
    ],
)
def test_what_was_never_copied_says_why(stack: Deployed, work: Work, said: str) -> None:
    """By the ledger's row; the other windows that were meant are fetched all the same."""
    stack.ledger.add([Row("main", Window(START, 86_400, "inbound"), work, reason="why")])
    names = copied(stack, packed(b"o"), source="outbound")
    told = run(stack, "2026-11-16")
    assert told.exit_code == 2
    assert told.stderr == f"Error: {NAME}.inbound: {said}\n"
    assert list(there(stack)) == names


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["x"], 'the vendor\'s file was not kept: raw = false in exports.toml, which numbers = "mask"'),
        ([], "the vendor gave no file"),
    ],
)
def test_a_copy_without_its_file_says_why(stack: Deployed, files: list[str], said: str) -> None:
    """By its receipt: switched off when it was copied, or there was none."""
    copied(stack, receipt={"sha256_files": files})
    told = run(stack, NAME)
    assert told.exit_code == 2
    assert f"{NAME}.inbound: {said}" in told.stderr


def test_a_file_that_is_gone_says_by_whom(stack: Deployed) -> None:
    """Expired or deleted; an older version may be there for a while."""
    (name,) = copied(stack, packed(TEXT))
    s3().delete_object(Bucket="lake", Key=f"raw/{FOLDER}{name}")
    told = run(stack, NAME)
    assert told.exit_code == 2
    assert f"raw/{FOLDER}{name}: not there any more: it expired (raw_expire_days), or somebody deleted" in told.stderr
    assert there(stack) == {}


def test_an_archived_file_says_how_it_comes_back(stack: Deployed) -> None:
    """The stack itself archives nothing; a rule of somebody's own may."""
    (name,) = copied(stack, packed(TEXT))
    put(f"raw/{FOLDER}{name}", packed(TEXT), StorageClass="DEEP_ARCHIVE")
    told = run(stack, NAME)
    assert told.exit_code == 2
    restore = (
        f"`aws s3api restore-object --bucket lake --key raw/{FOLDER}{name} --restore-request Days=7` brings it back"
    )
    assert f"archived: {restore}; then run this again" in told.stderr
    how = {"RestoreRequest": {"Days": 7}}
    s3().restore_object(Bucket="lake", Key=f"raw/{FOLDER}{name}", **how)
    assert run(stack, NAME).exit_code == 0


@pytest.mark.parametrize("kind", ["STANDARD_IA", "GLACIER_IR"])
def test_what_the_stack_s_own_rule_made_cold_is_read_at_once(stack: Deployed, kind: str) -> None:
    """Infrequent access after 30 days, Glacier Instant Retrieval after 90."""
    (name,) = copied(stack, packed(TEXT))
    put(f"raw/{FOLDER}{name}", packed(TEXT), StorageClass=kind)
    assert run(stack, NAME).exit_code == 0


@pytest.mark.parametrize("window", ["2026-11-18", f"{NAME}.outbound", "20261116T000000Z-3600", "2026-11-15T23:59Z"])
def test_a_window_that_there_is_not_says_which_there_are(stack: Deployed, window: str) -> None:
    """From when to when, and of which sources."""
    copied(stack, packed(TEXT))
    told = run(stack, window)
    assert told.exit_code == 2
    those = "those from 2026-11-16T00:00:00Z to 2026-11-17T00:00:00Z, of inbound"
    assert told.stderr == f"Error: main: no such window: the ledger has {those}\n"


def test_an_empty_ledger_says_so(stack: Deployed) -> None:
    """Nothing was planned yet."""
    told = run(stack, NAME)
    assert (told.exit_code, told.stderr) == (2, "Error: main: the ledger has no window of it yet\n")


@pytest.mark.parametrize(
    ("window", "words", "said"),
    [
        ("yesterday", [], "'yesterday' is not a time such as 2026-11-20"),
        ("20261316T000000Z-86400", [], "'20261316T000000Z-86400' names no time"),
        (f"{NAME}.inbound", ["--source", "outbound"], "either .inbound or --source outbound"),
    ],
)
def test_what_is_no_window_is_status_2(stack: Deployed, window: str, words: list[str], said: str) -> None:
    """Usage."""
    told = run(stack, window, *words)
    assert (told.exit_code, said in told.stderr) == (2, True)


def test_an_export_that_nobody_knows_and_a_folder_that_is_not_there_are_status_2(stack: Deployed) -> None:
    """It says which there are."""
    stack.text = stack.text.replace('"main"', '"other"')
    told = run(stack, NAME)
    assert (told.exit_code, told.stderr) == (2, "Error: no export main: exports.toml has other\n")
    told = CliRunner().invoke(main, ["raw", "main", NAME, "--out", "/nowhere"])
    assert (told.exit_code, "Directory '/nowhere' does not exist" in told.stderr) == (2, True)


# What did not pass.


@pytest.mark.parametrize(
    ("form", "body"), [("plain", packed(TEXT)), ("gzip", packed(TEXT)), ("page", packed(b"<html>"))]
)
@pytest.mark.parametrize("words", [[], ["--plain"]])
def test_what_did_not_pass_is_fetched_and_checked_too(
    stack: Deployed, form: str, body: bytes, words: list[str]
) -> None:
    """By the note's own digest, which is that of the file as it came, packed or not; its reason is told."""
    copied(stack, packed(b"published"), state=Work.QUARANTINED)
    apart(stack, body, form, **({"arrived": [sha(b"<html>")]} if form == "page" else {}))
    told = run(stack, NAME, "--quarantined", *words)
    assert told.exit_code == 0, told.stderr
    assert f"{NAME}.inbound: did not pass the checks: the vendor counts 9 rows, the file has 8" in told.stderr
    name = f"{NAME}.inbound.r1.a1.k1.f0.csv"
    assert there(stack) == ({name: zlib.decompress(body, 31)} if words else {f"{name}.gz": body})


def test_of_several_that_did_not_pass_the_last_is_fetched(stack: Deployed) -> None:
    """By its turn, as a number."""
    stack.ledger.add([Row("main", Window(START, 86_400, "inbound"), Work.QUARANTINED)])
    apart(stack, packed(TEXT))
    for turn in ("r2.a1.k1", "r10.a1.k2", "r10.a1.k1"):
        key = f"raw/{FOLDER}{NAME}.inbound.{turn}.f0.csv.gz"
        put(key, packed(turn.encode()))
        told = {"reason": turn, "raw": [key], "forms": ["plain"], "arrived": [sha(turn.encode())]}
        put(NOTE.replace("r1.a1.k1", turn), json.dumps(told).encode())
    assert run(stack, NAME, "--quarantined", "--plain").exit_code == 0
    assert there(stack) == {f"{NAME}.inbound.r10.a1.k2.f0.csv": b"r10.a1.k2"}


@pytest.mark.parametrize("form", ["plain", "gzip"])
@pytest.mark.parametrize("words", [[], ["--plain"]])
def test_what_did_not_pass_and_is_another_by_now_is_refused(stack: Deployed, form: str, words: list[str]) -> None:
    """As a published one."""
    stack.ledger.add([Row("main", Window(START, 86_400, "inbound"), Work.QUARANTINED)])
    apart(stack, packed(TEXT), form)
    put(f"raw/{FOLDER}{NAME}.inbound.r1.a1.k1.f0.csv.gz", packed(TEXT + b"x"))
    told = run(stack, NAME, "--quarantined", *words)
    assert (told.exit_code, "not the file that came" in told.stderr, there(stack)) == (2, True, {})


def test_the_published_file_is_fetched_and_the_other_one_mentioned(stack: Deployed) -> None:
    """Where a re-export did not pass."""
    copied(stack, packed(TEXT), state=Work.QUARANTINED)
    apart(stack, packed(b"x"))
    told = run(stack, NAME)
    assert told.exit_code == 0
    assert told.stderr == f"{NAME}.inbound: a later one did not pass the checks: --quarantined fetches it\n"
    assert there(stack) == {FILE: packed(TEXT)}


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ({"reason": "too-large: 9 identities come twice"}, "the file was not kept, it is too large"),
        ({}, "the vendor's file was not kept: raw = false in exports.toml"),
        ({"arrived": []}, "the vendor gave no file"),
    ],
)
def test_what_did_not_pass_and_was_not_kept_says_why(stack: Deployed, note: dict[str, Any], said: str) -> None:
    """By its note."""
    stack.ledger.add([Row("main", Window(START, 86_400, "inbound"), Work.QUARANTINED)])
    apart(stack, packed(TEXT), **{"raw": [], **note})
    told = run(stack, NAME, "--quarantined")
    assert (told.exit_code, said in told.stderr) == (2, True)


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (Work.PLANNED, "nothing of it is in quarantine"),
        (
            Work.QUARANTINED,
            "in quarantine, and without a note there: it expired (quarantine_days), or the copy never came to its end. "
            f"What was kept of it lies at s3://lake/raw/{FOLDER}{NAME}.inbound.r0.a1.k2.*, without a digest",
        ),
    ],
)
def test_without_a_note_nobody_can_tell_the_file(stack: Deployed, work: Work, said: str) -> None:
    """It says where to look."""
    stack.ledger.add([Row("main", Window(START, 86_400, "inbound"), work, run=2)])
    told = run(stack, NAME, "--quarantined")
    assert (told.exit_code, said in told.stderr) == (2, True)


def test_every_option_is_on_the_page() -> None:
    """docs/cdr.md tells what `--help` tells."""
    told = CliRunner().invoke(main, ["raw", "--help"]).output
    for option in re.findall(r"^  (?:-h, )?(--[a-z-]+)", told, re.MULTILINE):
        assert f"`{option}" in PAGE or option == "--help"
    assert "## cdr raw EXPORT WINDOW" in PAGE


# What the copier itself writes.

FLOWROUTE = """
[[export]]
name = "f"
vendor = "flowroute"
start = "-1d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
reexport = ["1d"]
"""


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A world whose exporter has run, its vendor, and the command on it."""
    genuine = Place.client
    formation = Formation({"Table": "ledger", "Bucket": "lake"})
    monkeypatch.setattr(
        Place, "client", lambda self, name: formation if name == "cloudformation" else genuine(self, name)
    )

    def fetch(vendor: Flowroute, row: Row, *words: str) -> Result:
        formation.meta = boto3.client("s3", REGION).meta
        (tmp_path / "exports.toml").write_text(FLOWROUTE.format(vendor))
        said = [
            "raw",
            "f",
            row.window.name,
            "--out",
            str(tmp_path),
            "--exports",
            str(tmp_path / "exports.toml"),
            *words,
        ]
        return CliRunner().invoke(main, said)

    yield fetch


@pytest.mark.parametrize("plain", [False, True], ids=["gzip", "plain"])
def test_the_copier_s_own_files_are_fetched(real: Callable[..., Any], plain: bool) -> None:
    """By the receipt that it wrote, and after a re-export with the same content, which keeps the first file."""
    clock = Clock()
    with (
        Flowroute(3, "f", clock=clock, per_day=30, callbacks="never", plain=plain) as vendor,
        world(FLOWROUTE.format(vendor), clock) as at,
    ):
        at.quiet()
        (row,) = at.rows("f")
        told = real(vendor, row, "--plain")
        assert told.exit_code == 0, told.output
        assert row.published
        assert sha(Path(told.stdout.strip()).read_bytes()) == row.published.digest
        (raw,) = at.objects("raw/").values()
        clock.turn(days=1)
        at.quiet()
        row = min(at.rows("f"), key=lambda one: one.window)
        assert row.revision == 1
        told = real(vendor, row)
        assert told.exit_code == 0, told.output
        assert ".r0.a1.k1." in told.stdout
        assert Path(told.stdout.strip()).read_bytes() == raw


@pytest.mark.parametrize("plain", [False, True], ids=["gzip", "plain"])
def test_what_the_copier_put_apart_is_fetched(real: Callable[..., Any], plain: bool) -> None:
    """By the note that it wrote: of a report that came plain the digest is that of the text."""
    clock = Clock()
    with (
        Flowroute(3, "f", clock=clock, per_day=30, callbacks="never", plain=plain) as vendor,
        world(FLOWROUTE.format(vendor), clock) as at,
    ):
        at.tick("f")
        clock.turn(minutes=5)
        (row,) = at.rows("f")
        file = vendor.reports[row.report_id or ""].build.result().file
        came = file.read_bytes()
        text = came if plain else gzip.decompress(came)
        short = text[: text[:-1].rindex(b"\n") + 1]
        file.write_bytes(short if plain else packed(short))
        at.run(5)
        (row,) = at.rows("f")
        assert row.state is Work.QUARANTINED
        told = real(vendor, row, "--quarantined", "--plain")
        assert told.exit_code == 0, told.output
        assert re.search(r"did not pass the checks: the vendor counts \d+ rows, the file has \d+", told.stderr)
        assert Path(told.stdout.strip()).read_bytes() == short
        assert real(vendor, row, "--quarantined").exit_code == 0
