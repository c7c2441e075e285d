"""Stages side by side in one account, and how each ends: wiped, or removed with all it has and found again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from cli.commands import main
from lambdas.core import keys
from lambdas.core.exports import Exports, parse
from lambdas.core.rows import Row, Work
from lambdas.vendors import FACTS
from local import truth
from local.cast import Role
from local.clock import real
from local.cloud import ROOT, Cloud, cloud
from local.deploy import Failed, deploy, destroy
from local.stack import Stack
from local.vendors.telnyx import Telnyx
from local.watch import Watch
from tests.upgrade import apps

pytestmark = pytest.mark.cloud

TEXT = """
[[export]]
name = "main"
vendor = "telnyx"
start = "-2d"
base_url = "{0.base_url}"
download_from = ["{0.download_from}"]
options = {{ source = "calls" }}
"""
ONE, TWO, AGAIN = "one", "two", "again"
OWN = "a-bucket-of-the-owner-s"


@dataclass(frozen=True)
class Stage:
    """A deployed stage, and what it exported."""

    stack: Stack
    out: Path
    exports: Exports

    def export(self) -> list[Row]:
        """Everything that is due, and the ledger after it."""
        ended = Watch(self.stack, self.exports, real, None, lambda _: None, 60.0).wait()
        assert not ended.left, ended.advice
        return ended.rows

    def right(self, vendor: Telnyx) -> bool:
        """Whether Athena's answer is the account's truth, day by day."""
        roles = {"main": Role.of(vendor)}
        lines = truth.compare(truth.answered(self.stack), truth.true(self.exports, roles, self.stack.rows()), roles)
        return len(lines) >= 2 and all(line.right for line in lines)


@dataclass(frozen=True)
class Account:
    """One account of AWS, and one at a vendor."""

    aws: Cloud
    vendor: Telnyx
    folder: Path
    key: str  # of the owner's, by which stage two is encrypted

    def made(self, name: str) -> Stage:
        file = self.folder / f"{name}.toml"
        out = self.folder / name
        outputs = deploy(self.aws, out)
        stage = TWO if name == AGAIN else name
        return Stage(Stack(self.aws, outputs), out, parse(file.read_text(), stage, FACTS))

    def told(self, name: str, text: str, **context: str) -> tuple[Path, Mapping[str, str]]:
        """What `apps.make` makes of it."""
        file = self.folder / f"{name}.toml"
        file.write_text(text)
        return self.folder / name, {"exports": str(file), **context}

    def cdr(self, *words: str) -> Result:
        """The operator's command."""
        environment = {name: value for name, value in self.aws.environment().items() if "FILE" not in name}
        return CliRunner().invoke(main, words, env=environment)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("stages")
    with cloud(folder) as aws, Telnyx(3, "shared", clock=real, per_day=30, build_s=(0.1, 0.3)) as vendor:
        aws.scale(0.02)
        yield Account(aws, vendor, folder, aws.client("kms").create_key()["KeyMetadata"]["Arn"])


