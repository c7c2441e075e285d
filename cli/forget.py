"""`cdr forget`: one phone number taken out of an export's copies, the calls themselves kept and counted as before."""

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from cli.naming import names
from cli.options import deployed
from cli.progress import progress
from cli.stack import Place, Stack, exports
from cli.wrong import Wrong, plain
from lambdas.aws.lake import Fenced, Lake
from lambdas.aws.vault import Vault
from lambdas.core import keys
from lambdas.core.errors import Refused
from lambdas.core.exports import Export
from lambdas.vendors import VENDORS

LEFT = 1
SPOOL = 32 << 20  # bytes of an object held in memory; a larger one goes to a file
EPILOG = """
NUMBER has 7 to 15 digits with its country code, as in +12065550123; a national form is another text: ask for it too.
Without --yes nothing is changed.

Exit status: 0 no copy holds it (any more), 1 some do, or raw files of their windows are left, 2 it could not be told,
130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.argument("name", metavar="EXPORT", shell_complete=names)
@click.argument("number")
@click.option("--yes", is_flag=True, help="take it out; else it is only said where it is")
@click.option("--raw", is_flag=True, help="with --yes: also delete the vendor's files of the same windows, whole")
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@deployed
def forget(name: str, number: str, yes: bool, raw: bool, as_json: bool, exports: Path, **place: str | None) -> None:
    """Find NUMBER in the copies of EXPORT, and take it out: its columns become null, the calls stay."""
    if not re.fullmatch(r"\+?([ ()-]*[0-9]){7,15}", number, re.ASCII):
        raise click.BadParameter("7 to 15 digits, such as +12065550123", param_hint="NUMBER")
    with plain():
        export, at = _known(name, exports, **place)
        with progress(f"searching the copies of {name}") as tell:
            found = list(Search(export, at, number).run(tell, yes=yes))
            beside = [key for one in found for key in _beside(at, one.key)]
            if yes and raw:
                _delete(at, beside, tell)
    if export.numbers == "mask":
        click.echo("masked copies do not tell one number from its neighbours: only others were searched", err=True)
    if as_json:
        click.echo(json.dumps(_flat(name, found, beside, yes=yes, raw=raw), indent=2))
    else:
        _tell(found, beside, yes=yes, raw=raw)
    sys.exit(LEFT if (found and not yes) or (beside and not (yes and raw)) else 0)


@dataclass(frozen=True)
class Found:
    """An object that held the number, and in how many rows."""

    key: str
    rows: int


class Search:
    """Goes through an export's copies for one number."""

    def __init__(self, export: Export, at: Stack, number: str) -> None:
        # Here, because every other command would wait for the engine.
        from cli import erasing

        self._engine, self._at, self._export = erasing, at, export
        self._s3, self._bucket = at.place.client("s3"), at.outputs["Bucket"]
        self._lake = Lake(self._s3, self._bucket)
        self._number = erasing.Number(number, VENDORS[export.vendor].columns, _key(export, at))

    def run(self, tell: Callable[[str], None], *, yes: bool) -> Iterator[Found]:
        """Each object that holds the number; with `yes` it is taken out of it."""
        for count, key in enumerate(_listed(self._at, f"{keys.CALLS}export={self._export.name}/"), 1):
            tell(f"{count:,}, {key}")
            with tempfile.SpooledTemporaryFile(SPOOL) as file:
                answer = self._read(key, file)
                rows = self._engine.count(file, self._number)
                if rows and yes:
                    self._replace(key, file, answer)
            if rows:
                yield Found(key, rows)

    def _read(self, key: str, file: IO[bytes]) -> dict[str, Any]:
        answer: dict[str, Any] = self._s3.get_object(Bucket=self._bucket, Key=key)
        for piece in answer["Body"].iter_chunks(1 << 20):
            file.write(piece)
        file.seek(0)
        return answer

    def _replace(self, key: str, file: IO[bytes], was: dict[str, Any]) -> None:
        """Over the very object that was read, and over no newer one."""
        file.seek(0)
        with self._lake.upload(key, was["ContentType"], was["Metadata"]) as upload:
            self._engine.rewrite(file, upload, self._number)
            try:
                upload.finish(fence=was["ETag"], fenced=True)
            except Fenced:
                raise Wrong(f"{key} was copied anew in the meantime: run it again") from None


def _known(name: str, file: Path, stage: str | None, **where: str | None) -> tuple[Export, Stack]:
    place = Place(stage or "", **where)
    known = exports(file, place.stage)
    try:
        return known.get(name), place.stack()
    except KeyError:
        names = ", ".join(one.name for one in known.exports)
        raise Wrong(f"no export {name}: {file.name} has {names}") from None


def _key(export: Export, at: Stack) -> bytes | None:
    """The key of the pseudonyms, where the export has them. Raises Wrong."""
    if export.numbers != "pseudonym":
        return None
    secret = at.pseudonym
    try:
        key = Vault(at.place.client("secretsmanager")).text(secret)
    except Refused as no:
        raise Wrong(no.what) from None
    if not key:
        raise Wrong(f"the secret {secret} is empty: without it nobody can tell which pseudonym is this number's")
    return key.encode()


def _listed(at: Stack, prefix: str) -> Iterator[str]:
    pages = at.place.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=at.outputs["Bucket"], Prefix=prefix):
        yield from (one["Key"] for one in page.get("Contents", []))


def _beside(at: Stack, key: str) -> Iterator[str]:
    """What else there is of a copy's window as it came: the vendor's files, and what did not pass."""
    window = key.removeprefix(keys.CALLS).removesuffix("parquet")
    for prefix in (keys.RAW, keys.QUARANTINE):
        yield from _listed(at, prefix + window)


def _delete(at: Stack, found: list[str], tell: Callable[[str], None]) -> None:
    for key in found:
        tell(f"deleting {key}")
        at.place.client("s3").delete_object(Bucket=at.outputs["Bucket"], Key=key)


def _flat(name: str, found: list[Found], beside: list[str], *, yes: bool, raw: bool) -> dict[str, Any]:
    """For a program: objects and rows; the number is not told here either."""
    copies = [{"key": one.key, "rows": one.rows} for one in found]
    others = [{"key": key, "deleted": yes and raw} for key in beside]
    return {"export": name, "changed": yes and bool(found), "copies": copies, "beside": others}


def _tell(found: list[Found], beside: list[str], *, yes: bool, raw: bool) -> None:
    """What was found and done; the number itself is not printed."""
    for one in found:
        click.echo(f"{'taken out of' if yes else 'in'} {one.rows} rows: {one.key}")
    for key in beside:
        click.echo(f"{'deleted' if yes and raw else 'may hold it too'}: {key}")
    if not found:
        click.echo("no copy holds it")
    elif yes:
        click.echo("what was replaced or deleted stays for `noncurrent_days` (30, if not set) as an older version")
    else:
        click.echo("nothing was changed: --yes takes it out")
