"""What a vendor, a stranger or a slip of the operator would get into a log, the ledger or a terminal."""

import json
import logging
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time

import boto3
import pytest
from flask import Response

from infra.machine import definition
from lambdas import poller
from lambdas.vendors import FACTS
from tests import marks, sweep
from tests.parrot import CALLBACK, KINDS, NUMBER, SIGNED, Cage, archive, caged, errors, json_of, report
from tests.world import REGION, SECRETS

PAIR = json.loads(SECRETS["flowroute"])
SECRET, BASIC = PAIR["secret_key"], b64encode(":".join(PAIR.values()).encode()).decode()
CREATE, LOOK, FILE = frozenset({"create"}), frozenset({"retrieve"}), frozenset({"file"})
STARTED = "start time,cdr id"


@contextmanager
def said(says: str, wrong: frozenset[str], status: int = 422) -> Iterator[Cage]:
    """A vendor that answers an error of those words; at the end the world is swept for what must not leak."""
    with caged(wrong=wrong, says=says) as one:
        one.parrot.form = lambda text: errors(text, status)
        one.go()
        yield one


@pytest.mark.parametrize(("vendor", "api"), KINDS)
def test_a_vendor_that_repeats_our_key_in_its_refusal(vendor: str, api: str) -> None:
    """The reason has `[key]` in its place, in each form in which the key was sent; log and ledger have none."""
    keys = [json.loads(SECRETS[vendor])[name] for name in FACTS[vendor].secret[api]]
    with caged(vendor, api, wrong=CREATE, says=f"{' '.join(keys)} {BASIC}") as one:
        one.parrot.form = lambda text: errors(text, 401)
        one.go()
        assert "[key]" in one.blocked
        assert not any(key in one.blocked + one.emitted for key in keys)


def test_our_authorization_header_on_a_page_of_an_error_500() -> None:
    """Of a page no word is told: the status alone."""
    with caged(wrong=CREATE) as one:
        one.parrot.form = lambda text: Response(f"<pre>{text}</pre>", 500)
        one.go()
        assert "Authorization: Basic" in one.parrot.text
        assert "flowroute: create: HTTP 500" in one.emitted
        assert "Basic" not in one.emitted


def test_a_key_that_our_own_limit_cuts_in_half() -> None:
    """Texts are cut after the key was taken out, and a word at the cut goes whole."""
    with caged(wrong=CREATE) as one:
        one.parrot.form = lambda text: errors(text, 401)
        for blanks in (100, 150, 170, 180, 190, 195):
            one.parrot.says = f"{'.' * blanks} {SECRET} KEY0123456789ABCDEF0123456789"
            one.go()
        assert "....." in one.blocked
        assert SECRET[:6] not in one.emitted
        assert "KEY0" not in one.emitted


def test_our_callback_address_with_its_capability_in_an_error_text() -> None:
    """The capability becomes `[opaque]`: whoever reads the log cannot call back in the vendor's name."""
    with caged(wrong=CREATE) as one:
        one.parrot.form = lambda _: errors(f"cannot reach {next(iter(one.parrot.callbacks), '')}", 422)
        one.go()
        assert one.parrot.callbacks
        assert CALLBACK in one.emitted
        assert "/[opaque]" in one.emitted


def test_a_signed_link_in_an_error_text() -> None:
    """Everything after its question mark goes, and a name and password before its host."""
    with said(f"expired: https://me:word77@files.example/a.csv?{SIGNED}#x", CREATE) as one:
        assert "https://[user]@files.example/a.csv?[query]" in one.blocked
        assert "word77" not in one.emitted


def test_a_phone_number_in_a_status_word() -> None:
    """An unknown status is told without it."""
    with caged(wrong=LOOK) as one:
        one.parrot.form = lambda _: json_of(report(f"calls of {NUMBER} fail"))
        one.go()
        assert "unknown status 'calls of [number] fail'" in one.emitted


@pytest.mark.parametrize("written", ["1206\u200b5550123", "206\u20115550123", "\uff11206\uff155550123", "206/555/0123"])
def test_a_phone_number_with_invisible_or_unusual_characters(written: str) -> None:
    """It is known as one by its digits, whatever stands between them."""
    with said(f"no calls of {written} here", CREATE) as one:
        assert "no calls of [number] here" in one.blocked


