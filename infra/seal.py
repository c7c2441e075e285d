"""A seal on a folder that was made once and is used again: it breaks when anything in the folder has changed.

It finds what an editor, an interpreter, a restored cache or half a deletion left. Who may write both folder and seal
may also write our code: what is released is made from nothing (docs/releasing.md).
"""

import hashlib
import os
from pathlib import Path


def content(folder: Path) -> str:
    """The digest of every name, right and byte in a folder; of no time, so that the same content gives the same."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        whole.update(f"{path.relative_to(folder).as_posix()}\0{path.lstat().st_mode:o}\0".encode())
        whole.update(_bytes(path))
    return whole.hexdigest()


def seal(folder: Path, name: Path) -> None:
    """Seal a folder that is about to have this name."""
    half = _seal(name).with_suffix(f".{os.getpid()}")
    half.write_text(content(folder), "ascii")
    half.replace(_seal(name))


def whole(folder: Path) -> bool:
    """Whether a folder is there, and as it was when it was sealed."""
    try:
        return folder.is_dir() and _seal(folder).read_text("ascii") == content(folder)
    except OSError:
        return False


def _bytes(path: Path) -> bytes:
    if path.is_symlink():
        return str(path.readlink()).encode()
    if path.is_dir():
        return b""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _seal(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.seal")
