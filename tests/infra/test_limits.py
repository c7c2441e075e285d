"""docs/limits.md says what the code holds to, what each vendor takes, and how many exports a stack carries."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from infra.functions import SIZES
from infra.rings import NEAR
from lambdas.core import exports, fields, planning, polling
from lambdas.stream import bounds, identity, report
from lambdas.stream.stages import RESERVE
from lambdas.vendors import FACTS
from lambdas.web.reactions import LONGEST
from tests.infra.conftest import synth

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "limits.md").read_text("utf-8")
RESOURCES, OUTPUTS, BODY = 500, 200, 10**6  # of a template: CloudFormation's quotas
INLINE, MANAGED = 10_240, 6_144  # characters of a policy: IAM's
EXPORTS, LONG = 50, 30  # so many, their names so long
SECRET = len("arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:cdr/dev/-AbCdEf") + LONG


def rows(title: str) -> dict[str, list[str]]:
    """A section's first table, by its first column."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {first.replace("`", ""): rest for first, *rest in cells[1:]}


def wrong(text: str) -> list[str]:
    """The mistakes of an export with these fields."""
    try:
        exports.parse(f'[[export]]\nname = "e"\nvendor = "flowroute"\nstart = 2026-01-01\n{text}', "dev", FACTS)
    except exports.Mistakes as found:
        return found.mistakes
    return []


def test_the_limits_of_exports_are_those_of_the_code() -> None:
    """Each number of the table is a constant, or a bound in the parser."""
    told = {name: rest[0] for name, rest in rows("Exports and windows").items()}
    assert told["exports.toml"] == f"{exports.LARGEST:,} characters"
    assert told["rows made in a tick"] == str(planning.ROWS_A_TICK)
    assert told["failures of a window"] == str(polling.ATTEMPTS)
    assert told["copies that died"] == str(planning.DEATHS)
    assert told["oldest call"] == str(fields.OLDEST)
    assert told["exports in one stack"] == str(EXPORTS)
    assert timedelta(minutes=10) == fields.REPORT
    low, high = map(int, told["reports at a time, max_in_flight"].split(" to "))
    least, most = told["window"].split(" to ")
    assert not wrong(f'window = "{least}"\nsmall_files = "accepted"\nmax_in_flight = 8\nreexport = []')
    assert not wrong(f'window = "{most}"')
    assert not wrong(f"max_in_flight = {low}") and not wrong(f"max_in_flight = {high}")
    assert wrong(f"max_in_flight = {low - 1}") and wrong(f"max_in_flight = {high + 1}")
    assert wrong('window = "14m"') and wrong('window = "2d"')
    assert wrong('window = "30m"') and not wrong(f'window = "{told["windows without small_files"]}"')


def test_the_limits_of_a_report_are_the_copier_s() -> None:
    """And its time is the function's."""
    told = {name: rest[0] for name, rest in rows("A report").items()}
    assert told["rows"] == f"{identity.MOST:,}"
    assert told["text"] == f"{bounds.TEXT // 10**9} GB"
    assert told["time"] == f"{SIZES['copier'].seconds - RESERVE:g} s"
    assert told["files"] == str(report.FILES)


def test_each_vendor_s_line_is_its_facts() -> None:
    """Every api of every vendor, and none besides."""
    due = {}
    for name, facts in FACTS.items():
        for api in facts.apis:
            due[f"{name} {api}"] = [
                _days(facts.retention, "for ever"),
                _days(facts.limits.longest, "not known"),
                str(len(facts.sources({}, api))),
                "yes" if facts.calls_back else "no",
                f"{facts.patience // timedelta(hours=1)} hours",
            ]
    assert rows("The vendors") == due
    assert f"rings {NEAR} hours before" in PAGE and LONGEST == 3600


def _days(span: timedelta | None, none: str) -> str:
    return none if span is None else f"{span.days} day{'s' if span.days > 1 else ''}"


@pytest.mark.nightly
def test_so_many_exports_fit_into_a_stack(tmp_path: Path, bundles: Path) -> None:
    """Within CloudFormation's and IAM's quotas; the first to be met is that of a policy that names all secrets."""
    text = "".join(
        f'[[export]]\nname = "{n:02}{"x" * (LONG - 2)}"\nvendor = "telnyx"\nstart = 2026-09-01\n'
        for n in range(EXPORTS)
    )
    (tmp_path / "exports.toml").write_text(text)
    made = synth(tmp_path / "out", {"exports": str(tmp_path / "exports.toml"), "bundle": str(bundles)})
    assert len(made.resources) <= RESOURCES
    assert len(made.body["Outputs"]) <= OUTPUTS
    assert len(json.dumps(made.body)) <= BODY
    for kind, most in (("IAM::Policy", INLINE), ("IAM::ManagedPolicy", MANAGED)):
        for name, policy in made.of(kind).items():
            assert _size(policy["PolicyDocument"]) <= most, name


def _size(document: object) -> int:
    """Characters of a policy, each reference counted as the ARN of such a secret."""
    text = json.dumps(document, separators=(",", ":"))
    return len(re.sub(r'\{"(?:Ref|Fn::GetAtt)":(?:"[^"]+"|\[[^]]+\])\}', "x" * SECRET, text))
