"""The callback's address is public, and the vendors' notifications are unsigned: what strangers and replayers send."""

import hmac
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError, EndpointConnectionError

from lambdas import callback, poller
from lambdas.core import tags
from lambdas.core.errors import Refused, TryAgain
from lambdas.core.rows import Row, Work, move
from lambdas.signet import PURPOSE, Signet
from local.vendors.flowroute import Flowroute
from tests.test_callback import event
from tests.world import KEY, Clock, Keys, World, world

TEXT = """
[[export]]
name = "f"
vendor = "flowroute"
start = "-2d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
"""
DAY, OTHER = datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC)
TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAf-token-of-mine"
NEXT, LAST = b"the-second-key-of-the-tests-012345", b"the-third-key-of-the-tests-0123456"
SAME = (200, "{}")


class Door:
    """The handler's HTTP side over moto's ledger, and all that an attack may touch."""

    def __init__(self, at: World, vendor: Flowroute) -> None:
        self.at, self.vendor, self.keys = at, vendor, Keys()
        at.__dict__["signet"] = self.signet = Signet(self.keys, "capability", at.clock)
        self.ear = callback.Ear(at.ledger, at.executions, self.signet, at.clock)  # type: ignore[arg-type] # a stand-in
        self.app = callback.app(self.ear)
        self.listen()

    @property
    def row(self) -> Row:
        return self.at.row("f", DAY)

    @property
    def tag(self) -> str:
        assert self.row.tag
        return self.row.tag

    def listen(self) -> bool:
        """The execution of the window waits with its token."""
        (told,) = [told for _, told in self.at.executions.started if told["start"] == DAY.isoformat()][-1:]
        return bool(poller.listen(told, TOKEN, self.at)["woken"])

    def look(self) -> None:
        """Its execution looks at the report."""
        (told,) = [told for _, told in self.at.executions.started if told["start"] == DAY.isoformat()][-1:]
        poller.look(told, self.at)

    def send(self, tag: str, word: str, **how: Any) -> tuple[int, str]:
        """What a caller gets; the answer's headers are the same for all."""
        return self.post(f"/callbacks/{tag}/{word}", **how)

    def post(self, path: str, media: str | None = "application/json", **how: Any) -> tuple[int, str]:
        made = event(path, **how)
        made["headers"] = {"content-type": media} if media else {}
        answer = self.app.resolve(made, LambdaContext())
        assert answer["multiValueHeaders" if "multiValueHeaders" in answer else "headers"]["Content-Type"] in (
            "application/json", ["application/json"],
        )  # fmt: skip
        return answer["statusCode"], answer["body"]

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Neither a row nor an execution changes, and nothing of it stands in the log."""
        before, woken = self.at.rows("f"), list(self.at.executions.woken)
        yield
        assert self.at.rows("f") == before and self.at.executions.woken == woken
        assert "cdr1." not in self.at.emitted.text and TOKEN not in self.at.emitted.text


@pytest.fixture
def door() -> Iterator[Door]:
    """Two windows, asked; one waits with its token."""
    clock = Clock()
    with Flowroute(3, "door", clock=clock, per_day=20, callbacks="never") as vendor, ExitStack() as stack:
        at = stack.enter_context(world(TEXT.format(vendor), clock, "https://callbacks.example"))
        at.tick("f")
        yield Door(at, vendor)


def test_the_true_one(door: Door) -> None:
    """No attack: it wakes its execution once, and is answered as every stranger is."""
    assert door.send(door.tag, tags.capability(KEY, door.tag)) == SAME
    assert door.at.executions.woken == [TOKEN] and door.row.wakes == 1


def test_a_guessed_word(door: Door) -> None:
    """Answered as the true one, and neither the ledger nor the workflow is touched."""
    with door.untouched():
        assert {door.send(door.tag, word) for word in ("A" * 32, "_" * 32, "0" * 32)} == {SAME}


def test_the_word_of_another_window(door: Door) -> None:
    """Useless for this one, in both directions."""
    other = door.at.row("f", OTHER).tag or ""
    with door.untouched():
        assert door.send(door.tag, tags.capability(KEY, other)) == SAME
        assert door.send(other, tags.capability(KEY, door.tag)) == SAME


def test_the_word_carried_to_another_revision_attempt_or_stack(door: Door) -> None:
    """The word is over the whole tag: a changed part is another tag."""
    for old, new in [(".r0.", ".r1."), (".a1.", ".a2."), ("cdr1.0a1b2c3d", "cdr1.ffffffff")]:
        forged = door.tag.replace(old, new)
        assert forged != door.tag
        with door.untouched():
            assert door.send(forged, tags.capability(KEY, door.tag)) == SAME


def test_a_word_for_an_attempt_that_is_not_asked(door: Door) -> None:
    """Even rightly signed: the ledger's condition is on the tag of the attempt under way."""
    forged = door.tag.replace(".a1.", ".a2.")
    with door.untouched():
        assert door.send(forged, tags.capability(KEY, forged)) == SAME


