"""The whole history of a window: what it is now, its moves, its receipts, its executions, and what operators did."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from cli.lines import Line, events
from cli.originals import label
from cli.stack import Stack
from cli.tables import iso
from cli.wrong import advice
from lambdas.core import keys, tags
from lambdas.core.rows import Published, Row
from lambdas.core.veil import veil

SAYING = ("Requester", "Poller", "Copier")  # who moves rows, and says so
MOVE = '{{ $.message = "moved" && $.export = "{export}" && $.window = "{sk}" }}'
# Of a receipt: what tells one revision from another. Filters may hold numbers, so they are named and not shown.
RECEIPT = ("revision", "attempt", "run", "asked_at", "copied_at", "checked", "rows", "cost", "vendor_rows",
           "vendor_cost", "rejected", "complete_for", "looks", "transitions", "report_id", "changed",
           "warnings")  # fmt: skip
NOTE = ("at", "reason", "rows", "raw", "rejects")
SUFFIX = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}
PAST = "not there any more: Step Functions keeps them for 90 days"
Told = dict[str, Any]


@dataclass(frozen=True)
class Histories:
    """What a stack remembers of its windows; `now` is the clock's."""

    stack: Stack
    now: datetime

    def of(self, row: Row) -> Told:
        """All of one window, for a program: texts, numbers, lists."""
        moves = self._moves(row)
        receipts = list(self._objects(row, keys.RECEIPTS, RECEIPT))
        return {
            "export": row.export,
            "window": label(row.window),
            "start": iso(row.window.start),
            "end": iso(row.window.end),
            "now": work(row),
            "published": published(row.published) if row.published else None,
            "operators": [dict(one) for one in row.said],
            **moves,
            "receipts": receipts,
            "quarantine": list(self._objects(row, keys.QUARANTINE, NOTE)),
            "versions": list(self._versions(keys.calls(row.export, row.window))),
            "executions": [self._execution(one) for one in runs(row, moves["moves"], receipts)],
        }

    def _moves(self, row: Row) -> Told:
        """The lines of the logs, as far back as these are kept; and from when on that is."""
        try:
            since = max(row.window.end, *(self.now - age for age in self._kept.values()))
            found = [one for name in SAYING for one in self._moved(row, name, since)]
        except ClientError as error:
            return {"moves": [], "moves_since": None, "moves_untold": advice(error)}
        found.sort(key=lambda one: str(one["at"]))
        return {"moves": found, "moves_since": iso(since), "moves_untold": None}

    def _moved(self, row: Row, name: str, since: datetime) -> Iterator[Told]:
        pattern = MOVE.format(export=row.export, sk=row.window.sk)
        for event in events(self._logs, self._groups[name], since, pattern):
            line = Line.read(name.lower(), event)
            if line and (line.message, line.export, line.window) == ("moved", row.export, label(row.window)):
                told = {one: line.facts.get(one) for one in ("from", "to", "turn", "because")}
                yield {"at": line.at.isoformat(timespec="milliseconds"), "source": line.source, **told}

    @cached_property
    def _groups(self) -> Mapping[str, str]:
        return self.stack.logs()

    @cached_property
    def _kept(self) -> Mapping[str, timedelta]:
        """So long each log keeps its lines (`log_days`); for ever where it says nothing."""
        found = {}
        for name in SAYING:
            told = self._logs.describe_log_groups(logGroupNamePrefix=self._groups[name])["logGroups"]
            days = next((one.get("retentionInDays") for one in told if one["logGroupName"] == self._groups[name]), None)
            found[name] = timedelta(days=days or 3650)
        return found

    @cached_property
    def _logs(self) -> Any:
        return self.stack.place.client("logs")

    @cached_property
    def _s3(self) -> Any:
        return self.stack.place.client("s3")

    @cached_property
    def _machines(self) -> Any:
        return self.stack.place.client("stepfunctions")

    def _objects(self, row: Row, prefix: str, wanted: Iterable[str]) -> Iterator[Told]:
        """The receipts of each revision, or the notes of what did not pass: all that was ever written, oldest first."""
        begins = f"{keys.partition(prefix, row.export, row.window.date)}{label(row.window)}.r"
        found = [
            one for one in self._versions(begins) if one["key"].endswith(".json") and ".rejects." not in one["key"]
        ]
        found.reverse()  # S3 lists the newest first, and tells seconds alone
        for one in sorted(found, key=lambda one: str(one["at"])):
            yield {**one, **self._read(one, wanted)}

    def _read(self, one: Told, wanted: Iterable[str]) -> Told:
        which = {"VersionId": one["version"]} if one["version"] else {}
        body = self._s3.get_object(Bucket=self.stack.outputs["Bucket"], Key=one["key"], **which)["Body"]
        told = json.load(body)
        return {name: _veiled(told[name]) for name in wanted if name in told}

    def _versions(self, prefix: str) -> Iterator[Told]:
        """Each version of the objects there, deleted ones by their mark."""
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self.stack.outputs["Bucket"], Prefix=prefix
        )  # fmt: skip
        for page in pages:
            for one in page.get("Versions", []):
                version = one.get("VersionId")
                yield {
                    "key": one["Key"], "at": iso(one["LastModified"]), "bytes": one["Size"],
                    "version": None if version == "null" else version, "current": one["IsLatest"],
                }  # fmt: skip

    def _execution(self, row: Row) -> Told:
        """What Step Functions says of the execution of one run, and where it is to be seen."""
        name = tags.execution(row)
        machine = self.stack.outputs["Machine"]
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        made: Told = {"turn": row.turn, "name": name, "console": self._console(arn)}
        try:
            told = self._machines.describe_execution(executionArn=arn)
        except ClientError as error:
            gone = error.response["Error"].get("Code") == "ExecutionDoesNotExist"
            return {**made, "status": None, "untold": PAST if gone else advice(error)}
        ended = told.get("stopDate")
        return {
            **made, "status": told["status"], "from": iso(told["startDate"]), "to": iso(ended) if ended else None,
            "error": told.get("error"),
        }  # fmt: skip

    def _console(self, arn: str) -> str | None:
        """Its page in AWS's console; the local cloud has none."""
        if self.stack.place.endpoint:
            return None
        _, partition, _, region, *_ = arn.split(":")
        host = SUFFIX.get(partition, "aws.amazon.com")
        return f"https://{region}.console.{host}/states/home?region={region}#/v2/executions/details/{arn}"


