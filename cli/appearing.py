"""A file that appears under its name once it is whole, and not at all when something goes wrong on the way."""

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cli.wrong import Wrong

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Sink(io.RawIOBase):
    """A file that somebody else opened and closes; what it does not take is Wrong, whoever writes."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__()
        self._file, self._path = file, path

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        """Take bytes."""
        with _said(self._path):
            return self._file.write(data)

    def tell(self) -> int:
        """How many it has."""
        return self._file.tell()


@contextmanager
def appearing(path: Path) -> Iterator[Sink]:
    """A file to write to, in the same folder, which is renamed at the end. It is for its owner's eyes alone: calls."""
    with _said(path):
        how: dict[str, Any] = {"dir": path.parent, "prefix": f".{path.name}.", "delete": False}
        file = tempfile.NamedTemporaryFile(**how)  # noqa: SIM115 # closed below, before it is renamed
    try:
        yield Sink(file, path)
        with _said(path):
            file.close()
            os.replace(file.name, path)  # noqa: PTH105 # a Path would only be made to be taken apart again
    except BaseException:
        with suppress(OSError):
            file.close()
        with suppress(OSError):
            Path(file.name).unlink()
        raise


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Raises Wrong where a file cannot be written: no room, no right, no folder."""
    try:
        yield
    except OSError as error:
        raise Wrong(f"{path}: cannot be written: {error.strerror or error}") from None
