"""How a function is given memory: what glibc is told, by handler."""

from collections.abc import Mapping

# The copier's, of glibc (mallopt(3)): one arena for all of its threads, and what is larger than a block of text comes
# from the system and goes back at once. Fixed, for else glibc raises the limits by itself, and a copy's peak with them.
MEMORY: Mapping[str, Mapping[str, str]] = {
    "copier": {
        "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "2200000", "MALLOC_TRIM_THRESHOLD_": "8000000",
    },
}  # fmt: skip
