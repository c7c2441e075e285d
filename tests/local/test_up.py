"""What stays up: how to look around, what attaching does and leaves alone, and how it ends."""

import gzip
import json
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.clock import real
from local.up import UP, attached
from local.vendors.telnyx import Telnyx
from tests.local.processes import gone
from tests.local.runs import DAY, EARLY, LATER, THEIRS, Run, alone, exports, ran, running, secrets
from tests.local.sets import Played, written

pytestmark = pytest.mark.cloud  # one `up` for the whole file, whose tests go in this order: `--dist loadfile`


@dataclass
class Up:
    """A running `up`, with a simulator that it did not start."""

    run: Run
    tree: list[psutil.Process]
    theirs: Telnyx
    folder: Path


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Two exports: one with a server of the test's own and a key of its own, one that `up` plays itself."""
    folder = tmp_path_factory.mktemp("up")
    with (
        alone(tmp_path_factory),
        Telnyx(5, "theirs", clock=real, per_day=60, credentials=THEIRS, build_s=(0.1, 0.3)) as theirs,
    ):
        text = written({"theirs": Played(theirs, DAY)})
        file = exports(folder, f'{text}\n[[export]]\nname = "ours"\nvendor = "flowroute"\nstart = 2026-11-09\n')
        with running(folder, "up", "--exports", file, "--secrets", secrets(folder, **THEIRS), "--until", EARLY) as run:
            yield Up(run, run.until("demo --attach"), theirs, folder)


def test_it_says_that_it_is_simulated_and_how_to_look_around(up: Up) -> None:
    """The line that nobody shall miss, the verdict, the endpoint and the commands."""
    assert up.run.out.startswith("SIMULATED")
    assert "every figure equals the truth" in up.run.out
    assert re.search(r"export AWS_ENDPOINT_URL=https://localhost:\d+\n", up.run.out)
    assert "aws athena start-query-execution" in up.run.out


def test_nothing_listens_beyond_loopback(up: Up) -> None:
    """No socket of any process of its tree; and some do listen, or the test would see nothing."""
    found = [
        socket for one in up.tree if one.is_running() for socket in one.net_connections() if socket.status == "LISTEN"
    ]
    assert len(found) >= 3
    assert {socket.laddr.ip for socket in found} <= {"127.0.0.1", "::1"}


def test_what_is_exported_lands_in_the_folder(up: Up) -> None:
    """An export of somebody else's server, with his key, up to a time well in the past."""
    folder = up.folder / "first"
    one = ran(up.folder, "demo", "--attach", "--until", EARLY, "--out", folder)
    assert one.process.returncode == 0, one.out
    told = json.loads((folder / "summary.json").read_text())
    windows = {(one["export"], one["start"]): one for one in told["windows"]}
    assert set(windows) == {("theirs", "2026-11-09T00:00:00+00:00"), ("ours", "2026-11-09T00:00:00+00:00")}
    for window in windows.values():
        assert window["state"] == "done"
        assert window["rows"] == int(window["totals"]["rows"]) > 0
        keys = [window["keys"]["calls"], window["keys"]["receipt"], *window["keys"]["raw"]]
        assert all((folder / "s3" / key).stat().st_size for key in keys)
    ledger = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    assert sorted(item["sk"].partition("#")[0] for item in ledger) == ["head", "head", "w", "w"]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_raw_object_is_what_the_vendor_gave(up: Up) -> None:
    """Byte by byte, decompressed."""
    folder = up.folder / "first"
    (raw,) = (folder / "s3" / "raw" / "export=theirs").rglob("*.csv.gz")
    (report,) = up.theirs.reports.values()
    assert gzip.decompress(raw.read_bytes()) == report.build.result().file.read_bytes()


def test_the_same_time_again_changes_nothing(up: Up) -> None:
    """First a later time, which does; then the same: same objects and versions, no request, no execution."""
    later = ran(up.folder, "demo", "--attach", "--until", LATER)
    assert later.process.returncode == 0, later.out
    before = _everything(up)
    again = ran(up.folder, "demo", "--attach", "--until", LATER)
    assert again.process.returncode == 0, again.out
    assert "all quiet; 0 requests to the simulated vendors" in again.out
    assert _everything(up) == before
    windows = {key for key in before["objects"] if key.startswith("calls/")}
    assert {key.split("/")[2] for key in windows} == {"dt=2026-11-09", "dt=2026-11-10"}


def _everything(up: Up) -> dict[str, Any]:
    stack = attached().stack
    listed = stack.cloud.client("s3").list_object_versions(Bucket=stack.outputs["Bucket"])
    runs = stack.cloud.client("stepfunctions").list_executions(stateMachineArn=stack.outputs["Machine"])["executions"]
    versions = {(one["Key"], one["VersionId"], one["ETag"]) for one in listed["Versions"]}
    return {
        "objects": dict(stack.objects()),
        "versions": versions | {(one["Key"], one["VersionId"], "") for one in listed.get("DeleteMarkers", [])},
        "executions": {run["name"] for run in runs},
        "asked": list(up.theirs.requests),
        "rows": {(row.export, row.window, row.version) for row in stack.rows()},
    }


def test_there_is_one_up_at_a_time(up: Up) -> None:
    """A second one says so, and the first goes on."""
    one = ran(up.folder, "up")
    assert one.process.returncode == 1
    assert "`up` runs already" in one.out
    assert up.run.process.poll() is None


def test_an_interrupt_ends_everything(up: Up) -> None:
    """Status 130, no process of the tree, none of its files, no traceback; and then there is nothing to attach to."""
    tree = [up.tree[0], *up.tree[0].children(recursive=True)]
    up.run.process.send_signal(signal.SIGINT)
    assert up.run.end() == 130
    assert up.run.out.rstrip().endswith("interrupted; everything is stopped")
    assert "Traceback" not in up.run.out
    assert gone(tree)
    assert not up.run.left()
    assert not UP.exists()
    one = ran(up.folder, "demo", "--attach")
    assert one.process.returncode == 1
    assert "nothing is up: start `python -m local up`" in one.out
