"""A file comes from the open internet: no form of an address inside passes, and one such address spoils a name."""

import pytest

from lambdas.core.addresses import barred, inside


@pytest.mark.parametrize(("address", "kind"), [
    ("169.254.169.254", "metadata"), ("fd00:ec2::254", "metadata"), ("169.254.170.2", "metadata"),
    ("169.254.170.23", "metadata"), ("fd00:ec2::23", "metadata"), ("169.254.100.1", "link-local"),
    ("fe80::1", "link-local"), ("fe80::1%eth0", "link-local"), ("127.0.0.1", "loopback"), ("127.8.9.1", "loopback"),
    ("::1", "loopback"), ("0.0.0.0", "unspecified"), ("::", "unspecified"), ("0.1.2.3", "private"),  # noqa: S104 # refused
    ("10.0.0.1", "private"), ("172.16.0.1", "private"), ("172.31.255.255", "private"), ("192.168.1.1", "private"),
    ("192.0.2.1", "private"), ("198.18.0.1", "private"), ("fc00::1", "private"), ("fd12::1", "private"),
    ("2001:db8::1", "private"), ("fec0::1", "private"), ("2001::1", "private"),
    ("100.64.0.1", "shared"), ("100.127.255.255", "shared"),
    ("224.0.0.1", "multicast"), ("ff02::1", "multicast"), ("240.0.0.1", "reserved"), ("255.255.255.255", "reserved"),
    ("64:ff9b:1::a00:1", "reserved"), ("::10.0.0.1", "reserved"), ("4000::1", "reserved"),
    ("::ffff:127.0.0.1", "loopback"), ("::ffff:169.254.169.254", "metadata"), ("::ffff:10.0.0.1", "private"),
    ("::ffff:0:10.0.0.1", "private"), ("64:ff9b::10.0.0.1", "private"), ("64:ff9b::100.64.0.1", "shared"),
    ("2002:a00:1::", "private"), ("2002:a9fe:a9fe::1", "metadata"), ("2002:7f00:1::", "loopback"),
    ("2600:1f00::5efe:10.0.0.1", "private"), ("2600:1f00::200:5efe:a9fe:a9fe", "metadata"),
    ("", "no address"), ("localhost", "no address"), ("0x7f.1", "no address"), ("127.1", "no address"),
])  # fmt: skip
def test_an_address_inside_is_told_by_its_kind(address: str, kind: str) -> None:
    """In either family, and in IPv6 that only carries an IPv4 address."""
    assert kind in (inside(address) or "")


@pytest.mark.parametrize("address", [
    "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.32.0.1", "169.253.0.1", "2606:4700::1", "2600:1f00::1",
    "::ffff:93.184.216.34", "64:ff9b::93.184.216.34", "2002:5db8:d822::1",
])  # fmt: skip
def test_an_address_of_the_open_internet_is_none(address: str) -> None:
    """Also as a network without IPv4 writes it (NAT64)."""
    assert inside(address) is None


def test_one_address_inside_spoils_a_name() -> None:
    """Wherever it stands among good ones."""
    assert barred(("93.184.216.34", "2606:4700::1"), loopback=False) is None
    assert barred(("93.184.216.34", "10.0.0.1"), loopback=False) == "a private address"
    assert barred(("10.0.0.1", "93.184.216.34"), loopback=True) == "a private address"


def test_loopback_is_open_where_it_was_named_and_nothing_else_is() -> None:
    """A simulator runs there."""
    assert barred(("127.0.0.1", "::1"), loopback=True) is None
    assert barred(("127.0.0.1", "169.254.169.254"), loopback=True) == "a metadata address"
    assert barred(("127.0.0.1",), loopback=False) == "a loopback address"
