"""What leaves a copy whose numbers are masked or pseudonyms, and what stays in it."""

import hmac
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.columns import COLUMNS
from lambdas.core.mapping import Columns
from lambdas.stream.privacy import PERSONAL, Privacy
from lambdas.stream.table import SCHEMA
from lambdas.vendors import VENDORS
from tests.core.making import always

KEY = b"a key of forty-eight characters, as the vault has"
TELNYX, FLOWROUTE = VENDORS["telnyx"].columns, VENDORS["flowroute"].columns
MODES = ("mask", "pseudonym")
NUMBERS = st.integers(8, 15).flatmap(lambda size: st.integers(10 ** (size - 1), 10**size - 1)).map("+{}".format)
WRITTEN = NUMBERS.flatmap(lambda n: st.sampled_from([n, n[1:], f" {n}", f"{n[:3]} {n[3:6]}-{n[6:]}", f"sip:{n}@host"]))
LEFT = {"mask": re.compile(r"\+?\d{0,7}X{4,}|withheld"), "pseudonym": re.compile("p-[0-9a-f]{32}")}
HEADINGS = ["Originating Number", "Full Terminating number", "Call duration", "News", "Hangup code", "Sip call-id"]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "from_number": st.none() | NUMBERS,
            "to_number": st.none() | NUMBERS,
            "from_raw": st.none() | WRITTEN,
            "to_raw": st.none() | WRITTEN,
            "sip_call_id": st.none() | NUMBERS.map(lambda n: f"{n}@10.1.2.3"),
            "number_alias": st.none() | WRITTEN,
            "extra": st.none() | st.dictionaries(st.sampled_from(HEADINGS), WRITTEN),
        }
    ),
    min_size=1,
    max_size=20,
)


def privacy(mode: str, columns: Columns = TELNYX, key: bytes = KEY, **private: Any) -> Privacy:
    return Privacy(mode, key if mode == "pseudonym" else None, columns, **private)


