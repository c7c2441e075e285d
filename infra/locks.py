"""Reads the locks: which releases with which hashes, and which advisories against them are accepted until when."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True)
class Pin:
    """One release of a lock: `name==version`, for whom, and the SHA-256 of each file that may be taken for it."""

    release: str
    marker: str
    hashes: frozenset[str]

    @property
    def text(self) -> str:
        """As a requirement, without its hashes."""
        return f"{self.release} ; {self.marker}" if self.marker else self.release


class UnlockedError(Exception):
    """A lock holds something that it does not pin."""


def pins(text: str) -> list[Pin]:
    """The releases of a lock; each has one version and at least one hash, or the lock is none."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    return [_pin(line) for line in lines]


def _pin(line: str) -> Pin:
    release, _, marker = line.split(" --hash")[0].partition(";")
    hashes = frozenset(HASH.findall(line))
    if not re.fullmatch(r"[a-z0-9-]+==[^\s*,]+", release.strip()) or not hashes or len(hashes) != line.count("--"):
        raise UnlockedError(f"not a release with its hashes: {line[:80]}")
    return Pin(release.strip(), marker.strip(), hashes)


def locks(root: Path) -> Mapping[str, list[Pin]]:
    """Every lock by its name, which is its group's in pyproject.toml."""
    return {path.stem: pins(path.read_text("utf-8")) for path in sorted((root / "locks").glob("*.txt"))}


def accepted(root: Path, today: date) -> dict[str, str]:
    """The findings that are accepted today, by id, each with its reason; one that has run out is none."""
    path = root / "locks" / "accepted.toml"
    told = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    return {one["id"]: one["reason"] for one in told.get("accepted", []) if today <= one["until"]}
