"""The rules: cfn-lint, cdk-nag."""

import json
import subprocess
import sys
from pathlib import Path

from tests.infra.template import Template

# Every finding of cdk-nag that is acknowledged, by rule and where: what is gone from here was not looked at,
# what is new has no reason yet.
FUNCTIONS = ("RequesterFunction", "CallbackFunction", "PollerFunction", "CopierFunction")
ALLOWED = {
    ("APIG1", "Door/Stage"),
    ("APIG4", "Door/Api/POST--callbacks--{tag}--{capability}/Resource"),
    ("S1", "Lake/Bucket/Resource"),
    ("S1", "Queries/Results/Resource"),
    ("SF1", "Workflow/Machine"),
    ("SMG4", "Vault/Capability"),
    ("SMG4", "Vault/cdr-dev-flowroute-main"),
    ("SMG4", "Vault/cdr-dev-telnyx-main"),
    ("SQS3", "Clock/Failures/Resource"),
    ("IAM5[Resource::*]", "Workflow/Role/DefaultPolicy/Resource"),
    *(("IAM5[Resource::*]", f"{name}/Role/DefaultPolicy/Resource") for name in FUNCTIONS),
    *(("L1", f"{name}/Function/Resource") for name in FUNCTIONS),
    *(
        (f"IAM5[Resource::<BUCKET.Arn>/{prefix}/*]", "CopierFunction/Role/DefaultPolicy/Resource")
        for prefix in ("raw", "calls", "receipts", "quarantine")
    ),
    ("IAM5[Resource::<BUCKET.Arn>/ledger/*]", "RequesterFunction/Role/DefaultPolicy/Resource"),
}


def test_cfn_lint_finds_nothing(made: Template) -> None:
    """Not even a warning."""
    lint = str(Path(sys.executable).with_name("cfn-lint"))
    paths = [str(path) for path in made.out.glob("*.template.json")]
    done = subprocess.run([lint, *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_cdk_nag_looked_everywhere_and_found_only_what_has_a_reason(made: Template) -> None:
    """The report tells what would have been found in each place, and our reason beside it."""
    report = json.loads((made.out / "validation-report.json").read_text())
    (nag,) = [one for one in report["pluginReports"] if one["pluginName"] == "AwsSolutions"]
    (bucket,) = [name for name in made.of("S3::Bucket") if name.startswith("Lake")]
    found = {
        (one["ruleName"].removeprefix("AwsSolutions-").replace(bucket, "BUCKET"), place["constructPath"])
        for one in nag["suppressedViolations"]
        for place in one["violatingConstructs"]
    }
    assert nag["violations"] == []
    assert {(rule, path.removeprefix("cdr-dev/")) for rule, path in found} == ALLOWED
    assert all(len(one["reason"]) > 20 for one in nag["suppressedViolations"])


def test_the_library_s_own_checks_find_nothing(made: Template) -> None:
    """Each of CDK's own validations has run and agrees."""
    report = json.loads((made.out / "validation-report.json").read_text())
    assert {one["conclusion"] for one in report["pluginReports"]} == {"success"}
    assert [one.get("violations") for one in report["pluginReports"]] == [[]] * len(report["pluginReports"])
