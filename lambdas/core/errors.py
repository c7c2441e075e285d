"""The errors, as reactions: try again, give up on this report, wait for the operator.

Problem
├── TryAgain        the moment is bad (429, 5xx, no connection): later, nothing is used up
├── Refused         the vendor or our own rule says no until somebody acts (key, origin)
│   ├── Denied      the key is not accepted, so nothing was done: another one may be
│   └── Declined    the request as it is: another may pass, this one will not
├── Gone            the report or its link is no more: ask anew, uses up an attempt
├── Unclear         an answer that we do not understand (a status, a body): kept as it came
└── Unsound         a file that is not what it should be
    ├── Broken      cut short or altered on the way: this attempt fails
    └── Disagrees   whole, but the checks say otherwise: quarantine
        └── TooLarge    more than can be done in the time, the memory or the disk there is: quarantine, nothing kept
"""

from typing import Any

ADVICE = "take a smaller `window`"  # where a report is more than can be done


class Problem(Exception):
    """Anything expected to go wrong; `facts` are for the log and hold no secret and no number."""

    def __init__(self, what: str, **facts: Any) -> None:
        super().__init__(what)
        self.what = what
        self.facts = facts


class TryAgain(Problem):
    """The moment is bad; `after` is how many seconds the other side asked for, if it did.

    `doubt`: whether the request may have been carried out all the same. `limited`: it was one request too many.
    """

    def __init__(
        self, what: str, *, after: float | None = None, doubt: bool = True, limited: bool = False, **facts: Any
    ) -> None:
        super().__init__(what, **facts)
        self.after, self.doubt, self.limited = after, doubt, limited


class Refused(Problem):
    """No, until somebody changes something; the text says what.

    `whole`: it is about all that the export asks for; else it may be about this request's source alone.
    """

    def __init__(self, what: str, *, whole: bool = True, **facts: Any) -> None:
        super().__init__(what, **facts)
        self.whole = whole


class Denied(Refused):
    """The vendor does not accept the key: nothing was looked at, made or deleted."""


class Declined(Refused):
    """This request is not taken, though the key is; `window`: it is surely the window that the vendor does not give."""

    def __init__(self, what: str, *, window: bool = False, **facts: Any) -> None:
        super().__init__(what, whole=False, **facts)
        self.window = window


class Gone(Problem):
    """The vendor no longer has it."""


class Unclear(Problem):
    """An answer outside the vendor's documented vocabulary."""


class Unsound(Problem):
    """A downloaded file that must not be published."""


class Broken(Unsound):
    """Cut short or altered on the way."""


class Disagrees(Unsound):
    """Complete, and yet its figures are not those that the vendor gives."""


class TooLarge(Disagrees):
    """More than one copier can do; the text says how much, and what to change."""