def test_a_report_id_that_is_our_key() -> None:
    """The id is kept without the key, so neither ledger nor receipt has it; the report is then not found."""
    with caged(wrong=CREATE) as one:
        one.parrot.form = lambda _: json_of(report("pending", id=SECRET))
        one.go()
        assert SECRET not in marks.flat(list(sweep.rows()))


def test_a_status_word_that_is_our_key() -> None:
    """It looks like a harmless word, and is told as `[key]`."""
    with caged(wrong=LOOK) as one:
        one.parrot.form = lambda _: json_of(report(SECRET))
        one.go()
        assert "unknown status" in one.emitted and "[key]" in one.emitted


def test_a_redirect_whose_address_has_our_key() -> None:
    """Of an origin that is not allowed only a plausible host and folder are told."""
    with caged(wrong=FILE) as one:
        one.parrot.form = lambda _: Response("", 302, {"Location": f"https://other.example/key:{SECRET}/a?{SIGNED}"})
        one.go(2)
        assert "a file at another origin" in one.emitted


def test_a_header_that_tells_when_to_come_back_and_is_our_key() -> None:
    """What is no number of seconds says nothing."""
    with caged(wrong=CREATE) as one:
        one.parrot.form = lambda _: json_of({}, 429, Retry_After=BASIC, WWW_Authenticate=f"Basic {BASIC}")
        one.go()
        assert "HTTP 429" in one.emitted
        assert BASIC not in one.emitted


def test_a_line_of_our_log_forged_through_an_error_text() -> None:
    """Line ends are gone before it is logged: each line is one JSON object, and none is the vendor's."""
    forged = '{"level":"ERROR","message":"the vault is open"}'
    with said(f"no\r\n{forged}\u2028{forged}\x85{forged}", CREATE) as one:
        lines = [line for line in one.emitted.splitlines() if line.startswith("{")]
        assert not any(json.loads(line).get("message") == "the vault is open" for line in lines)
        assert "\n" not in one.blocked and "\u2028" not in one.blocked


def test_a_line_of_our_log_forged_through_the_tag_of_a_callback() -> None:
    """A tag that is none of ours is not told at all."""
    with caged() as one:
        assert not one.at.call_back(f'{CALLBACK}/callbacks/cdr1.x\n{{"level":"ERROR"}} {NUMBER}/word')
        assert not any(line.startswith('{"level":"ERROR"') for line in one.emitted.splitlines())
        assert NUMBER not in one.emitted


def test_commands_to_the_operators_terminal() -> None:
    """Escapes and what turns the writing round are gone from the reason that `cdr coverage` prints."""
    with said("it \x1b[2Jis \x1b]0;title\x07\x9b31m\u202eno\x08\x08", CREATE) as one:
        assert one.blocked.isprintable()
        assert "it is" in one.blocked


