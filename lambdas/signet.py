"""The signet: the one secret that makes callbacks believable and seals the task tokens that lie in the ledger.

A rotation is a new value of the secret: the newest signs and seals, the one before it is accepted too (Secrets
Manager's AWSCURRENT and AWSPREVIOUS). Both are read again after a minute, and at most once a minute, whoever asks.
"""

import base64
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lambdas.aws.clients import FAILED
from lambdas.aws.vault import CURRENT, PREVIOUS, Vault
from lambdas.core import tags
from lambdas.core.errors import Problem
from lambdas.core.rows import Row
from lambdas.settings import Clock

if TYPE_CHECKING:
    from nacl.secret import SecretBox

FRESH = timedelta(minutes=1)
SHORTEST = 32  # characters: what an operator puts in by hand must not be guessable either
PURPOSE = b"cdr-exporter: tokens at rest, v1"  # no tag reads so: what is sealed with is nothing that is signed


class Signet:
    """Signs and checks capabilities, seals and opens tokens."""

    def __init__(self, vault: Vault, secret: str, clock: Clock) -> None:
        self._vault, self._secret, self._clock = vault, secret, clock
        self._kept: dict[str, tuple[datetime, bytes | Exception | None]] = {}

    def word(self, tag: str) -> str | None:
        """The capability of a tag, by the current key; None while there is none."""
        key = self._key(CURRENT)
        return tags.capability(key, tag) if key else None

    def genuine(self, tag: str, word: str) -> bool:
        """Whether a capability is this tag's, by either key; which one, and how nearly, takes no other time."""
        fits = [tags.genuine(key, tag, word) for key in self._keys()]
        return any(fits)

    def seal(self, row: Row, token: str) -> str | None:
        """A token, to be opened for this row and run alone; None while there is no key."""
        if not self._key(CURRENT):
            return None
        sealed = self._boxes()[0].encrypt(f"{_place(row)}\n{token}".encode())
        return base64.b64encode(sealed).decode()

    def open(self, row: Row) -> str | None:
        """The token that was sealed for this row and run; None for any other text."""
        if not row.token:
            return None
        text = next(filter(None, (_opened(box, row.token) for box in self._boxes())), "")
        place, _, token = text.partition("\n")
        return token if place == _place(row) else None

    def _keys(self) -> list[bytes]:
        return [key for key in (self._key(CURRENT), self._key(PREVIOUS)) if key]

    def _key(self, stage: str) -> bytes | None:
        """A version as it was within the last minute; a reading that failed is remembered too, and fails again.

        Else a flood would repeat it, or a true word would be taken for a forged one.
        """
        now = self._clock()
        if stage not in self._kept or abs(now - self._kept[stage][0]) >= FRESH:
            self._kept[stage] = now, self._read(stage)
        key = self._kept[stage][1]
        if isinstance(key, Exception):
            raise key.with_traceback(None)  # else each time adds to it, and holds the frames
        return key

    def _read(self, stage: str) -> bytes | Exception | None:
        try:
            text = self._vault.text(self._secret, stage) or ""
        except (Problem, *FAILED) as error:
            return error
        return text.encode() if len(text) >= SHORTEST else None

    def _boxes(self) -> list["SecretBox"]:
        """The newest first. Imported only here: who refuses a stranger need not wait for it."""
        from nacl.secret import SecretBox

        return [SecretBox(hmac.digest(key, PURPOSE, "sha256")) for key in self._keys()]


def _opened(box: "SecretBox", sealed: str) -> str:
    """What was sealed with this key; nothing of any other text."""
    from nacl.exceptions import CryptoError

    try:
        return box.decrypt(base64.b64decode(sealed, validate=True)).decode()
    except (CryptoError, ValueError):  # not base64, too short, not UTF-8
        return ""


def _place(row: Row) -> str:
    """What a sealed token belongs to: copied to another row, attempt or run it opens nothing."""
    return f"{row.export} {row.window.sk} {row.tag} {row.turn}"
