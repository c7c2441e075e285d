"""`cdr coverage` says what is there and what is not, and its exit status says it too."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from cli import tables
from cli.commands import main
from cli.stack import Place
from lambdas.core.rows import Work
from lambdas.core.states import State
from lambdas.core.windows import DAY
from tests.cli.deployed import START, TEXT, UNTIL, Deployed, deployed
from tests.world import REGION

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "cdr.md").read_text("utf-8")
DONE = Work.DONE


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with deployed(tmp_path, monkeypatch) as one:
        yield one


def test_all_there_is_status_0(stack: Deployed) -> None:
    """In one line, and one stretch."""
    stack.plan(4)
    stack.rows(DONE, DONE, DONE, DONE)
    told = stack.run()
    assert told.exit_code == 0
    assert told.output.splitlines()[0] == "main: nothing is missing; there: 4 days final"
    assert re.search(r"inbound +│ final +│ 2026-11-16 │ 2026-11-20 .*│ 4 days │ +4 │ +28 │ aa .*all calls", told.output)


@pytest.mark.parametrize(
    ("work", "status"),
    [
        (Work.PLANNED, 1),
        (Work.ASKED, 1),
        (Work.QUARANTINED, 1),
        (Work.STUCK, 1),
        (Work.LOST, 1),
        (Work.UNREACHABLE, 0),
    ],
)
def test_a_window_that_is_not_copied_is_status_1(stack: Deployed, work: Work, status: int) -> None:
    """With its reason; what the vendor had no more at the beginning is told, and is not missing."""
    stack.plan(4)
    stack.rows(DONE, work, DONE, DONE, reason="the vendor said no")
    told = stack.run()
    state = "open" if work in (Work.PLANNED, Work.ASKED) else str(work)
    assert told.exit_code == status
    assert "the vendor said no" in told.output
    line = f"main: MISSING 1 day {state}; there: 3 days final"
    if not status:
        line = "main: nothing is missing; there: 3 days final; not missed: 1 day unreachable"
    assert told.output.splitlines()[0] == line


def test_the_worst_comes_first(stack: Deployed) -> None:
    """Defects, then what is lost, then what is still to come."""
    stack.plan(3)
    stack.rows(Work.LOST, DONE)
    stack.add(DONE, START + DAY + timedelta(hours=12), 43_200)
    told = stack.run()
    assert told.exit_code == 1
    assert told.output.splitlines()[0] == (
        "main: MISSING 1 day gap, 12:00 hours overlap, 1 day lost, 1 day open; there: 12:00 hours final"
    )
    assert "the ledger has no row for it" in told.output
    assert "not planned yet" in told.output


def test_up_to_the_last_window_that_is_due_by_default(stack: Deployed) -> None:
    """By the clock: yesterday's, or the one before while yesterday's settles."""
    stack.text = TEXT.replace("2026-11-16", '"-3d"')
    told = stack.run(until="")
    assert told.exit_code == 1
    assert re.match(r"main: MISSING [23] days open\n", told.output)


def test_json_holds_the_same(stack: Deployed) -> None:
    """For a program; the status too."""
    stack.plan(4, blocked="the key was not accepted")
    stack.rows(DONE, Work.STUCK, DONE, DONE, reason="the report failed")
    told = stack.run("--json")
    assert told.exit_code == 1
    answer = json.loads(told.output)
    (export,) = answer["exports"]
    assert answer["missing"] is export["missing"] is True
    assert (export["export"], export["vendor"], export["state"], export["start"], export["blocked"]) == (
        "main", "didww", "active", "2026-11-16T00:00:00Z", "the key was not accepted",
    )  # fmt: skip
    assert [(one["state"], one["windows"], one["missing"]) for one in export["stretches"]] == [
        ("final", 1, False), ("stuck", 1, True), ("final", 2, False),
    ]  # fmt: skip
    assert export["stretches"][1] == {
        "source": "inbound", "state": "stuck", "start": "2026-11-17T00:00:00Z", "end": "2026-11-18T00:00:00Z",
        "seconds": 86400, "missing": True, "wanted": True, "windows": 1, "rows": 0, "complete_for": None,
        "narrowed": [], "fingerprint": None, "stale_since": None, "reasons": ["the report failed"],
    }  # fmt: skip


def test_why_the_vendor_is_not_asked_is_told(stack: Deployed) -> None:
    """Below the export, for nothing goes on before it is mended."""
    stack.plan(0, blocked="waiting for the key: fill in the secret cdr/dev/main")
    told = stack.run()
    assert told.exit_code == 1
    assert told.output.splitlines()[1] == (
        "  the vendor is not asked now: waiting for the key: fill in the secret cdr/dev/main"
    )


def test_nothing_secret_is_printed(stack: Deployed) -> None:
    """Requests hold phone numbers, and a waiting execution has a token."""
    stack.plan(4)
    fields = {"filters": {"number": "+12065550100"}}
    stack.rows(DONE, Work.ASKED, DONE, DONE, fields=fields, token="sesame", tag="cdr1.tag", report_id="rep")
    for words in ([], ["--json"]):
        told = stack.run(*words)
        assert not re.search(r"1206|sesame|cdr1|\brep\b", told.output)


def test_what_a_reason_says_does_not_upset_the_terminal(stack: Deployed) -> None:
    """Neither control characters nor markup, and no more than a few of many."""
    stack.plan(4)
    stack.rows(Work.LOST, reason="[bold]\x1b[31mred")
    for day in range(1, 4):
        stack.add(Work.LOST, START + day * DAY, reason=f"reason {day}")
    text = " ".join(stack.run().output.replace("│", " ").split())
    assert "\x1b" not in text
    assert "[bold]?[31mred" in text
    assert "reason 2" in text
    assert "and 1 other reasons" in text


# Which exports.

TWO = TEXT + TEXT.replace('"main"', '"other"')


def test_only_the_named_exports_are_told(stack: Deployed) -> None:
    """Each once; without a name all of them."""
    stack.text = TWO
    for name in ("main", "other"):
        stack.plan(4, export=name)
    stack.rows(DONE, DONE, DONE, DONE)
    assert stack.run("main", "main").exit_code == 0
    assert stack.run("other").exit_code == 1
    assert [line.partition(":")[0] for line in stack.run().output.splitlines()[:2]] == ["main", "other"]


def test_an_export_that_nobody_knows_is_status_2(stack: Deployed) -> None:
    """It says which there are."""
    told = stack.run("mian")
    assert told.exit_code == 2
    assert "no export mian: exports.toml has main" in told.stderr


@pytest.mark.parametrize("named", [True, False])
def test_an_export_that_only_the_ledger_knows_is_status_2(stack: Deployed, named: bool) -> None:
    """It was deleted from the file, where it should be retired; the others are told all the same."""
    stack.plan(4)
    stack.rows(DONE, DONE, DONE, DONE)
    stack.rows(DONE, export="gone")
    for name in ("gone", "main"):
        boto3.client("s3", REGION).put_object(
            Bucket="lake", Key=f"ledger/export={name}/month=2026-11/coverage.json.gz", Body=b""
        )
    told = stack.run(*(["gone"] if named else []))
    assert told.exit_code == 2
    assert 'gone: in the ledger, and not in exports.toml: put it back there, with state = "retired"' in told.stderr
    assert ("main: nothing is missing" in told.stdout) is not named


# What goes wrong.


def test_no_such_stack_is_status_2(stack: Deployed) -> None:
    """With the stack's name and where it was looked for."""
    told = stack.run("--stage", "prod")
    assert told.exit_code == 2
    assert "no stack cdr-prod in us-east-1: are --stage, --region and --profile right?" in told.stderr
    told = stack.run("--stage", "PROD")
    assert told.exit_code == 2
    assert "--stage: 'PROD' is not of the form" in told.stderr