def test_an_error_text_of_megabytes() -> None:
    """Two hundred characters of it are told, and looking at it costs next to no time, whatever it is made of."""
    for piece in ("http://", "1("):
        with caged(wrong=CREATE, says=piece * (4_000_000 // len(piece))) as one:
            one.parrot.form = lambda text: errors(text, 422)
            account = one.at.account(one.at.exports.get("main"))
            one.hear(lambda account=account: account.look("7"))  # type: ignore[misc] # once, so that it is warm
            began = process_time()
            one.go()
            assert process_time() - began < 5  # of both ends, which are one process here
            assert max(map(len, one.emitted.splitlines())) < 2000
            assert len(one.blocked) < 400


def test_a_download_that_breaks_off_while_a_library_warns() -> None:
    """urllib3 would print the path and query of each link that it tries again: it is told to be silent."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with caged(wrong=LOOK) as one:
        one.parrot.form = lambda _: json_of(report("completed", f"{one.parrot.url}/gone/a.csv?{SIGNED}"))
        web, link = one.at.web, f"http://127.0.0.1:{port}/a.csv?{SIGNED}"

        def fetched() -> None:
            with web.download("flowroute", link, (f"http://127.0.0.1:{port}/",), {}, "https://home.example"):
                pass

        one.hear(fetched)
        assert "the download broke off" in one.emitted
        assert "a.csv" not in one.emitted


def test_the_libraries_log_switched_to_its_most_talkative() -> None:
    """Even so no request's header, path or body is told: the libraries that see them stay silent."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    try:
        with caged(wrong=FILE) as one:
            one.parrot.form = lambda _: Response(f"{STARTED}\n{NUMBER},1\n")
            one.go(2)
            assert "tick" in one.emitted
    finally:
        root.setLevel(before)


def test_names_in_an_archive_that_are_numbers_and_keys() -> None:
    """No name of an archive's member is told, kept or used."""
    with caged(wrong=FILE) as one:
        one.parrot.form = lambda _: Response(archive(f"{NUMBER} {SECRET}"))
        one.go(2)
        assert "the ZIP archive holds several files" in one.emitted


def test_a_heading_that_is_a_phone_number() -> None:
    """The receipt tells of it as `[number]`; the data, which may hold numbers, keep it."""
    with caged(wrong=FILE) as one:
        one.parrot.form = lambda _: Response(f"{STARTED},{NUMBER}\n2026-11-19 00:00:00,a,b\n")
        one.go(2)
        receipts = b" ".join(one.at.objects("receipts/").values())
        assert b"[number]" in receipts


def test_rows_of_numbers_that_do_not_parse() -> None:
    """They are kept apart, in the zone of the data; log and reason have their count alone."""
    with caged(wrong=FILE) as one:
        one.parrot.form = lambda _: Response(f'{STARTED}\n"{NUMBER}"x,{NUMBER},{NUMBER}\n' * 20)
        one.go(2)
        assert any(key.endswith("rejects.json") for key in one.at.objects("quarantine/"))
        assert NUMBER not in one.emitted


@pytest.mark.parametrize("pasted", [SECRET, f"{SECRET}\n", f'["{SECRET}"]', f'{{"access_key": "{SECRET}\\u2019"}}'])
def test_a_key_pasted_into_its_secret_in_the_wrong_form(pasted: str) -> None:
    """The reason says what form is wanted, and not a word of what is there."""
    with caged() as one:
        one.at.known.word("what was pasted", SECRET)
        boto3.client("secretsmanager", REGION).put_secret_value(SecretId="cdr/dev/main", SecretString=pasted)
        one.go()
        assert "put {" in one.blocked
        assert SECRET not in one.blocked


def test_a_key_that_no_header_takes() -> None:
    """The library's error would hold it: its kind alone is told."""
    with caged() as one:
        keys = json.dumps({"access_key": "plain-access", "secret_key": "plain secret"})
        boto3.client("secretsmanager", REGION).put_secret_value(SecretId="cdr/dev/main", SecretString=keys)
        one.go()
        assert "plain secret" not in one.emitted
    with caged("telnyx", "v2") as one:
        boto3.client("secretsmanager", REGION).put_secret_value(
            SecretId="cdr/dev/main", SecretString='{"key": " KEY-77 "}'
        )
        one.go()
        assert "KEY-77" not in one.emitted


def test_a_filter_of_the_operators_that_is_a_phone_number() -> None:
    """It stands in the request alone, which the ledger keeps: in no log, key, execution, receipt or proof."""
    with caged(more=f'options = {{ callerid_numbers = ["{NUMBER}"] }}', wrong=FILE) as one:
        one.parrot.form = lambda _: Response(f"{STARTED}\n2026-11-19 00:00:00,a\n")
        one.go(3)
        assert one.at.objects("receipts/")
        assert NUMBER in marks.flat(list(sweep.rows()))


def test_a_task_token_read_from_an_executions_data() -> None:
    """It is given to the poller alone, and the state that waits with it passes on what it was given."""
    states = definition("aws")["States"]
    holders = [name for name, state in states.items() if "$$.Task.Token" in json.dumps(state)]
    assert holders == ["Listen"]
    assert states["Listen"]["ResultPath"] is None
    assert "OutputPath" not in states["Listen"]


def test_a_task_token_read_from_the_ledger() -> None:
    """It is sealed there, and opened by nobody without the capability's key; the sweep would find it."""
    token = "AQCUAAAAKgAAAAMAAAAAAAAAAd-a-task-token-of-aws"
    with caged(wrong=FILE) as one:
        one.at.tick("main")
        one.at.known.word("the token", token)
        (_, told), *_ = one.at.executions.started
        poller.listen(told, token, one.at)
        assert '"token": {"S": "' in marks.flat(list(sweep.rows()))
        assert token not in marks.flat(list(sweep.rows()))
