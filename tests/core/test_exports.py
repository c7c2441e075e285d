"""exports.toml: what each field means when it is silent, and which mistake each of them is told for."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lambdas.core.exports import Mistakes, parse
from lambdas.vendors import FACTS
from tests.core.making import NOW, export, mistakes, table

ROOT = Path(__file__).resolve().parents[2]
LEAST = '[[export]]\nname = "main"\nvendor = "telnyx"\nstart = 2026-10-01\n'


def test_a_silent_export_has_the_documented_defaults() -> None:
    """The table of fields: state, api, window, schedule, settle, reexport, places, secret, URLs, numbers, the flags."""
    made = parse(LEAST, "prod", FACTS).exports[0]
    assert (made.state, made.api, made.window, made.schedule) == ("active", "v1", 86_400, "rate(15 minutes)")
    assert (made.tick, made.settle) == (timedelta(minutes=15), timedelta(hours=2))
    assert made.reexport == (timedelta(days=1), timedelta(days=7))
    assert (made.max_in_flight, made.secret, made.secret_arn) == (4, "cdr/prod/main", None)
    assert (made.base_url, made.download_from) == ("https://api.telnyx.com", ("https://portal.telnyx.com/",))
    assert (made.numbers, made.raw, made.discard, made.currency, made.prefix) == ("keep", True, False, None, None)
    assert (made.sources, dict(made.options), made.start) == (("calls", "call-control"), {}, date(2026, 10, 1))


def test_each_vendor_and_api_brings_its_own_addresses() -> None:
    """Telnyx's V2 has its own base; Flowroute its own bucket and one source."""
    assert export(api='"v2"').base_url == "https://api.telnyx.com/v2"
    flowroute = export(vendor='"flowroute"')
    assert flowroute.base_url == "https://api.flowroute.com/v2"
    assert flowroute.download_from == ("https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/",)
    assert flowroute.sources == ("calls",)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "needed"),
        ("name", '"Main"', "a-z"),
        ("name", '"-main"', "not at its ends"),
        ("name", f'"{"a" * 41}"', "1 to 40"),
        ("name", "7", "needed"),
        ("vendor", "", "needed: one of didww, flowroute, telnyx"),
        ("vendor", '"twilio"', "not known: one of didww, flowroute, telnyx"),
        ("start", "", "needed"),
        ("start", '"7d"', "needed"),
        ("start", '"2026-10-01"', "without quotes"),
        ("start", "2026-10-01T00:00:00Z", "needed"),
        ("state", '"off"', "one of active, paused, retired"),
        ("api", '"v3"', "one of v1, v2"),
        ("window", '"5m"', "from 15m to 1d"),
        ("window", '"2d"', "from 15m to 1d"),
        ("window", '"0m"', "from 15m to 1d"),
        ("window", '"7h"', "must divide a day"),
        ("window", "3600", "a length of time"),
        ("window", '"45m"', 'small_files = "accepted"'),
        ("small_files", '"yes"', "one of refused, accepted"),
        ("schedule", '"cron(0 * * * ? *)"', '"cron(...)" is not yet built'),
        ("schedule", '"rate(0 minutes)"', "rate(N minutes)"),
        ("schedule", '"rate(25 hours)"', "up to a day"),
        ("schedule", "15", "rate(N minutes)"),
        ("settle", '"soon"', "a length of time"),
        ("reexport", '["7d", "1d"]', "rising"),
        ("reexport", '["1d", "1d"]', "rising"),
        ("reexport", '"1d"', "a list"),
        ("reexport", '["1d", 7]', "a list"),
        ("reexport", '["29d"]', "telnyx forgets after 30 days: at most 28d"),
        ("max_in_flight", "0", "from 1 to 50"),
        ("max_in_flight", "51", "from 1 to 50"),
        ("max_in_flight", "true", "a whole number"),
        ("secret", '" "', "not empty"),
        ("secret_arn", '"cdr/dev/main"', "full ARN"),
        ("base_url", '"http://api.telnyx.com"', "https://"),
        ("base_url", '"https://me@api.telnyx.com"', "without user"),
        ("base_url", '"https://api.telnyx.com/?a=b"', "or query"),
        ("base_url", '"https://api.telnyx.com:port"', "https://"),
        ("prefix", '"/legacy"', 'only with api = "v2"'),
        ("download_from", '["https://portal.telnyx.com"]', "with a path"),
        ("download_from", '["https://*.amazonaws.com/"]', "a list of URLs"),
        ("download_from", "[]", "a list of URLs"),
        ("numbers", '"hash"', "one of keep, mask, pseudonym"),
        ("numbers", "true", "one of keep, mask, pseudonym"),
        ("raw", '"no"', "true or false"),
        ("secret", '"cdr/dev/pseudonym"', "the key of the pseudonyms"),
        ("discard", '"no"', "true or false"),
        ("currency", '"usd"', "ISO 4217"),
        ("options", '"all"', "a table"),
        ("reexports", "[]", "not a field of an export"),
    ],
)
def test_a_mistake_is_told_with_its_line_its_export_and_its_field(field: str, value: str, said: str) -> None:
    """Exactly one mistake, at the field's own line, or at the table's where the field is missing."""
    text = f"# a comment\n{table(**{field: value})}"
    line = next((n for n, one in enumerate(text.splitlines(), 1) if one.startswith(f"{field} =")), 2)
    (told,) = mistakes(text)
    assert told.startswith(f"line {line}: export ")
    assert f": {field}: " in told
    assert said in told


