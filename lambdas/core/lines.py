"""Where each field of exports.toml stands: for the mistakes, which are told with their line."""

import re
from functools import lru_cache


def lines(text: str, number: int) -> dict[str, int]:
    """Line of each field of the n-th `[[export]]`; "" is the table's own line, or the inline list's."""
    inline, tables = _read(text)
    return tables[number] if number < len(tables) else {"": inline}


@lru_cache(1)
def _read(text: str) -> tuple[int, list[dict[str, int]]]:
    """Once for all tables."""
    inline, found, section = 1, list[dict[str, int]](), ""
    for at, line in enumerate(text.split("\n"), 1):
        if re.match(r"\s*\[\[\s*[\"']?export[\"']?\s*\]\]", line):
            found.append({"": at})
            section = ""
        elif re.match(r"\s*[\"']?export[\"']?\s*=", line) and not found:
            inline = at
        elif header := re.match(r"\s*\[\[?\s*export\.([\w.-]+)\s*\]", line):
            section = f"{header[1]}."
            if found:
                found[-1].setdefault(header[1], at)
        elif found and (key := re.match(r"""\s*(["']?)([\w.-]{1,100}?)\1\s*=""", line)):
            found[-1].setdefault(section + key[2], at)
    return inline, found
