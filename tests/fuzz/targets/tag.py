"""A text that is called a tag: what reads as one is written back to the very same text."""

from lambdas.core import tags
from lambdas.core.rows import Row, Work
from lambdas.core.windows import stamp

WORDS = ("cdr1.", "0a1b2c3d.", "main.", "20261119T000000Z", ".86400.", "calls", ".r1", ".a1", ".deadbeef", "00010101T")
KEY = b"0123456789abcdef0123456789abcdef"


def run(data: bytes) -> None:
    """The text of a tag, or of none."""
    text = data.decode("utf-8", "surrogateescape")
    said = tags.read(text)
    if said is None:
        return
    window = said.window
    row = Row(said.export, window, Work.ASKED, revision=said.revision, attempt=said.attempt, tag=text, run=10**6)
    where = f"{said.export}.{stamp(window.start)}.{window.seconds}.{window.source}"
    back = f"cdr1.{said.stack}.{where}.r{row.revision}.a{row.attempt}.{text.rpartition('.')[2]}"
    assert text == back, f"{text!r} is read as {back!r}"
    assert len(tags.execution(row)) <= 80
    assert window.end > window.start
    assert len(text) <= 200
