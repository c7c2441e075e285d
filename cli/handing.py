"""Publishing what an operator hands over: by the copier's own pass, checks, fence and receipt, under his name."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli import acting
from cli.acting import Desk
from cli.fetching import PIECE, unpacked
from cli.originals import COLD, GONE
from cli.stack import Stack
from cli.wrong import Wrong
from lambdas.aws.lake import Lake
from lambdas.aws.vault import Vault
from lambdas.copier import Copier
from lambdas.core import acts
from lambdas.core.acts import Act
from lambdas.core.errors import Refused
from lambdas.core.progress import Progress
from lambdas.core.receipt import narrowed
from lambdas.core.rows import Published, Row
from lambdas.rooms import Rooms
from lambdas.settings import Settings
from lambdas.stream.reading import Bytes
from lambdas.stream.report import Copy, Report
from lambdas.vendors import VENDORS


@dataclass
class Pieces:
    """A file as it comes from where it was kept: its end is known."""

    came: Iterator[bytes]
    expected: int | None = None
    sized: bool = True

    def __iter__(self) -> Iterator[bytes]:
        return self.came


class Disk:
    """Files of this machine, by their paths."""

    @contextmanager
    def download(self, _vendor: str, url: str, *_where: Any, **_how: Any) -> Iterator[Bytes]:
        """Open one, as a vendor's link is opened."""
        path = Path(url)
        with path.open("rb") as file:
            yield Pieces(iter(lambda: file.read(PIECE), b""), path.stat().st_size)


@dataclass
class Kept:
    """Files of the lake, by their keys; `forms` says what each was when it came."""

    stack: Stack
    forms: Mapping[str, str]
    gone: str  # what to do where one is no more
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)  # those that were read, as a receipt has them

    @contextmanager
    def download(self, _vendor: str, url: str, *_where: Any, **_how: Any) -> Iterator[Bytes]:
        """Open one, as a vendor's link is opened. Raises Wrong."""
        try:
            body = self.stack.place.client("s3").get_object(Bucket=self.stack.outputs["Bucket"], Key=url)["Body"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in (*GONE, COLD):
                why = "archived: restore it" if code == COLD else f"not there any more: {self.gone}"
                raise Wrong(f"{url}: {why}") from None
            raise
        came = self._noted(url, body.iter_chunks(PIECE))
        # What came as gzip lies there as it came; anything else was packed on its way.
        yield Pieces(came if self.forms[url] == "gzip" else unpacked(came))

    def _noted(self, key: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            yield piece
        self.objects[key] = {"bytes": size, "sha256": digest.hexdigest(), "requests": 0}


class Room(Rooms):
    """What the copier's code works with: the stack's ledger, lake and keys, with the operator's rights."""

    def __init__(self, desk: Desk) -> None:
        place = desk.stack.place
        super().__init__(Settings({"CDR_PSEUDONYM_SECRET": desk.stack.pseudonym}))
        lake = Lake(place.client("s3"), desk.stack.outputs["Bucket"])
        self.__dict__ |= {"ledger": desk.ledger(), "lake": lake, "vault": Vault(place.client("secretsmanager"))}

    def now(self) -> datetime:
        """The operator's clock."""
        return acting.clock()


class Hand(Copier):
    """One window: read by `read`, then `publish`; what an act adds to the receipt is `told`."""

    def __init__(self, desk: Desk, room: Room, act: Act, **told: str) -> None:
        assert act.new is not None  # noqa: S101  # whoever may not be published is not handed over
        super().__init__(act.new, desk.export, room, lambda: inf)
        self._was, by = act.row, desk.by  # as it stands in the ledger
        self._act = {"did": by.did, "by": by.who, "at": by.at.isoformat(), "why": by.why, **told}

    @property
    def row(self) -> Row:
        """As it stands while it is being published."""
        return self._row

    def read(self, progress: Progress, source: Disk | Kept, stack: ExitStack, *, raw: bool) -> Copy:
        """The copier's pass: typed, under the export's privacy; nothing is visible yet. Raises Wrong."""
        try:
            key = self._at.pseudonym_key() if self._export.numbers == "pseudonym" else None
        except Refused as no:
            raise Wrong(no.what) from None
        export = replace(self._export, raw=raw and self._export.raw)
        where = self._facts, VENDORS[self._export.vendor].columns, self._at.lake, source
        return Report(self._row, export, *where, key=key).copy(progress, stack)

    def publish(self, made: Copy, progress: Progress) -> Published:
        """Visible, with its receipt: the move is still to come. Raises Raced.

        The row is held first, from now on, so that nobody moves it between the object and the move. What the act
        changes in it besides is kept in memory, for the keys and the receipt, until the move.
        """
        self._was = self._at.ledger.apply(self._was, acts.held(self._was, self._at.now()))
        self._row = replace(self._row, version=self._was.version, due_at=self._was.due_at)
        return self._published(made, progress)

    def move(self, new: Row) -> None:
        """The end, once it is published. Raises Raced."""
        self._at.ledger.apply(self._was, new)

    def _keep(self, made: Copy) -> dict[str, Any]:
        return {**super()._keep(made), "act": self._act}


class Released(Hand):
    """From what quarantine kept: these files are not written again."""

    def __init__(self, desk: Desk, room: Room, act: Act, source: Kept, **told: str) -> None:
        super().__init__(desk, room, act, **told)
        self._source = source

    @property
    def _asked(self) -> dict[str, Any]:
        return {**super()._asked, "act": "release"}

    def _keep(self, made: Copy) -> dict[str, Any]:
        return {**super()._keep(made), "raw": list(self._source.forms)}

    def _write(self, made: Copy, progress: Progress, **kept: Any) -> None:
        kept["objects"] |= self._source.objects
        super()._write(made, progress, **kept)


class Imported(Hand):
    """From files that somebody saved: nothing was asked, so they stand for what the export would ask for now."""

    @property
    def _asked(self) -> dict[str, Any]:
        secret = dict.fromkeys(self._facts.secret[self._export.api], "")
        fields = VENDORS[self._export.vendor](self._export, secret, self._at.web).fields(self._row.window)
        narrow = narrowed(fields, self._export, self._facts)
        return {"asked": None, "api": None, "narrowed": narrow, "act": "import"}

    def _write(self, made: Copy, progress: Progress, **kept: Any) -> None:
        super()._write(made, progress, partial=False, **kept)