def block(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Rows as a block of `calls_all`; what is not given is null."""
    whole = [{**row, "extra": list(row["extra"].items()) if row.get("extra") is not None else None} for row in rows]
    arrays = [pa.array([row.get(field.name) for row in whole], field.type) for field in SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def one(how: Privacy, **row: Any) -> dict[str, Any]:
    """A row after its treatment, without nulls; `extra` is a dict."""
    (found,) = how.apply(block(row)).to_pylist()
    return {name: dict(v) if name == "extra" else v for name, v in found.items() if v is not None}


# What must not survive.


@always
@given(rows=ROWS, mode=st.sampled_from(MODES))
def test_no_number_survives_anywhere(rows: list[dict[str, Any]], mode: str) -> None:
    """However it was written and wherever it stood: of a masked one at most the first seven digits are left."""
    made = privacy(mode).apply(block(*rows))
    assert made.schema == SCHEMA
    for row in made.to_pylist():
        extra = row.pop("extra") or []
        for value in (*filter(None, row.values()), *(value for _, value in extra)):
            assert LEFT[mode].fullmatch(value)


@always
@given(rows=ROWS)
def test_to_keep_changes_nothing(rows: list[dict[str, Any]]) -> None:
    """It is the same block, not a copy of it."""
    before, how = block(*rows), privacy("keep")
    assert how.apply(before) is before
    assert how.number(before.column("from_number")).equals(before.column("from_number"))
    assert how.raw(before.column("from_raw")).equals(before.column("from_raw"))
    assert (how.keeps, how.withheld, how.rejects(["a,b"])) == (True, {}, ["a,b"])


@always
@given(rows=ROWS, mode=st.sampled_from(MODES))
def test_what_is_null_stays_null_and_nothing_else_becomes_it(rows: list[dict[str, Any]], mode: str) -> None:
    """But for an `extra` of which nothing is left; what is not personal is not touched."""
    before = block(*rows)
    made = privacy(mode).apply(before)
    for name in SCHEMA.names:
        if name not in PERSONAL:
            assert made.column(name).equals(before.column(name))
        elif name != "extra":
            assert pc.is_null(made.column(name)).equals(pc.is_null(before.column(name)))


@pytest.mark.parametrize("mode", MODES)
def test_every_personal_column_is_covered(mode: str) -> None:
    """Whichever are declared: a value of each is not to be found any more."""
    row = dict.fromkeys(PERSONAL - {"extra"}, "12065550123") | {"from_number": "+12065550123"}
    assert {column.name for column in COLUMNS if column.personal} == PERSONAL
    found = one(privacy(mode), **row, to_country="US")
    assert found.pop("to_country") == "US"
    assert set(found) == set(row)
    assert not any("12065550123" in value for value in found.values())


# A mask.


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("+12065550123", "+1206555XXXX"), ("+442079460123", "+4420794XXXXX"), ("+46201234", "+4620XXXX"),
        ("+123456789012345", "+1234567XXXXXXXX"), ("12065550123", "1206555XXXX"), ("2065550123", "206555XXXX"),
        ("+1 206-555 0123", "+1206555XXXX"), ("911", "XXX"), ("12345", "1XXXX"), ("frontdesk.2", "withheld"),
        ("sip:+12065550123@10.0.0.1", "withheld"), ("٢٠٦٥٥٥٠١٢٣", "withheld"), ("+", "withheld"),
        ("Anonymous", "Anonymous"), (" unknown ", " unknown "), (None, None),
    ],
)  # fmt: skip
def test_a_masked_number_keeps_its_first_digits_and_its_length(written: str | None, masked: str | None) -> None:
    """At most seven and never the last four; who is no number is withheld, who is nobody stays."""
    assert privacy("mask").raw(pa.array([written], pa.string())).to_pylist() == [masked]


@pytest.mark.parametrize(
    ("peer", "masked"),
    [
        ("53.186.152.52", "53.186.152.0/24"), ("53.186.152.52:5060", "53.186.152.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"), ("[2001:db8:1:2::3]:5060", "2001:db8:1::/48"),
        ("sip.example.com", "withheld"), ("53.186.152.521", "withheld"),
    ],
)  # fmt: skip
def test_an_address_is_masked_to_its_network(peer: str, masked: str) -> None:
    """/24 and /48, without a port."""
    assert one(privacy("mask"), peer_ip=peer) == {"peer_ip": masked}


# Pseudonyms.


@always
@given(numbers=st.lists(NUMBERS, min_size=1, max_size=30))
def test_joins_and_counts_go_on_with_pseudonyms(numbers: list[str]) -> None:
    """As many different ones as before, whichever column, vendor, report or form: with a plus sign or without."""
    rows = [{"from_number": n, "from_raw": n[1:], "to_number": n, "to_raw": n, "number_alias": n} for n in numbers]
    made = privacy("pseudonym").apply(block(*rows))
    other = privacy("pseudonym", FLOWROUTE).apply(block(*reversed(rows)))
    first = made.column("from_number")
    for name in ("from_raw", "to_number", "to_raw", "number_alias"):
        assert made.column(name).equals(first)
    assert other.column("to_raw").to_pylist() == first.to_pylist()[::-1]
    assert pc.count_distinct(first).as_py() == len(set(numbers))


def test_a_pseudonym_is_an_hmac_under_the_stage_s_key() -> None:
    """Of SHA-256, over the number in E.164; of another key it is another; keys longer than a block too."""
    for key in (KEY, b"k", b"k" * 100):
        due = "p-" + hmac.digest(key, b"+12065550123", "sha256").hex()[:32]
        assert one(privacy("pseudonym", key=key), from_number="+12065550123") == {"from_number": due}


def test_a_text_is_never_taken_for_a_number() -> None:
    """Ten digits that may lack a country code, a user, an address: each in its own right, whatever the port."""
    how = privacy("pseudonym")
    found = one(how, from_raw="2065550123", to_raw="anna", peer_ip="10.1.2.3:5060", number_alias="anna")
    assert len({found["from_raw"], found["to_raw"], found["peer_ip"]}) == 3
    assert found["to_raw"] == found["number_alias"]
    assert one(how, peer_ip="10.1.2.3")["peer_ip"] == found["peer_ip"] != one(how, from_raw="10.1.2.3")["from_raw"]
    assert one(how, to_raw="anonymous") == {"to_raw": "anonymous"}


@pytest.mark.parametrize("key", [None, b""])
def test_without_a_key_there_are_no_pseudonyms(key: bytes | None) -> None:
    """A missing key must not make guessable ones."""
    with pytest.raises(ValueError, match="need a key"):
        Privacy("pseudonym", key, TELNYX)


# Extra.


@pytest.mark.parametrize("mode", MODES)
def test_of_extra_only_what_is_known_stays(mode: str) -> None:
    """Another party is treated like a party; what was misread, and what nobody knows, is withheld and counted."""
    extra = {
        "Terminating Number": "+12065550123", "Originating country": "UNITED STATES", "PDD": "850",
        "Call duration": "+12065550123", "Direction": "+12065550123", "Hangup code": "150", "News": "x",
    }  # fmt: skip
    how = privacy(mode)
    found = one(how, to_number="+12065550123", extra=extra)
    assert found["extra"] == {
        "Terminating Number": found["to_number"], "Originating country": "UNITED STATES", "PDD": "850",
    }  # fmt: skip
    one(how, extra={"News": "y", "+1 (206) 555-0199": "z"})
    assert how.withheld == {"Call duration": 1, "Direction": 1, "Hangup code": 1, "News": 2, "[number]": 1}


def test_a_known_heading_without_a_column_may_be_personal_too() -> None:
    """The vendor's file says which: a caller's name, where a call was delivered."""
    extra = {"Source name": "ANNA", "Destination": "sip:anna@10.1.2.3", "Destination country": "US"}
    how = privacy("mask", VENDORS["didww"].columns, private=("source name", "destination"))
    assert one(how, extra=extra)["extra"] == {
        "Source name": "withheld", "Destination": "withheld", "Destination country": "US",
    }  # fmt: skip


def test_an_extra_of_which_nothing_is_left_is_null() -> None:
    """Rows keep their own entries, in any part of a block."""
    extras: list[Any] = [{"News": "x"}, None, {"PDD": "1", "News": "x"}, {"PDD": "2"}]
    rows = [{"extra": extra} for extra in extras]
    whole, how = block(*rows), privacy("mask")
    due = [None, None, [("PDD", "1")], [("PDD", "2")]]
    assert how.apply(whole).column("extra").to_pylist() == due
    assert how.apply(whole.slice(2)).column("extra").to_pylist() == due[2:]
    assert how.apply(whole.slice(0, 2)).column("extra").to_pylist() == due[:2]
    assert how.apply(whole.slice(0, 0)).num_rows == 0


def test_rows_that_do_not_parse_tell_their_length_alone() -> None:
    """Nobody knows in which of their fields a number stands."""
    assert privacy("mask").rejects(["+12065550123,x"]) == ["withheld: 14 characters"]
