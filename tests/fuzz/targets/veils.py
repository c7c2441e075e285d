"""A text on its way to a log: no phone number, no key and no terminal's command is left of it."""

import re

from lambdas.core.veil import LONGEST, veil

WORDS = ("+1 (206) 555-0123", "https://x.example/a?b=c", "Bearer ", "Basic ", "token=", "key: ", "http://a@",
         "\x1b[2J", "\u200b", "KEY0123456789abcdefghijklmnop", "\x85")  # fmt: skip
MARK = "Key_0f1e2d3c4b5a69788796a5b4"


def run(data: bytes) -> None:
    """A text; a marked key stands in its middle, between blanks."""
    text = data.decode("utf-8", "surrogateescape")
    half = len(text) // 2
    for one in (text, f"{text[:half]} {MARK} {text[half:]}"):
        said = veil(one)
        assert not re.search(r"\d{7}", said), f"a number is left in {said!r}"
        assert MARK not in said, f"a key is left in {said!r}"
        assert "\x1b" not in said, "a terminal's command is left"
        assert "\n" not in said, "two lines are left"
        said.encode()
        assert len(said) <= 3 * LONGEST, "it grows"