@pytest.fixture(scope="module")
def stages(account: Account) -> dict[str, Stage]:
    """Two at one account of the vendor: one to be wiped, one in a bucket and under a key of the owner's, to be kept."""
    text, s3 = TEXT.format(account.vendor), account.aws.client("s3")
    s3.create_bucket(Bucket=OWN)
    s3.put_object(Bucket=OWN, Key="theirs/it.txt", Body=b"theirs")
    s3.put_bucket_versioning(Bucket=OWN, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(Bucket=OWN, LifecycleConfiguration=rules())
    hidden = text.replace("options", 'numbers = "pseudonym"\noptions')
    wanted = [
        account.told(ONE, text, stage=ONE, removal="destroy"),
        account.told(TWO, hidden, stage=TWO, bucket=OWN, kms_key=account.key),
    ]
    apps.make(dict(wanted))
    made = {name: account.made(name) for name in (ONE, TWO)}
    for name, one in made.items():
        one.stack.fill({f"cdr/{name}/main": json.dumps(dict(account.vendor.credentials))})
    for one in made.values():
        one.export()
    return made


def test_neither_sees_what_is_the_other_s(account: Account, stages: Mapping[str, Stage]) -> None:
    """Each has the whole truth, by reports that it asked for itself, each once."""
    rows = {name: one.stack.rows() for name, one in stages.items()}
    assert all(row.state is Work.DONE for one in rows.values() for row in one)
    assert all(one.right(account.vendor) for one in stages.values())
    reports = {name: {row.report_id for row in one} for name, one in rows.items()}
    assert len(reports[ONE]) == len(reports[TWO]) == len(rows[ONE])
    assert not reports[ONE] & reports[TWO]
    assert len(account.vendor.created) == len(reports[ONE]) + len(reports[TWO])


def test_each_has_its_own_names(account: Account, stages: Mapping[str, Stage]) -> None:
    """Secrets, schedules, tables, databases, workgroups, and where metrics go."""
    for name in ("Table", "Bucket", "Results", "Database", "Workgroup", "Schedules", "FailureQueue", "Secrets"):
        assert stages[ONE].stack.outputs[name] != stages[TWO].stack.outputs[name]
    functions = account.aws.client("lambda")
    for name, one in stages.items():
        assert json.loads(one.stack.outputs["Secrets"]) == [f"cdr/{name}/main"]
        told = functions.get_function_configuration(FunctionName=one.stack.outputs["Requester"])
        told = told["Environment"]["Variables"]
        assert (told["CDR_STAGE"], told["POWERTOOLS_METRICS_NAMESPACE"]) == (name, f"cdr-exporter/{name}")
    group = account.aws.client("scheduler").list_schedules(GroupName=f"cdr-{TWO}")["Schedules"]
    assert [one["Name"] for one in group] == [f"cdr-{TWO}-main"]


def test_a_bucket_of_the_owner_s_is_the_lake(account: Account, stages: Mapping[str, Stage]) -> None:
    """All that is exported lies in it, below our prefixes; what else is there is nobody's business."""
    assert stages[TWO].stack.outputs["Bucket"] == OWN
    found = {key for key, _ in stages[TWO].stack.objects()}
    assert {key.partition("/")[0] + "/" for key in found} == {*keys.PREFIXES, "theirs/"} - {keys.QUARANTINE, keys.RAW}


def test_a_stage_that_keeps_its_data_is_not_wiped(account: Account, stages: Mapping[str, Stage]) -> None:
    """It is told how to say that it is to go."""
    done = account.cdr("wipe", "--stage", TWO, "--yes", "--confirm", TWO)
    assert done.exit_code == 2
    assert "the stage keeps its data" in done.output and "-c removal=destroy" in done.output
    assert stages[TWO].right(account.vendor)


@pytest.mark.parametrize("words", [("--yes",), ("--yes", "--confirm", TWO), ("--yes", "--confirm", "")])
def test_nothing_is_wiped_without_the_stage_s_name(
    account: Account, stages: Mapping[str, Stage], words: tuple[str, ...]
) -> None:
    """Typed once more, and right."""
    before = sorted(stages[ONE].stack.objects())
    done = account.cdr("wipe", "--stage", ONE, *words)
    assert done.exit_code == 2 and f"--confirm {ONE}" in done.output
    assert sorted(stages[ONE].stack.objects()) == before


def test_a_stage_is_wiped_and_destroyed(account: Account, stages: Mapping[str, Stage]) -> None:
    """Told first, with every version, marker and upload; then nothing is left of it, and the other stands."""
    one = stages[ONE]
    s3, lake = account.aws.client("s3"), one.stack.outputs["Bucket"]
    kept = next(iter(one.stack.objects()))[0]
    s3.put_object(Bucket=lake, Key=kept, Body=b"replaced")
    s3.delete_object(Bucket=lake, Key=kept)
    s3.create_multipart_upload(Bucket=lake, Key="calls/unfinished")
    told = account.cdr("wipe", "--stage", ONE, "--json")
    assert told.exit_code == 1
    buckets = {one["bucket"]: one for one in json.loads(told.output)["buckets"]}
    assert set(buckets) == {lake, one.stack.outputs["Results"]}
    assert (buckets[lake]["markers"], buckets[lake]["uploads"]) == (1, 1)
    versions = s3.list_object_versions(Bucket=lake)["Versions"]
    sizes = sum(version["Size"] for version in versions)
    assert (buckets[lake]["versions"], buckets[lake]["bytes"]) == (len(versions), sizes)
    done = account.cdr("wipe", "--stage", ONE, "--yes", "--confirm", ONE)
    assert done.exit_code == 0, done.output
    assert f"{lake}: " in done.output and "1 delete markers, 1 unfinished uploads deleted" in done.output
    # AWS destroys no bucket that holds anything; the emulator does, so it is looked at before.
    assert all("Versions" not in s3.list_object_versions(Bucket=bucket) for bucket in buckets)
    assert account.cdr("wipe", "--stage", ONE).exit_code == 0  # nothing is there any more
    destroy(account.aws, one.out)
    assert not stands(account.aws, ONE)
    assert not left(account.aws, one.stack.outputs, f"cdr/{ONE}/")
    assert stages[TWO].right(account.vendor)


def test_a_stage_that_was_removed_is_found_again(account: Account, stages: Mapping[str, Stage]) -> None:
    """The steps of docs/deploying.md: the stack goes, what it had stays, and a new one is told where."""
    two = stages[TWO]
    with pytest.raises(Failed):  # its termination is protected
        destroy(account.aws, two.out)
    account.aws.client("cloudformation").update_termination_protection(
        StackName=f"cdr-{TWO}", EnableTerminationProtection=False
    )
    before, asked = two.stack.rows(), len(account.vendor.created)
    destroy(account.aws, two.out)
    assert not stands(account.aws, TWO)
    arns = left(account.aws, two.stack.outputs, f"cdr/{TWO}/")
    assert {"Table", "Results", f"cdr/{TWO}/main", f"cdr/{TWO}/pseudonym"} <= set(arns)
    text = (account.folder / f"{TWO}.toml").read_text()
    text = text.replace("numbers", f'secret_arn = "{arns[f"cdr/{TWO}/main"]}"\nnumbers')
    told = account.told(
        AGAIN, text, stage=TWO, bucket=OWN, kms_key=account.key, ledger=two.stack.outputs["Table"],
        pseudonym_arn=arns[f"cdr/{TWO}/pseudonym"],
    )  # fmt: skip
    apps.make(dict((told,)))
    again = account.made(AGAIN)
    assert again.stack.outputs["Table"] == two.stack.outputs["Table"]
    again.export()
    assert {row.window: row.published for row in again.stack.rows()} == {row.window: row.published for row in before}
    assert len(account.vendor.created) == asked
    assert again.right(account.vendor)


def rules() -> dict[str, Any]:
    """What docs/deploying.md says to put on a bucket of one's own."""
    page = (ROOT / "docs" / "deploying.md").read_text("utf-8")
    return dict(json.loads(page.partition("```json\n")[2].partition("```")[0]))


def stands(aws: Cloud, stage: str) -> bool:
    """Whether the stack is there."""
    try:
        told = aws.client("cloudformation").describe_stacks(StackName=f"cdr-{stage}")["Stacks"]
    except ClientError:
        return False
    return any(one["StackStatus"] != "DELETE_COMPLETE" for one in told)


def left(aws: Cloud, outputs: Mapping[str, str], secrets: str) -> dict[str, str]:
    """What is there of a stage whose stack is gone, with its name or ARN."""
    tables = aws.client("dynamodb").list_tables()["TableNames"]
    buckets = {one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]}
    found = {name: outputs[name] for name in ("Table",) if outputs[name] in tables}
    found |= {name: outputs[name] for name in ("Bucket", "Results") if outputs[name] in buckets}
    pages = aws.client("secretsmanager").get_paginator("list_secrets").paginate()
    all_: list[dict[str, Any]] = [one for page in pages for one in page["SecretList"]]
    return found | {one["Name"]: one["ARN"] for one in all_ if one["Name"].startswith(secrets)}
