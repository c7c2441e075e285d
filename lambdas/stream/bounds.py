"""What a file may cost while it is unpacked: so much text, so many times its bytes, and never bytes without text."""

from lambdas.core.errors import TooLarge

TEXT = 50 * 10**9  # bytes of text in a report: more is not read in the time there is
RATIO, SLACK = 200, 64 << 20  # a file grows so many times at most, once it is larger than this
IDLE = 4 << 20  # packed bytes that give no text: a header without an end, empty blocks, empty members
SMALL = 1024  # bytes of a member on the average, once there are
MEMBERS = 1000  # of them: a gzip that is written in pieces has larger ones


class Growth:
    """Watches one file; `room` are the bytes of text that it may have."""

    def __init__(self, room: int = TEXT) -> None:
        self._room = room
        self._taken = self._idle = 0
        self.size = self.members = 0

    def take(self, packed: int) -> None:
        """So many bytes are to be unpacked. Raises TooLarge."""
        self._taken += packed
        self._idle += packed
        if self._idle > IDLE:
            raise TooLarge(f"too-large: {self._idle} packed bytes become no text, after {self.size} bytes of it")

    def member(self) -> None:
        """One more begins. Raises TooLarge."""
        self.members += 1
        if self.members > MEMBERS and self.members * SMALL > self._taken:
            raise TooLarge(f"too-large: {self._taken} bytes hold over {self.members - 1} gzip members")

    def give(self, text: int, received: int) -> None:
        """So much text came of all that was `received`. Raises TooLarge."""
        self.size += text
        self._idle = 0 if text else self._idle
        if self.size > self._room:
            raise TooLarge(f"too-large: over {self._room} bytes of text")
        if self.size > SLACK and self.size > received * RATIO:
            raise TooLarge(f"too-large: {received} bytes become over {self.size}, which no CSV does")
