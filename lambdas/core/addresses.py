"""Which addresses lie on the open internet: a file is fetched from no other, whatever name leads there."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

# Whoever asks these is handed a machine's own keys: EC2's, ECS's and EKS's, in both families.
METADATA = {ip_address(one) for one in (
    "169.254.169.254", "fd00:ec2::254", "169.254.170.2", "169.254.170.23", "fd00:ec2::23",
)}  # fmt: skip
SHARED = ip_network("100.64.0.0/10")  # RFC 6598
LOOPBACK = "a loopback address"
# IPv6 that only carries an IPv4 address, and how many bits stand behind it.
CARRIERS = {
    IPv6Network("::ffff:0:0/96"): 0, IPv6Network("::ffff:0:0:0/96"): 0, IPv6Network("64:ff9b::/96"): 0,
    IPv6Network("2002::/16"): 80,
}  # fmt: skip

ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # before an IPv4 address, behind any prefix (RFC 5214)


def inside(text: str) -> str | None:
    """What kind of address it is that nobody outside should lead us to; None for one of the open internet."""
    try:
        address = ip_address(text)
    except ValueError:
        return "no address"
    return _kind(_carried(address))


def barred(addresses: tuple[str, ...], *, loopback: bool) -> str | None:
    """The kind of the first of a name's addresses that must not be connected to, None where all are good.

    One is enough: a name that points inside is hostile, whatever else it points to. `loopback`: the operator named
    this machine outright.
    """
    kinds = (inside(one) for one in addresses)
    return next((kind for kind in kinds if kind and not (loopback and kind == LOOPBACK)), None)


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address within an IPv6 one (mapped, translated, NAT64, 6to4, ISATAP), else the address itself."""
    for network, behind in CARRIERS.items():
        if address in network:
            return IPv4Address(int(address) >> behind & 0xFFFF_FFFF)
    if address.version == 6 and int(address) >> 32 & 0xFFFF_FFFF in ISATAP:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _kind(address: IPv4Address | IPv6Address) -> str | None:
    if address in METADATA:
        return "a metadata address"
    if address in SHARED:
        return "a carrier's shared address"
    told = {
        "an unspecified address": address.is_unspecified,
        LOOPBACK: address.is_loopback,
        "a link-local address": address.is_link_local,
        "a multicast address": address.is_multicast,
        "a reserved address": address.is_reserved,
        "a private address": address.is_private or getattr(address, "is_site_local", False),
    }
    return next((kind for kind, so in told.items() if so), None if address.is_global else "a reserved address")
