"""How far a long command is, told on a terminal only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """Says what is being done, and what is said of it, on stderr; nothing where nobody looks."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(doing) as status:
        yield lambda said: status.update(f"{doing}: {said}")
