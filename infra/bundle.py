"""Fills a folder per function with its code, exports.toml and third-party packages, without Docker."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from infra.carried import level, strange
from infra.seal import seal, whole
from infra.trim import trim

HANDLERS = ("requester", "callback", "poller", "copier")
# Only the copier converts files, and only it carries the engine.
COPIER_ONLY = ("stream",)
# What each target's wheels are for; "host" is the machine that this runs on.
PLATFORMS = {
    "aws": ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13"),
    "host": (),
}
# Only what the lock's hashes name, whatever the environment says; and never a source, whose building runs its code.
LOCKED = ("--require-hashes", "--verify-hashes", "--only-binary", ":all:")
# Left behind by the installer, and not the same each time.
LITTER = ("bin", ".lock", "*.dist-info/RECORD", "**/__pycache__")


class UnbuiltError(Exception):
    """A bundle could not be made; the text is for the operator."""


@dataclass(frozen=True, kw_only=True)
class Bundler:
    """Makes bundles from the repository at `root` below `root/build`, and makes nothing twice."""

    root: Path
    target: str
    exports: Path

    def fill(self) -> Path:
        """The folder that holds a folder for each function."""
        folder = self.root / "build" / "bundles" / self._digest()
        return _once(folder, self._write)

    def packages(self, lock: str) -> Path:
        """The installed third-party packages of a lock file, trimmed."""
        text = self.root / "locks" / f"{lock}.txt"
        key = _digest(text.read_bytes(), self._platform(), *_recipe())
        folder = self.root / "build" / "packages" / f"{lock}-{self.target}-{key}"
        return _once(folder, lambda to: self._install(text, to))

    def _write(self, folder: Path) -> None:
        for handler in HANDLERS:
            lock = "copier" if handler == "copier" else "lambda"
            # Links, not copies: CDK copies what changed, and 90 MB stay where they are when nothing did.
            shutil.copytree(self.packages(lock), folder / handler, copy_function=os.link)
            for path in sources(self.root / "lambdas", handler):
                target = folder / handler / path.relative_to(self.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
            shutil.copyfile(self.exports, folder / handler / "exports.toml")
            level(folder / handler)

    def _install(self, lock: Path, folder: Path) -> None:
        command = [find_uv_bin(), "pip", "install", "--quiet", "--no-config", *LOCKED]
        command += ["--python", sys.executable, "--link-mode", "copy", *PLATFORMS[self.target]]
        command += ["--target", str(folder), "--requirements", str(lock)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise UnbuiltError(f"the packages of {lock.name} could not be installed:\n{done.stderr.strip()}")
        for pattern in LITTER:
            for path in list(folder.glob(pattern)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        trim(folder)
        if found := strange(folder, lock.stem):
            raise UnbuiltError(f"the packages of {lock.name} bring what infra/carried.py does not name: {found}")
        level(folder)

    def _digest(self) -> str:
        """Of everything that goes into the bundles."""
        files = [self.root / "locks" / "copier.txt", self.root / "locks" / "lambda.txt"]
        files += sorted(_python(self.root / "lambdas"))
        named = [f"{path.relative_to(self.root)}\0".encode() + path.read_bytes() for path in files]
        return _digest(self._platform(), *_recipe(), self.exports.read_bytes(), *named)

    def _platform(self) -> bytes:
        host = f"{sys.implementation.cache_tag} {os.uname().sysname} {os.uname().machine} {sys.base_prefix}"
        return " ".join((*PLATFORMS[self.target], host if self.target == "host" else "")).encode()


def sources(lambdas: Path, handler: str) -> Iterator[Path]:
    """The files of `lambdas/` that a function carries: not the other handlers, nor the copier's rooms."""
    others = {f"{name}.py" for name in HANDLERS if name != handler}
    dropped = others if handler == "copier" else {*others, *COPIER_ONLY}
    return (path for path in _python(lambdas) if path.relative_to(lambdas).parts[0] not in dropped)


def _python(lambdas: Path) -> Iterator[Path]:
    """Code and data; what an editor or an interpreter leaves lying about is neither."""
    for path in lambdas.rglob("*"):
        within = path.relative_to(lambdas).parts
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in within):
            yield path


def _once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Make a folder under another name and move it into place, so that nobody ever sees half of one.

    One that has changed since it was made is not used, whoever changed it: it is made anew.
    """
    if whole(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.parent), tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as making:
        if whole(folder):  # another synth was faster
            return folder
        made = Path(making) / "it"
        make(made)
        seal(made, folder)
        if folder.exists():
            folder.rename(made.with_name("before"))
        made.rename(folder)
    return folder


@contextmanager
def _alone(room: Path) -> Iterator[None]:
    """One maker at a time in a room of folders; the lock of one that dies is free."""
    with room.with_name(f"{room.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _recipe() -> tuple[bytes, ...]:
    """The way of making is part of what is made."""
    here = Path(__file__)
    return tuple(here.with_name(name).read_bytes() for name in (here.name, "trim.py", "carried.py"))


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:16]