def test_a_replay_ten_times(door: Door) -> None:
    """Three wakes at most; the rest is answered alike and changes nothing."""
    word = tags.capability(KEY, door.tag)
    assert [door.send(door.tag, word) for _ in range(10)] == [SAME] * 10
    assert (door.at.executions.woken, door.row.wakes) == ([TOKEN] * 3, 3)


def test_a_replay_that_keeps_the_execution_turning(door: Door) -> None:
    """Within one second, each callback wakes once, by itself or by the next listener: three looks, and no more."""
    word, woken = tags.capability(KEY, door.tag), 0
    for _ in range(8):
        door.send(door.tag, word)
        door.look()
        woken += door.listen()
        door.look()
    assert len(door.at.executions.woken) == 3 and woken == 0


def test_a_callback_before_anybody_waits_and_then_runs_that_die(door: Door) -> None:
    """It wakes the first listener, and no listener of a repeated state once more."""
    door.at.ledger.apply(door.row, replace(move(door.row, "wait"), token=None))
    door.send(door.tag, tags.capability(KEY, door.tag))
    assert [door.listen() for _ in range(4)] == [True, False, False, False]


def test_a_replay_after_the_end(door: Door) -> None:
    """The window is done: its capability opens nothing any more."""
    tag, word = door.tag, tags.capability(KEY, door.tag)
    door.at.run()
    assert door.row.state is Work.DONE
    with door.untouched():
        assert door.send(tag, word) == SAME


def test_a_callback_before_the_id_is_known(door: Door) -> None:
    """Noted, for the capability lives from the intent on; the first listener afterwards is woken by it, and once."""
    clock, seen, before = door.at.clock, list[Row](), list(door.at.executions.woken)
    apply = door.at.ledger.apply

    def watched(old: Row, new: Row) -> Row:
        made = apply(old, new)
        if new.state is Work.ASKING and new.tag:
            assert door.send(new.tag, tags.capability(KEY, new.tag)) == SAME
            seen.append(new)
        return made

    with patch.object(door.at.ledger, "apply", watched):
        clock.turn(days=1)
        door.at.tick("f")
    assert seen
    for asked in seen:
        row = door.at.row("f", asked.window.start)
        assert (row.state, row.wakes, row.heard_at) == (Work.ASKED, 1, clock())
        assert asked.give_up_at and asked.give_up_at > clock()
        (told,) = [told for name, told in door.at.executions.started if name == tags.execution(row)]
        assert [poller.listen(told, TOKEN, door.at)["woken"] for _ in range(3)] == [True, False, False]
    assert door.at.executions.woken == before + [TOKEN] * len(seen)


