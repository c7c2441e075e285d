"""CRC-32 as S3 compares it: of each part, and of the whole object out of those, without reading a byte twice."""

from base64 import b64encode
from collections.abc import Iterable
from functools import cache

try:  # in the copier's bundle alone: ISA-L takes a quarter of zlib's time, 0.1 s a GB
    from isal.isal_zlib import crc32
except ImportError:
    from zlib import crc32

__all__ = ["BAD", "combined", "crc32", "header"]

# What S3 answers where the bytes are not those of the checksum.
BAD = ("BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch")
POLYNOMIAL = 0xEDB88320
ONE = 1 << 31  # x to the power of 0: the highest bit is the lowest power


def header(crc: int) -> str:
    """As S3 writes it."""
    return b64encode(crc.to_bytes(4, "big")).decode()


def combined(parts: Iterable[tuple[int, int]]) -> int:
    """The CRC of all the parts one after the other, of which each is told by its CRC and its size in bytes."""
    whole = 0
    for crc, size in parts:
        whole = _times(_shift(size), whole) ^ crc
    return whole


@cache  # all parts but the last are of one size
def _shift(size: int) -> int:
    """What so many bytes of zeros behind it multiply a CRC with: x to the power of their bits."""
    power, square = ONE, ONE >> 8  # x to the power of 8: one byte
    while size:
        if size & 1:
            power = _times(square, power)
        square = _times(square, square)
        size >>= 1
    return power


def _times(one: int, other: int) -> int:
    """The product of two polynomials over GF(2), modulo CRC-32's own."""
    product = 0
    while one:
        if one & ONE:
            product ^= other
        one = one << 1 & 0xFFFF_FFFF
        other = other >> 1 ^ (POLYNOMIAL if other & 1 else 0)
    return product
