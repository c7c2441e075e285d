"""How a function is given memory: what glibc is told, by handler."""

from collections.abc import Mapping

# The copier's: one arena for all of its threads, and what is large goes back to the
# system at once (mallopt(3)). Without it a copy of 1 GB peaks at 316 MiB instead of 235 (docs/copying.md).
MEMORY: Mapping[str, Mapping[str, str]] = {
    "copier": {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "1000000"},
}
