"""`make audit`: holds the locks against what the registries and the advisory services say of them today.

The index says whether each locked file is still what it was, and whether a release was taken back. OSV (which has
PyPI's advisories and GitHub's) and npm say what is known against a release. Whoever cannot be reached is named in one
line and fails nothing; a finding fails, unless locks/accepted.toml bears it. An answer that is none, with no network's
word that explains it, is a finding too.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from infra.locks import Pin, accepted, locks, pins

ROOT = Path(__file__).resolve().parent.parent
UV = find_uv_bin()  # here, because it is not safe in threads: sysconfig fills itself at its first use
SECONDS = 60  # for one command; each asks once more where nobody answers
PATIENCE = {
    "UV_HTTP_TIMEOUT": "10",
    "UV_HTTP_RETRIES": "1",
    "UV_NO_CONFIG": "1",
    "npm_config_fetch_timeout": "10000",
    "npm_config_fetch_retries": "1",
    "npm_config_update_notifier": "false",
}
COMPILE = (
    *("pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-header", "--no-annotate", "--color", "never"),
)
# The JSON that it writes is of the one version of uv that is locked.
ADVISE = ("audit", "--preview-features", "audit-command,json-output", "--output-format", "json", "--color", "never")
YANKED = re.compile(r"`([^`]+)` is yanked(?: \(reason: \"(.*)\"\))?")
# The network's words in uv's and npm's errors, and what a server says that does not answer; 405 is a mirror's of npm.
UNREACHED = re.compile(
    r"error sending request|\bconnect(?:ion)?\b|time(?:d |-)?out|lookup address|\bdns\b|\btls\b|certificate"
    r"|socket hang up|\bE(?:CONN[A-Z]+|NOTFOUND|AI_AGAIN|TIMEDOUT|(?:HOST|NET)UNREACH)\b"
    r"|HTTP status server error \(5|^(?:405|5\d\d) ",
    re.IGNORECASE | re.MULTILINE,
)
UNSOLVED = 1  # uv's status where releases do not fit; 2 where it could not do its work


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with what is locked; `key` is what locks/accepted.toml calls it."""

    key: str
    text: str


class UnreachedError(Exception):
    """Somebody could not be asked."""


class WrongError(Exception):
    """Somebody was asked, and the answer is none."""


# A tool that is not there, an answer of another shape: whatever it is, nothing was audited.
WRONG = (WrongError, OSError, LookupError, TypeError, AttributeError)
Question = Callable[[], list[Finding]]


@dataclass(frozen=True)
class Audit:
    """Asks about the locks of one tree."""

    root: Path
    osv: str

    def questions(self) -> Mapping[str, list[Question]]:
        """Who is asked, and what."""
        held = locks(self.root)
        return {
            "the index": [partial(self.index, group, releases) for group, releases in held.items()],
            "OSV": [partial(self.advisories, releases) for releases in held.values()],
            "npm": [self.npm] if (self.root / "package-lock.json").exists() else [],
        }

    def index(self, group: str, held: Sequence[Pin]) -> list[Finding]:
        """What pyproject.toml asks for, chosen anew within the lock: the same releases, the same files, none yanked."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as within:
            within.write("\n".join(pin.text for pin in held))
            within.flush()
            done = self._run(UV, *COMPILE, "--group", group, "--constraint", within.name)
        if done.returncode == UNSOLVED:
            return [Finding(group, f"the index no longer serves it: {_told(done.stderr)}")]
        if done.returncode:
            raise _unanswered(done.stderr, _told(done.stderr))
        yanked = [Finding(name, f"{name} was taken back: {why}") for name, why in YANKED.findall(done.stderr)]
        return yanked + compare(held, pins(done.stdout))

    def advisories(self, held: Sequence[Pin]) -> list[Finding]:
        """What OSV knows against releases. uv wants a project: one that needs exactly these is made for it."""
        with tempfile.TemporaryDirectory() as folder:
            needs = json.dumps([pin.text for pin in held])
            head = '[project]\nname = "audited"\nversion = "0"\nrequires-python = ">=3.11"\n'
            (Path(folder) / "pyproject.toml").write_text(f"{head}dependencies = {needs}\n", "utf-8")
            done = self._run(UV, *ADVISE, "--directory", folder, "--service-url", self.osv)
        told = _json(done)
        known = [_advisory(one) for one in told["vulnerabilities"]]
        shut = [one["name"] for one in told["adverse_statuses"] if one["status"] == "quarantined"]
        return known + [Finding(name, f"{name} is quarantined by the index: it is held to be malware") for name in shut]

    def npm(self) -> list[Finding]:
        """What npm's registry knows against what is in package-lock.json."""
        told = _json(self._run("npm", "audit", "--package-lock-only", "--json"))
        if "vulnerabilities" not in told:
            why = str(told.get("message") or told.get("error"))
            raise _unanswered(why, why)
        causes = [why for one in told["vulnerabilities"].values() for why in one["via"] if isinstance(why, dict)]
        return [Finding(why["url"].rpartition("/")[2], f"{why['name']}: {why['title']}") for why in causes]

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {**PATIENCE, **os.environ}
        try:
            return subprocess.run(
                command, cwd=self.root, env=environment, timeout=SECONDS, capture_output=True, text=True, check=False
            )
        except subprocess.TimeoutExpired:
            raise UnreachedError(f"no answer in {SECONDS} s") from None