def test_an_expired_capability(door: Door) -> None:
    """From the row's deadline on it is nobody's, though the state is still the same."""
    word, deadline = tags.capability(KEY, door.tag), door.row.give_up_at
    assert deadline is not None
    door.at.clock.now = deadline
    with door.untouched():
        assert door.send(door.tag, word) == SAME
    door.at.clock.now = deadline - timedelta(seconds=1)
    door.send(door.tag, word)
    assert door.row.wakes == 1


def test_a_key_that_was_rotated_away(door: Door) -> None:
    """The one before is accepted, the one before that within a minute no more; nobody deploys for it."""
    word = tags.capability(KEY, door.tag)
    door.keys.rotate(NEXT)
    door.at.clock.turn(seconds=60)
    door.send(door.tag, word)
    assert door.row.wakes == 1 and door.at.executions.woken == [TOKEN]  # sealed before, and still opened
    assert door.signet.word(door.tag) == tags.capability(NEXT, door.tag)
    door.keys.rotate(LAST)
    door.at.clock.turn(seconds=60)
    with door.untouched():
        assert door.send(door.tag, word) == SAME
    door.send(door.tag, tags.capability(NEXT, door.tag))
    assert door.row.wakes == 2


def test_forgers_that_make_us_read_the_key(door: Door) -> None:
    """Both its values are read at most once a minute, whatever does not fit, also while Secrets Manager fails."""
    door.at.clock.turn(minutes=5)
    before = door.keys.reads
    for _ in range(200):
        door.send(door.tag, "A" * 32)
    assert door.keys.reads == before + 2
    door.at.clock.turn(minutes=5)
    slow = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue")
    with patch.object(door.keys, "text", side_effect=slow) as asked, door.untouched():
        assert {door.send(door.tag, "A" * 32) for _ in range(50)} == {SAME}
    assert asked.call_count <= 2


