"""Takes what may be a phone number, a key or a signed link out of a text that goes to a log or a person."""

import re

NUMBER = re.compile(r"\+?\d[\d().\s-]{5,}\d")
SECRET = re.compile(r"\b[A-Za-z0-9_\-]{24,}\b")
QUERY = re.compile(r"(https?://[^\s?]+)\?\S+")


def veil(text: str) -> str:
    """The text with runs of seven or more digits, long opaque words and URL queries replaced; storable anywhere."""
    text = text.encode("utf-8", "replace").decode()
    return NUMBER.sub("[number]", SECRET.sub("[opaque]", QUERY.sub(r"\1?[query]", text)))