def test_a_stack_that_was_never_finished_is_status_2(stack: Deployed) -> None:
    """It has no outputs."""
    stack.formation.outputs.clear()
    told = stack.run()
    assert told.exit_code == 2
    assert "cdr-dev in us-east-1 is ROLLBACK_COMPLETE and tells no table" in told.stderr


def test_mistakes_of_the_file_are_told_at_once(stack: Deployed) -> None:
    """As `cdk synth` tells them; and a file that is not there."""
    stack.text = TEXT.replace("2026-11-16", '"soon"').replace('"didww"', '"nobody"')
    told = stack.run()
    assert told.exit_code == 2
    assert told.stderr.count("exports.toml: line") == 2
    told = CliRunner().invoke(main, ["coverage", "--exports", "nowhere.toml"])
    assert told.exit_code == 2
    assert "nowhere.toml: not found: run `cdr` where it lies, or name it by --exports FILE" in told.stderr


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "have expired"),
        ("InvalidClientTokenId", "does not know the credentials"),
        ("AccessDenied", "may not DescribeStacks"),
        ("Throttling", r"DescribeStacks: no \(Throttling\)"),
    ],
)
def test_what_aws_refuses_is_told(stack: Deployed, monkeypatch: pytest.MonkeyPatch, code: str, said: str) -> None:
    """With what to do, where that is known."""

    def describe(StackName: str) -> None:  # noqa: N803 # boto3's own name
        raise refused(code)

    monkeypatch.setattr(stack.formation, "describe_stacks", describe)
    told = stack.run()
    assert told.exit_code == 2
    assert re.search(said, told.stderr)