def runs(row: Row, moves: Iterable[Told], receipts: Iterable[Told]) -> list[Row]:
    """The row as it was at each run that is known of, oldest first: its execution's name follows from it.

    The tag of an earlier attempt is that of now with other figures, as long as the same was asked.
    """
    if not row.tag or not (said := tags.read(row.tag)):
        return []
    turns = {(row.revision, row.attempt, run) for run in range(1, row.run + 1)}
    turns |= {(one["revision"], one["attempt"], one["run"]) for one in receipts if "run" in one}
    turns |= {turn for one in moves if (turn := _turn(str(one["turn"]))) and turn[2]}
    found = []
    for revision, attempt, run in sorted(turns):
        figures = f".r{said.revision}.a{said.attempt}."
        tag = row.tag.replace(figures, f".r{revision}.a{attempt}.")
        found.append(replace(row, tag=tag, revision=revision, attempt=attempt, run=run))
    return found


def _turn(text: str) -> tuple[int, int, int] | None:
    """`r0.a1.k1` as numbers."""
    parts = text.split(".")
    figures = [part[1:] for part in parts]
    if [part[:1] for part in parts] != ["r", "a", "k"] or not all(one.isdecimal() for one in figures):
        return None
    revision, attempt, run = map(int, figures)
    return revision, attempt, run


def work(row: Row) -> Told:
    """What is being done about it. The request may hold numbers, so its fingerprint stands for it."""
    times = ("due_at", "asked_at", "give_up_at", "looked_at", "heard_at", "opened", "stale_since")
    counts = ("looks", "searched", "failures", "declined", "crashes", "wakes", "aged", "steps")
    return {
        "state": str(row.state),
        "turn": row.turn,
        **{name: iso(when) if (when := getattr(row, name)) else None for name in times},
        **{name: getattr(row, name) for name in counts},
        "reason": _veiled(row.reason),
        "report_id": row.report_id,
        "options": row.fingerprint,
        "anew": row.anew,
        "spares": len(row.spares),
    }


def published(copy: Published) -> Told:
    """What the lake has of it."""
    return {
        "revision": copy.revision, "at": iso(copy.when), "rows": copy.rows, "totals": dict(copy.totals),
        "key": copy.key, "receipt": copy.receipt, "raw": list(copy.raw), "narrowed": list(copy.narrowed),
    }  # fmt: skip


def _veiled(value: Any) -> Any:
    """Reasons and warnings quote what a vendor wrote."""
    if isinstance(value, list):
        return [_veiled(one) for one in value]
    return veil(value) if isinstance(value, str) and " " in value else value