def test_all_mistakes_are_told_at_once() -> None:
    """Of every export and of the file, each with its own line."""
    first, second = table(start="1", window='"7h"', discard="1"), table(name='"other"', currency="1")
    file, *told = mistakes(f'colour = "red"\n{first}\n{second}')
    assert file == "`colour`: not known; the file holds [[export]] tables"
    assert {": ".join(one.split(": ")[:3]) for one in told} == {
        "line 5: export main: start",
        "line 6: export main: window",
        "line 7: export main: discard",
        "line 12: export other: currency",
    }


def test_an_unknown_vendor_hides_no_other_mistake() -> None:
    """What does not hang on the vendor is checked all the same."""
    told = mistakes(table(vendor='"twilio"', start="1", state='"off"', max_in_flight="0"))
    assert {one.split(": ")[2] for one in told} == {"vendor", "start", "state", "max_in_flight"}


def test_a_report_is_deleted_only_where_the_vendor_can() -> None:
    """Telnyx has a delete, Flowroute has none."""
    assert export(discard="true").discard
    (told,) = mistakes(table(vendor='"flowroute"', discard="true"))
    assert "flowroute has no way to delete a report" in told


@pytest.mark.parametrize("numbers", ["keep", "mask", "pseudonym"])
def test_the_file_as_it_came_is_kept_with_the_numbers_or_where_it_is_asked_for(numbers: str) -> None:
    """It holds every number: so `raw` is silent only where numbers are kept, and can be set either way."""
    found = [export(numbers=f'"{numbers}"', raw=raw) for raw in ("", "true", "false")]
    assert [one.raw for one in found] == [numbers == "keep", True, False]
    assert {one.numbers for one in found} == {numbers}


def test_only_pseudonyms_need_a_key() -> None:
    """Of any of the exports, a retired one too: what it copied is to be joined still."""
    hidden = table(name='"other"', numbers='"pseudonym"', state='"retired"')
    masked = table(numbers='"mask"')
    assert not parse(masked, "dev", FACTS).pseudonyms
    assert parse(f"{masked}\n{hidden}", "dev", FACTS).pseudonyms


def test_no_export_s_secret_is_the_key_of_the_pseudonyms() -> None:
    """Not by its name either; in another stage the name is free."""
    (told,) = mistakes(table(name='"pseudonym"'))
    assert told.startswith("line 1: export pseudonym: secret: cdr/dev/pseudonym is the key of the pseudonyms")
    assert parse(table(name='"pseudonym"', secret='"mine"'), "dev", FACTS).exports
    assert parse(table(secret='"cdr/dev/pseudonym"'), "prod", FACTS).exports


def test_what_nobody_will_have_as_it_came_gets_a_warning() -> None:
    """Deleted at the vendor, and no raw file here."""
    found = {
        raw: parse(table(discard="true", numbers='"mask"', raw=raw), "dev", FACTS).warnings for raw in ("", "true")
    }
    assert found["true"] == ()
    assert found[""] == ("main: discard without raw: once a report is copied, nobody has it as it came",)


def test_no_reexport_is_older_than_the_vendor_takes() -> None:
    """Where a vendor is known to refuse windows of a certain age, the file is told so."""
    facts = FACTS["telnyx"]
    strict = {"telnyx": replace(facts, limits=replace(facts.limits, oldest_end=timedelta(days=1)))}
    with pytest.raises(Mistakes, match="takes no window that ended 1 day"):
        parse(table(reexport='["1d"]'), "dev", strict)
    assert parse(table(reexport='["23h"]'), "dev", strict).exports


def test_a_field_below_options_is_told_with_its_own_line() -> None:
    """The vendor's own check names the field, the reader its line."""
    text = f'{table()}\n[export.options]\nsource = "calls"\nreport_name = "mine"'
    assert mistakes(text) == ["line 7: export main: options.report_name: ours to set; remove it"]


@pytest.mark.parametrize("text", ["", "export = 1", "export = []", "[[exports]]\n", "export = [1]"])
def test_a_file_without_exports_is_refused(text: str) -> None:
    """It says which table is wanted."""
    assert any("[[export]]" in one for one in mistakes(text))


def test_what_is_no_toml_is_told_with_its_place() -> None:
    """The parser's own words, which hold line and column."""
    (told,) = mistakes('[[export]]\nname = "main\nvendor = "telnyx"')
    assert told.startswith("not TOML: ") and "line 2" in told


def test_a_name_is_used_once() -> None:
    """At the line of the second use."""
    assert mistakes(f"{table()}\n{table()}") == [
        "line 6: export main: name: used twice; a name is never used again, retire the old export"
    ]