@pytest.mark.parametrize(
    ("words", "without", "said"),
    [
        ([], "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY", "no AWS credentials"),
        ([], "AWS_DEFAULT_REGION", "no region: name it by --region"),
        (["--profile", "nobody"], "", "The config profile (nobody) could not be found: `aws configure list-profiles`"),
        (["--endpoint-url", "http://127.0.0.1:9"], "", "http://127.0.0.1:9/ does not answer: is --region"),
    ],
)
def test_no_way_to_aws_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], without: str, said: str
) -> None:
    """Nothing is asked of the network here but a closed port of loopback."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in without.split():
        monkeypatch.delenv(name)
    file = tmp_path / "exports.toml"
    file.write_text(TEXT)
    told = CliRunner().invoke(main, ["coverage", "--exports", str(file), *words])
    assert told.exit_code == 2
    assert said in told.stderr


def test_an_interrupt_is_no_answer(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither 0 nor 1."""

    def interrupt(self: Place) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Place, "stack", interrupt)
    assert stack.run().exit_code == 130


def test_a_time_that_is_none_is_status_2(stack: Deployed) -> None:
    """Usage."""
    told = stack.run(until="soon")
    assert told.exit_code == 2
    assert "'soon' is not a time such as 2026-11-20" in told.stderr


# The endpoint, the help, the page.


def test_the_local_cloud_is_found_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as `python -m local up` tells to export; buckets then have no name of their own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    told = CliRunner().invoke(main, ["coverage", "--exports", str(ROOT / "exports.toml")])
    assert "http://127.0.0.1:9/ does not answer" in told.stderr
    near = Place("dev", endpoint="http://127.0.0.1:9").client("s3")
    assert near.generate_presigned_url("head_bucket", {"Bucket": "b"}).startswith("http://127.0.0.1:9/b?")


def test_it_is_installed_and_runs_as_a_module() -> None:
    """`make setup` installs `.venv/bin/cdr`."""
    for words in ([sys.executable, "-m", "cli"], [Path(sys.executable).with_name("cdr")]):
        done = subprocess.run([*words, "--version"], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("cdr, version ")


def test_every_option_and_state_is_in_the_help_and_on_the_page() -> None:
    """docs/cdr.md tells what `--help` tells."""
    told = CliRunner().invoke(main, ["coverage", "--help"]).output
    for option in re.findall(r"^  (?:-h, )?(--[a-z-]+)", told, re.MULTILINE):
        assert f"`{option}" in PAGE or option == "--help"
    for state in State:
        assert f"`{state}`" in PAGE
        assert str(state) in told
    assert "coverage" in CliRunner().invoke(main, ["--help"]).output


def test_the_page_s_example_is_what_is_printed(stack: Deployed) -> None:
    """Line for line."""
    stack.text = TEXT.replace('options = { export_type = "cdr_in" }', "")
    stack.plan(4)
    stack.rows(DONE)
    stack.add(Work.LOST, START + DAY, reason="the vendor can no longer give it")
    stack.add(DONE, START + 2 * DAY)
    stack.add(Work.PLANNED, START + 3 * DAY, reason="the report failed")
    stack.rows(*[DONE] * 4, source="outbound", due_at=UNTIL + 7 * DAY)
    (shown,) = re.findall(r"```\n\$ cdr coverage --until 2026-11-20\n(.*?)\n```", PAGE, re.DOTALL)
    assert [line.rstrip() for line in stack.run().output.splitlines()] == shown.splitlines()


def test_lengths_and_times_are_for_people() -> None:
    """Days where they are whole."""
    hour = timedelta(hours=1)
    assert [tables.long(one) for one in (DAY, 2 * DAY, 6 * hour, DAY + hour / 4)] == [
        "1 day", "2 days", "06:00 hours", "1 day 00:15",
    ]  # fmt: skip
    assert [tables.when(one) for one in (START, START + hour)] == ["2026-11-16", "2026-11-16 01:00"]


def test_progress_is_for_terminals_alone(stack: Deployed) -> None:
    """What is piped stays clean."""
    stack.plan(4)
    stack.rows(DONE, DONE, DONE, DONE)
    assert stack.run().stderr == ""
