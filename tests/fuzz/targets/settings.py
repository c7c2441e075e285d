"""The text of exports.toml: every mistake is told with its line, and what is right fits everywhere it goes."""

import re
from datetime import UTC, datetime

from lambdas.core import tags
from lambdas.core.exports import Export, Mistakes, parse
from lambdas.core.rows import Row, Work
from lambdas.core.windows import Window, stamp, unstamp
from lambdas.vendors import FACTS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = ("[[export]]\n", "[export.options]\n", 'name = "', 'vendor = "telnyx"\n', 'vendor = "flowroute"\n', "start = ",
         'vendor = "didww"\n', '"-3d"', "2026-11-01", "0001-01-01", 'window = "1h"\n', 'schedule = "rate(15 minutes)"',
         'settle = "', "reexport = [", "max_in_flight = ", 'secret = "', "arn:aws:secretsmanager:us-east-1:", "0xffff",
         "123456789012:secret:", "base_url = ", "download_from = [", 'numbers = "mask"', "options = {",
         "currency = ", "discard = true",
         "small_files", "filters = [{", "[[[[", "${Token[TOKEN.0]}", "{{resolve:", "inf", "nan", "1979-",
         'api = "v2"\n', "'''", '"""', "\\u0000")  # fmt: skip
# What the mistakes about the whole file begin with.
WHOLE = ("not TOML: ", "`", "no [[export]] table: ", "too large: ")
SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")  # the characters of a name in Secrets Manager


def run(data: bytes) -> None:
    """A text."""
    try:
        made = parse(data.decode("utf-8", "replace"), "dev", FACTS)
    except Mistakes as error:
        assert error.mistakes
        for mistake in error.mistakes:
            assert re.match(r"line [1-9]\d*: export ", mistake) or mistake.startswith(WHOLE), f"no line: {mistake!r}"
            assert mistake.isprintable(), f"it moves a terminal's cursor: {mistake!r}"
            assert len(mistake) < 2_000, "a mistake of that length tells nothing"
        return
    assert len({one.name for one in made.exports}) == len(made.exports) > 0
    for export in made.exports:
        _fits(export)


def _fits(export: Export) -> None:
    """Into the tag, the keys, the name of an execution, the template and the schedule."""
    assert re.fullmatch(r"[a-z0-9-]{1,40}", export.name)
    assert re.fullmatch(r"rate\([0-9]+ (minute|hour)s?\)", export.schedule)
    assert SECRET.fullmatch(export.secret_id.rpartition(":")[2]), export.secret_id
    plain = (*export.download_from, export.base_url, export.prefix or "", export.currency or "", export.secret_id)
    assert all(one.isascii() and one.isprintable() and not re.search(r"[${}\s]", one) for one in plain), plain
    assert 900 <= export.window <= 86_400
    assert len(export.sources) == len(set(export.sources)) > 0
    first = export.first(NOW)
    assert unstamp(stamp(first)) == first
    for source in export.sources:
        window = Window(first, export.window, source)
        row = Row(export.name, window, Work.ASKED, revision=1, attempt=1, run=9_999)
        asked = tags.tag("0a1b2c3d", row, {"a": 1})
        said = tags.read(asked)
        assert said is not None, f"{asked!r} is no tag"
        assert (said.export, said.window) == (export.name, window)
        assert len(tags.execution(row)) <= 80
    assert len(export.fingerprint) == 8
