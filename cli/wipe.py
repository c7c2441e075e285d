"""`cdr wipe`: empties the buckets of a stage that was deployed to be destroyed, so that `cdk destroy` can end it."""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import click

from cli.options import deployed
from cli.progress import progress
from cli.stack import Place, Stack
from cli.wrong import Wrong, plain

LEFT = 1
MOST = 1000  # objects of one request
BUCKET = "AWS::S3::Bucket"
KEEPS = (
    "the stage keeps its data: {} would outlive the stack. If it is to go, deploy it once more with "
    "`-c removal=destroy` (and all settings that it has), then wipe it"
)
EPILOG = """
Only a stage that is deployed with `-c removal=destroy` is wiped. Its schedules are switched off, its executions are
stopped, and each version, delete marker and unfinished upload in its buckets is deleted, for good. A bucket of your own
(`-c bucket=`) is left as it is. Without --yes nothing is changed, and it is said what there is.

Exit status: 0 there is nothing (any more), 1 there is something, 2 it is refused, or could not be told.
"""


@click.command(epilog=EPILOG)
@click.option("--yes", is_flag=True, help="delete it; else it is only said what there is")
@click.option("--confirm", metavar="STAGE", help="with --yes: the stage's name once more")
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@deployed
def wipe(yes: bool, confirm: str | None, as_json: bool, stage: str, **where: Any) -> None:
    """Delete all calls of a stage, before `cdk destroy`: every version of every object."""
    if yes and confirm != stage:
        raise click.UsageError(f"this deletes every call of the stage for good: add `--confirm {stage}`")
    with plain():
        at = Place(stage, where["profile"], where["region"], where["endpoint"]).stack()
        names = _buckets(at, stage)
        if yes:
            _still(at)
        found = [_emptied(at, name) if yes else _held(at, name) for name in names]
    _tell(stage, found, at.outputs["Bucket"], yes=yes, as_json=as_json)
    sys.exit(LEFT if any(one.things for one in found) and not yes else 0)


@dataclass
class Held:
    """What is in a bucket."""

    bucket: str
    versions: int = 0
    markers: int = 0
    uploads: int = 0
    bytes: int = 0
    keys: list[dict[str, str]] = field(default_factory=list, repr=False)  # of the page at hand

    @property
    def things(self) -> int:
        return self.versions + self.markers + self.uploads


def _buckets(at: Stack, stage: str) -> list[str]:
    """The stack's own buckets that are still there. Raises Wrong where one would outlive it."""
    cloud, name = at.place.client("cloudformation"), f"cdr-{stage}"
    body: Any = cloud.get_template(StackName=name)["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    made = {id: one for id, one in template["Resources"].items() if one["Type"] == BUCKET}
    if kept := [id for id, one in made.items() if one.get("DeletionPolicy") != "Delete"]:
        raise Wrong(KEEPS.format(f"{len(kept)} of its buckets"))
    pages = cloud.get_paginator("list_stack_resources").paginate(StackName=name)
    there = (one for page in pages for one in page["StackResourceSummaries"])
    return [
        one["PhysicalResourceId"]
        for one in there
        if one["LogicalResourceId"] in made and one["ResourceStatus"] != "DELETE_COMPLETE"
    ]


def _still(at: Stack) -> None:
    """Nobody writes any more: no tick comes, and what was on its way is stopped."""
    scheduler, group = at.place.client("scheduler"), at.outputs["Schedules"]
    with suppress(scheduler.exceptions.ResourceNotFoundException):  # a destroy that failed took it along
        for page in scheduler.get_paginator("list_schedules").paginate(GroupName=group):
            for one in page["Schedules"]:
                told = scheduler.get_schedule(Name=one["Name"], GroupName=group)
                kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "KmsKeyArn")
                scheduler.update_schedule(**{key: told[key] for key in kept if key in told}, State="DISABLED")
    states, machine = at.place.client("stepfunctions"), at.outputs["Machine"]
    with suppress(states.exceptions.StateMachineDoesNotExist):
        running = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
        for execution in [one["executionArn"] for page in running for one in page["executions"]]:
            states.stop_execution(executionArn=execution, cause="cdr wipe")


def _held(at: Stack, bucket: str) -> Held:
    """Counted, nothing else."""
    found = Held(bucket)
    with progress(f"counting {bucket}") as say:
        for page in _pages(at, bucket, found):
            say(f"{page.things}")
    return found


def _emptied(at: Stack, bucket: str) -> Held:
    """Each page deleted as it is read."""
    found, s3 = Held(bucket), at.place.client("s3")
    with progress(f"emptying {bucket}") as say:
        for page in _pages(at, bucket, found):
            for first in range(0, len(page.keys), MOST):
                told = s3.delete_objects(
                    Bucket=bucket, Delete={"Objects": page.keys[first : first + MOST], "Quiet": True}
                )
                if refused := told.get("Errors"):
                    raise Wrong(f"{bucket}: {len(refused)} objects are left ({refused[0]['Code']})")
            say(f"{page.things}")
        for key, id in list(_uploads(at, bucket)):
            s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=id)
    return found


def _pages(at: Stack, bucket: str, found: Held) -> Iterator[Held]:
    """What was found so far, after each page, with the page's own keys; the uploads at last."""
    for page in at.place.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions, markers = page.get("Versions", []), page.get("DeleteMarkers", [])
        found.versions, found.markers = found.versions + len(versions), found.markers + len(markers)
        found.bytes += sum(one["Size"] for one in versions)
        found.keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in (*versions, *markers)]
        yield found
    found.uploads, found.keys = sum(1 for _ in _uploads(at, bucket)), []
    yield found


def _uploads(at: Stack, bucket: str) -> Iterator[tuple[str, str]]:
    for page in at.place.client("s3").get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        yield from ((one["Key"], one["UploadId"]) for one in page.get("Uploads", []))


def _tell(stage: str, found: list[Held], lake: str, *, yes: bool, as_json: bool) -> None:
    theirs = lake if lake not in [one.bucket for one in found] else None
    if as_json:
        told = [{key: value for key, value in asdict(one).items() if key != "keys"} for one in found]
        click.echo(json.dumps({"stage": stage, "wiped": yes, "buckets": told, "left_alone": theirs}))
        return
    for one in found:
        size = f"{one.bytes / 1e6:,.1f} MB in {one.versions:,} versions"
        what = f"{size}, {one.markers:,} delete markers, {one.uploads:,} unfinished uploads"
        click.echo(f"{one.bucket}: {what}{' deleted' if yes else ''}")
    if theirs:
        click.echo(f"{theirs}: yours, left as it is")
    if yes:
        click.echo(
            f"now `npx cdk destroy -c stage={stage}` ends the stage; is a bucket not empty then, wipe it once more"
        )
    elif any(one.things for one in found):
        click.echo(f"nothing was changed: `--yes --confirm {stage}` deletes it for good")