BAD = {
    "throttled": ClientError({"Error": {"Code": "ThrottlingException", "Message": TOKEN}}, "GetSecretValue"),
    "no connection": EndpointConnectionError(endpoint_url="https://secretsmanager.example"),
    "no right": Refused("the secret capability cannot be read (AccessDeniedException)"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_true_word_while_the_key_cannot_be_read(door: Door, bad: Exception) -> None:
    """Told as a failure of ours each time, never as a forgery; the key is asked for once a minute."""
    word = tags.capability(KEY, door.tag)
    door.at.clock.turn(minutes=5)
    with patch.object(door.keys, "text", side_effect=bad) as asked, door.untouched():
        assert {door.send(door.tag, word) for _ in range(10)} == {SAME}
    assert asked.call_count == 1
    assert "left to the poll" in door.at.emitted.text and "valid capability" not in door.at.emitted.text
    door.at.clock.turn(minutes=1)
    assert door.send(door.tag, word) == SAME and door.row.wakes == 1


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_the_key_withheld_so_that_nothing_is_asked(door: Door, bad: Exception) -> None:
    """Every report is asked for all the same, without a callback; why is told by its code."""
    door.at.clock.turn(days=1)
    with patch.object(door.keys, "text", side_effect=bad):
        door.at.tick("f")
    new = [row for row in door.at.rows("f") if row.window.start > DAY]
    assert [(row.state, bool(row.report_id)) for row in new] == [(Work.ASKED, True)]
    assert "callback_url" not in door.vendor.created[-1].body["data"]["attributes"]
    assert "no callback is asked for" in door.at.emitted.text and TOKEN not in door.at.emitted.text


@pytest.mark.parametrize("key", [None, b"", b"short"])
def test_words_signed_with_an_empty_or_a_short_key(door: Door, key: bytes | None) -> None:
    """A secret that holds no key makes no capability: reports are polled, and nothing fits."""
    door.keys.rotate(key or b"")
    door.keys.rotate(key or b"")
    door.at.clock.turn(minutes=1)
    assert door.signet.word(door.tag) is None and door.signet.seal(door.row, TOKEN) is None
    with door.untouched():
        assert door.send(door.tag, tags.capability(key or b"", door.tag)) == SAME


def test_a_word_cut_lengthened_or_in_small_letters(door: Door) -> None:
    """What has not a capability's form is not even compared."""
    for change in [lambda word: word[:-1], lambda word: word + "A", lambda word: word * 1000, str.lower]:
        with door.untouched(), patch.object(hmac, "digest", wraps=hmac.digest) as made:
            assert door.send(door.tag, change(tags.capability(KEY, door.tag))) == SAME
            assert all(len(call.args[1]) <= tags.LONGEST for call in made.call_args_list)


def test_a_word_in_other_letters(door: Door) -> None:
    """Digits of other scripts, half a surrogate, a line's end: refused, and no error."""
    for word in ["ü" * 32, "\u0660" * 32, "\ud800" * 32, "A" * 31 + "\n", "A" * 31 + "\0"]:
        with door.untouched():
            assert not door.ear.hear(door.tag, word)


def test_a_path_that_leads_elsewhere(door: Door) -> None:
    """There is nowhere else: at most the one route, which knows no such tag."""
    for path in ["/callbacks/..%2f..%2f/x", "/callbacks/a/b/c", "/callbacks//x", "/", "/callbacks/../x/y"]:
        with door.untouched():
            assert door.post(path)[0] in (200, 404)


def test_a_tag_percent_encoded(door: Door) -> None:
    """Nothing is decoded twice: it is no tag."""
    for encoded in [door.tag.replace(".", "%2E"), door.tag + "%00", "%20" + door.tag]:
        with door.untouched():
            assert door.send(encoded, tags.capability(KEY, encoded)) == SAME


def test_a_tag_bent_out_of_shape(door: Door) -> None:
    """Seconds of nothing, years of nobody, digits of other scripts: refused even when signed with our own key."""
    for old, new in [
        (".86400.", ".00000."),
        (".86400.", ".99999."),
        (".86400.", ".086400."),
        ("20261119T", "99991231T"),
        ("20261119T", "00000101T"),
        ("20261119T", "20261139T"),
        (".r0.", ".r\u0660."),
        (".a1.", ".a0."),
        (".f.", ".F."),
    ]:
        bent = door.tag.replace(old, new)
        assert bent != door.tag
        with door.untouched():
            assert door.send(bent, tags.capability(KEY, bent)) == SAME


def test_a_tag_of_a_megabyte(door: Door) -> None:
    """Refused by its length, before anything is computed over it."""
    with door.untouched(), patch.object(hmac, "digest") as made:
        assert not door.ear.hear(door.tag + "a" * 2**20, "A" * 32)
        assert not made.called


def test_another_method_with_the_true_word(door: Door) -> None:
    """Not found, though the word is right: only a POST is a callback."""
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]:
        with door.untouched():
            assert door.send(door.tag, tags.capability(KEY, door.tag), method=method)[0] == 404


def test_a_body_too_large(door: Door) -> None:
    """413, unread, for the true word as for any other."""
    with door.untouched():
        words = (tags.capability(KEY, door.tag), "A" * 32)
        assert {door.send(door.tag, word, body="x" * (callback.BODY + 1)) for word in words} == {(413, "{}")}


def test_an_odd_media_type(door: Door) -> None:
    """415, for the true word as for any other."""
    for media in ["text/html", "multipart/form-data; boundary=x", "application/xml", "x" * 9000, "\r\nX: y"]:
        with door.untouched():
            words = (tags.capability(KEY, door.tag), "A" * 32)
            assert {door.send(door.tag, word, media=media) for word in words} == {(415, "{}")}


def test_a_body_that_names_another_report(door: Door) -> None:
    """It is never read: the window of the path's tag is woken, and no other."""
    body = json.dumps({"data": {"id": door.at.row("f", OTHER).report_id, "attributes": {"status": "failed"}}})
    assert door.send(door.tag, tags.capability(KEY, door.tag), body=body) == SAME
    assert door.row.wakes == 1 and door.at.row("f", OTHER).wakes == 0


def test_headers_injected_by_the_path(door: Door) -> None:
    """Nothing of the path stands in the answer."""
    answer = door.app.resolve(event("/callbacks/a%0d%0aSet-Cookie:x/b\r\nX-Y: z"), LambdaContext())
    assert "Cookie" not in json.dumps(answer) and "X-Y" not in json.dumps(answer)


@pytest.mark.parametrize("where", ["hear", "wake"])
def test_a_word_tried_while_our_side_fails(door: Door, where: str) -> None:
    """No 500 that only a true word provokes: the answer is the same, the callback is left to the poll and counted."""
    slow = ClientError({"Error": {"Code": "ThrottlingException", "Message": TOKEN}}, "UpdateItem")
    what = door.at.ledger if where == "hear" else door.at.executions
    with patch.object(what, where, side_effect=slow if where == "hear" else TryAgain("not woken: Throttling")):
        assert door.send(door.tag, tags.capability(KEY, door.tag)) == door.send(door.tag, "A" * 32) == SAME
    assert "left to the poll" in door.at.emitted.text and TOKEN not in door.at.emitted.text


def test_a_mistake_of_ours_is_not_swallowed(door: Door) -> None:
    """What is no outage is raised, and so seen by the alarm on errors."""
    with patch.object(door.at.ledger, "hear", side_effect=KeyError("x")), pytest.raises(KeyError):
        door.send(door.tag, tags.capability(KEY, door.tag))


def test_the_log_filled_by_strangers(door: Door) -> None:
    """One line a minute and one per power of ten of those refused in it, with their number, whatever they send."""
    for minute in range(3):
        for _ in range(100):
            door.send(door.tag, "A" * 32)
        door.at.clock.turn(minutes=1)
        assert door.at.emitted.text.count("without a valid capability") == 2 * (minute + 1)
    assert '"count":100' in door.at.emitted.text.replace(" ", "")


def test_a_flood_that_is_over_before_it_is_counted(door: Door) -> None:
    """Told to its power of ten at once: nobody need come after it for that."""
    for _ in range(1001):
        door.send(door.tag, "A" * 32)
    told = re.findall(r'"(count|so_far)": ?(\d+)', door.at.emitted.text)
    assert told == [("count", "1"), *(("so_far", str(n)) for n in (10, 100, 1000))]


def test_a_token_read_from_the_ledger(door: Door) -> None:
    """It lies there sealed: a reader of the table, or of its backup, can wake nobody."""
    sealed = door.row.token or ""
    assert len(sealed) > 100 and TOKEN not in sealed and door.signet.open(door.row) == TOKEN
    assert Signet(Keys(NEXT), "capability", door.at.clock).open(door.row) is None


def test_a_sealed_token_copied_to_another_row(door: Door) -> None:
    """It is bound to its export, window, tag and run, and opens nothing elsewhere."""
    changes: list[dict[str, Any]] = [{"run": 9}, {"attempt": 2}, {"revision": 1}, {"tag": "cdr1.x"}, {"export": "g"}]
    for change in changes:
        assert door.signet.open(replace(door.row, **change)) is None
        assert door.signet.open(replace(door.row, window=replace(door.row.window, start=OTHER))) is None


def test_a_token_put_into_the_ledger_by_hand(door: Door) -> None:
    """Who may write the table still cannot choose whom the callback wakes: what was not sealed by us is not sent."""
    for token in ["", "plain", TOKEN, "gAAAAA==", "ü", "x" * 10_000]:
        assert door.signet.open(replace(door.row, token=token)) is None


def test_the_seal_used_to_sign(door: Door) -> None:
    """What is sealed with is no capability of any tag: its purpose is none of a tag's shape."""
    assert tags.read(PURPOSE.decode()) is None