def test_exports_on_one_secret_get_a_warning() -> None:
    """Their filters may overlap, and then sums double; exports with their own secrets do not."""
    other, own = table(name='"other"', secret='"cdr/dev/main"'), table(name='"other"')
    shared = parse(f"{table()}\n{other}", "dev", FACTS)
    assert len(shared.warnings) == 1 and "other and main share a secret" in shared.warnings[0]
    assert parse(f"{table()}\n{own}", "dev", FACTS).warnings == ()


def test_a_secret_is_a_name_or_an_arn_never_both() -> None:
    """An ARN replaces the name that the stack would make."""
    arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:flowroute-AbCdEf"
    made = export(secret_arn=f'"{arn}"')
    assert (made.secret, made.secret_arn, made.secret_id) == (None, arn, arn)
    (told,) = mistakes(table(secret='"mine"', secret_arn=f'"{arn}"'))
    assert "either secret or secret_arn" in told


def test_days_before_are_counted_from_the_first_tick() -> None:
    """To the midnight; a date is that day's midnight whenever the first tick was."""
    assert export(start='"-7d"').first(NOW) == datetime(2026, 11, 13, tzinfo=UTC)
    assert export(start='"-0d"').first(NOW) == datetime(2026, 11, 20, tzinfo=UTC)
    assert export(start="2026-10-01").first(NOW) == datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_plain_http_is_for_this_machine_alone(host: str) -> None:
    """A simulated vendor may speak it, and loses its trailing slash."""
    made = export(base_url=f'"http://{host}/v2/"', download_from=f'["http://{host}/files/"]')
    assert made.base_url == f"http://{host}/v2"
    assert made.download_from == (f"http://{host}/files/",)
    assert mistakes(table(download_from='["http://127.0.0.1.example.com/"]'))


def test_more_than_the_places_carry_is_refused() -> None:
    """The steady load may take half of what `max_in_flight` and the tick carry, and not one report more."""
    assert mistakes(table(window='"1h"', max_in_flight="3", reexport="[]")) == []
    (told,) = mistakes(table(window='"1h"', max_in_flight="1", reexport="[]", schedule='"rate(30 minutes)"'))
    assert "48 reports a day are over half of the 48" in told


def test_the_fingerprint_follows_what_is_asked_and_nothing_else() -> None:
    """Options, vendor and api change it; the window and the schedule do not."""
    plain = export().fingerprint
    assert plain == export(window='"12h"', schedule='"rate(1 hour)"').fingerprint
    others = {export(api='"v2"').fingerprint, export('source = "calls"').fingerprint}
    assert plain not in others and len(others) == 2


def test_exports_are_found_by_their_names() -> None:
    """And a name that the file does not have is an error."""
    found = parse(table(), "dev", FACTS)
    assert found.get("main").name == "main"
    with pytest.raises(KeyError):
        found.get("other")


def test_the_shipped_file_is_right() -> None:
    """`make demo` runs it as it is, on both vendors."""
    found = parse((ROOT / "exports.toml").read_text("utf-8"), "dev", FACTS)
    assert [one.vendor for one in found.exports] == ["telnyx", "flowroute"]
    assert found.warnings == ()


def test_every_commented_example_of_the_shipped_file_is_right() -> None:
    """Uncommented from its `[[export]]` line to the end of its block, the file has them all."""
    text = (ROOT / "exports.toml").read_text("utf-8")
    examples = re.findall(r"^# \[\[export\]\]\n(?:#.*\n?)*", text, re.MULTILINE)
    assert len(examples) >= 3
    whole = text
    for block in examples:
        whole = whole.replace(block, re.sub(r"^# ?", "", block, flags=re.MULTILINE))
    shipped, all_of_them = (parse(one, "dev", FACTS) for one in (text, whole))
    assert len(all_of_them.exports) == len(shipped.exports) + len(examples)
    assert {(one.vendor, one.api) for one in all_of_them.exports} == {
        (name, api) for name, facts in FACTS.items() for api in facts.apis
    }


def test_mistakes_are_one_text_too() -> None:
    """An exception that nobody unpacks still tells every line."""
    with pytest.raises(Mistakes, match=r"(?s)start.*discard"):
        parse(table(start="1", discard="1"), "dev", FACTS)


def test_a_vendor_on_loopback_gives_its_files_there() -> None:
    """From any port of this machine, unless the export says from where."""
    made = export(base_url='"http://127.0.0.1:9000"')
    assert made.download_from == ("http://127.0.0.1/", "http://localhost/")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('options = { filters = "x" }', 5),
        ('\n[[export.options.filters]]\nfilter_type = "or"\ncli = "1"\ncli_filter = "contains"', 6),
        ('[export.options]\n\n"filters" = "x"', 7),
        ("[export.options]\n'filters' = \"x\"", 6),
        ('options.filters = "x"', 5),
    ],
)
def test_a_field_of_the_options_is_told_with_its_line_however_it_is_written(text: str, line: int) -> None:
    """Inline, as tables of their own, quoted, dotted."""
    (told,) = mistakes(f"{table()}\n{text}")
    assert told.startswith(f"line {line}: export main: options.filters: ")
