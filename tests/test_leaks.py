"""Every operation of every vendor answered by what it was told: nothing of it is emitted or stored."""

import gzip
from collections.abc import Callable, Mapping

import pytest
from flask import Response

from lambdas.core.windows import Window
from tests import marks, sweep
from tests.parrot import FORMS, KINDS, NUMBER, Form, archive, caged, flat
from tests.world import NOW

STARTED = "start time,start timestamp,time start,time_start"
FILES: Mapping[str, Form] = {
    **FORMS,
    "a page for a file": lambda text: Response(text, 200),
    "headings that are numbers": lambda text: Response(f'{STARTED},{NUMBER},"{text[:300]}"\n1,2,3\n'),
    "rows that do not parse": lambda text: Response(f"{STARTED}\n{NUMBER},{NUMBER},{text[:300]}\n" * 9),
    "names in an archive": lambda text: Response(archive(text[:100].replace("/", "_"))),
    "damaged gzip": lambda text: Response(gzip.compress(text.encode())[:-9]),
    "a name for the file": lambda text: Response("x", 200, {"Content-Disposition": f"filename={NUMBER} {flat(text)}"}),
    "a length": lambda text: Response("x", 200, {"Content-Type": flat(text), "Content-Length": NUMBER}),
}
STAGES: Mapping[str, tuple[frozenset[str], Mapping[str, Form]]] = {
    "everything": (frozenset({"create", "retrieve", "file"}), FORMS),
    "retrieve": (frozenset({"retrieve", "file"}), FORMS),
    "file": (frozenset({"file"}), FILES),
}


CASES = [(stage, *kind) for stage in STAGES for kind in KINDS if stage != "file" or kind[0] != "telnyx"]


@pytest.mark.parametrize(("stage", "vendor", "api"), CASES)
def test_what_a_vendor_repeats_is_kept_to_ourselves(stage: str, vendor: str, api: str) -> None:
    """Keys in each form that was sent, the callback with its capability, a number and a signed link.

    In no log, no ledger, no receipt, and in no exception, with all that it was raised from.
    """
    wrong, forms = STAGES[stage]
    with caged(vendor, api, wrong=wrong) as one:
        export = one.at.exports.get("main")
        account = one.at.account(export)
        fields = account.fields(Window(NOW.replace(hour=0), 86_400, export.sources[0]))
        acts: list[Callable[[], object]] = [
            lambda: account.ask(fields, "TAG", None),
            lambda: account.find(fields, "TAG", NOW),
            lambda: account.look("7"),
        ]
        for form in forms.values():
            one.parrot.form = form
            one.go()
            for act in acts if stage == "everything" else ():
                one.hear(act)
            one.at.emitted.said.append(marks.flat(list(sweep.rows())))  # as it is now
        assert len(one.parrot.heard) > 5 * len(forms)
        assert one.emitted.count("HTTP 4") > 2


def test_the_parrot_says_what_must_not_leak() -> None:
    """Else the test above would find nothing, whatever was done with its answers."""
    with caged() as one:
        one.go()
        said = one.parrot.text
        known = sweep.marks(one.at, [])
        kinds = {leak.what for leak in known.found("said", said)}
    wanted = {"a phone number", "a signature", "a link with its query", "an authorization", "a capability"}
    assert kinds > wanted
    assert any("in base64" in kind for kind in kinds)
