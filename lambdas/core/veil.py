"""Takes what may be a phone number, a key or a signed link out of a text that goes to a log or a person."""

import re

LONGEST = 4000  # characters that are looked at: a vendor's text of megabytes must not cost a function its time
ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")  # forges a log's line, or moves a terminal's cursor
NUMBER = re.compile(r"\+?\d[\d().\s/\u2010-\u2015-]{5,}\d")
SECRET = re.compile(r"\b[A-Za-z0-9_\-]{24,}\b")
QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S+")
USER = re.compile(r"(https?://)[^\s/@]+@")
# What is called a key, and is no word of a sentence: it has a digit, or what base64 has.
SCHEME = re.compile(r"\b(basic|bearer)\s+(?=\S*[\d=+/])\S{6,}", re.IGNORECASE)
NAMED = re.compile(
    r"((?:token|key|secret|password|signature)[\"']?\s?[:=]\s?[\"']?)(?=\S*\d)[^\s\"',;]{6,}", re.IGNORECASE
)


def veil(text: str) -> str:
    """The text with runs of seven or more digits, what may be a key and URL queries replaced; storable anywhere.

    One line, without a terminal's commands; of a very long text its beginning.
    """
    text = text.encode("utf-8", "replace").decode()
    if len(text) > LONGEST:  # less its last word, which may be half a key
        text = re.sub(r"\S*\Z", "[cut]", text[:LONGEST], count=1)
    text = CONTROL.sub(" ", ESCAPE.sub("", text))
    text = USER.sub(r"\1[user]@", QUERY.sub(r"\1?[query]", text))
    text = NAMED.sub(r"\1[opaque]", SCHEME.sub(r"\1 [opaque]", text))
    return NUMBER.sub("[number]", SECRET.sub("[opaque]", text))