def compare(held: Sequence[Pin], today: Sequence[Pin]) -> list[Finding]:
    """A lock beside what would be locked today: nothing missing, nothing too much, no file gone or replaced."""
    was, now = ({pin.release: pin for pin in one} for one in (held, today))
    found = [Finding(name, f"{name} is asked for, but not locked") for name in sorted(now.keys() - was.keys())]
    found += [Finding(name, f"{name} is locked, but nothing asks for it") for name in sorted(was.keys() - now.keys())]
    gone = {name: len(was[name].hashes - now[name].hashes) for name in sorted(was.keys() & now.keys())}
    return found + [Finding(name, f"{name}: {n} locked files gone or replaced") for name, n in gone.items() if n]


def audit(asked: Audit, today: date) -> int:
    """Ask everybody at once, tell what they say, and give the exit status."""
    borne, questions = accepted(asked.root, today), asked.questions()
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(_answers, questions.values()))
    return max(_tell(who, *answer, borne) for who, answer in zip(questions, answers, strict=True))


def _answers(questions: Sequence[Question]) -> tuple[list[Finding], str | None]:
    """What one of them says, and why it says no more: who cannot be reached is not asked again."""
    found: list[Finding] = []
    for question in questions:
        try:
            found += question()
        except UnreachedError as why:
            return found, str(why)
        except WRONG as why:
            wrong = f"the audit itself went wrong: {type(why).__name__}: {why}"
            return [*found, Finding("audit", wrong)], None
    return found, None


def _tell(who: str, found: Sequence[Finding], unreached: str | None, borne: Mapping[str, str]) -> int:
    left = sorted({(one.key, one.text) for one in found if one.key not in borne})
    accepted = len({one.key for one in found if one.key in borne})
    if unreached:
        print(f"{who}: NOT ASKED, it cannot be reached from here: {unreached}")
    if left or accepted or not unreached:
        count = f"{len(left) or 'no'} finding{'' if len(left) == 1 else 's'}"
        print(f"{who}: {count}" + (f", {accepted} accepted" if accepted else ""))
    for key, text in left:
        print(f"  {key}: {text}")
    return 1 if left else 0


def _json(done: subprocess.CompletedProcess[str]) -> Any:
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise _unanswered(done.stderr, _told(done.stderr)) from None


def _unanswered(stderr: str, why: str) -> Exception:
    """Only a cause in the network excuses: else a broken answer, or our own mistake, would pass for silence."""
    words = re.sub(r"https?://\S+", "", stderr)  # a host's name is no cause
    return UnreachedError(why) if UNREACHED.search(words) else WrongError(why)


def _advisory(told: Any) -> Finding:
    name, version = told["dependency"]["name"], told["dependency"]["version"]
    mended = f"; mended in {', '.join(told['fix_versions'])}" if told["fix_versions"] else ""
    return Finding(told["id"], f"{name}=={version}: {told['summary'] or told['description'] or 'no summary'}{mended}")


def _told(stderr: str) -> str:
    """The first error of uv's words, and its last cause."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip().startswith(("error:", "cause:"))]
    return "; ".join(dict.fromkeys((lines[0], lines[-1]))) if lines else "no word why"


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit this tree, or another."""
    parser = argparse.ArgumentParser(prog="python -m infra.audit", description="Audit the locks.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder with pyproject.toml and locks/")
    parser.add_argument("--osv", default="https://api.osv.dev", help="where advisories are asked for")
    chosen = parser.parse_args(arguments)
    return audit(Audit(chosen.root.resolve(), chosen.osv), datetime.now(UTC).date())


if __name__ == "__main__":
    sys.exit(main())
