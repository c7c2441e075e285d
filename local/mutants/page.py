"""docs/iam.md: who may do what and why, and what became of each mutant, as tables between two marks."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from local.cloud import ROOT
from local.mutants.parts import Mutant
from local.mutants.reasons import SURVIVES, why
from local.mutants.run import Result
from local.mutants.statements import Body, Statement, statements

PAGE = ROOT / "docs" / "iam.md"
BEGIN, END = "<!-- by `make mutants` -->", "<!-- the end of what `make mutants` writes -->"
Part = tuple[str, str, str, str]  # who may do what on what, and when
COLUMNS = 6


def write(body: Body, results: Sequence[Result], minutes: float) -> None:
    """Put the tables of a whole run into the page."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [*_verdict(results, minutes), "", *_grants(body, results), "", *_survivors(results), "", *_noticed(results)]
    lines += ["", *_denied(body)]
    PAGE.write_text("\n".join([before + BEGIN, "", *lines, "", END]) + after, "utf-8")


def told(text: str) -> set[Part]:
    """What stands in the page's table of grants."""
    found = set[Part]()
    for line in text.partition("## Who may do what\n")[2].partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("| ") and len(cells) == COLUMNS and cells[0] not in ("who", "---"):
            who, may, on, when = cells[:4]
            found |= parts(who, may.strip("`").split("`, `"), on.strip("`").split("`, `"), when)
    return found


def parts(who: str, may: Iterable[str], on: Iterable[str], when: str) -> set[Part]:
    """Each action with each resource."""
    return {(who, action, resource, when) for action in may for resource in on}


def granted(one: Statement) -> set[Part]:
    """What a statement grants."""
    return parts(one.who, one.actions, one.resources, _when(one))


def _when(one: Statement) -> str:
    by = f"by {', '.join(one.others)}" if one.others else ""
    return " ".join(filter(None, [by, one.when])).replace("|", "or") or "-"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _verdict(results: Sequence[Result], minutes: float) -> Iterator[str]:
    killed, left = _split(results)
    wrong = sum(not one.right for one in results)
    count = f"{len(results)} mutants, {len(killed)} killed, {len(left) - wrong} survive with a reason, {wrong} without"
    yield f"{datetime.now(UTC).date()}: **{count}**; {minutes:.0f} minutes on two cores, with the deploy."
    yield ""
    yield "| who | mutants | killed | survive |"
    yield "| --- | --- | --- | --- |"
    for who in dict.fromkeys(one.mutant.of.who for one in results):
        dead, alive = (sum(one.mutant.of.who == who for one in part) for part in (killed, left))
        yield f"| {who} | {dead + alive} | {dead} | {alive} |"


def _split(results: Sequence[Result]) -> tuple[list[Result], list[Result]]:
    return [one for one in results if one.noticed], [one for one in results if not one.noticed]


def _grants(body: Body, results: Sequence[Result]) -> Iterator[str]:
    yield "## Who may do what"
    yield ""
    yield "| who | may | on | for whom, and when | why | mutants |"
    yield "| --- | --- | --- | --- | --- | --- |"
    fates: dict[Statement, list[Result]] = {}
    for result in results:
        fates.setdefault(result.mutant.of, []).append(result)
    for one in statements(body):
        if one.effect == "Allow":
            on, fate = _codes(dict.fromkeys(one.resources)), _fate(fates.get(one, []))
            yield f"| {one.who} | {_codes(one.actions)} | {on} | {_when(one)} | {why(one) or 'not known'} | {fate} |"


def _fate(results: Sequence[Result]) -> str:
    killed, left = _split(results)
    alive = f"{len(left)} survive{'s' if len(left) == 1 else ''}"
    told = [f"{len(killed)} killed"] * bool(killed) + [alive] * bool(left)
    return ", ".join(told) or "not run"


def _survivors(results: Sequence[Result]) -> Iterator[str]:
    yield "## What nobody misses here"
    yield ""
    yield "| grants | mutants | why the emulated cloud cannot tell |"
    yield "| --- | --- | --- |"
    _, left = _split(results)
    for pattern, reason in SURVIVES.items():
        if them := [one for one in left if one.reason == reason]:
            who = "" if pattern[0] == "*" else f" of the {pattern[0]}"
            yield f"| `{pattern[1]}`{who} | {len(them)} | {reason} |"
    for one in left:
        if one.reason is None:
            yield f"| {one.mutant.name} | 1 | no reason is known |"


def _noticed(results: Sequence[Result]) -> Iterator[str]:
    yield "## What was noticed first"
    yield ""
    yield "| taken away | noticed |"
    yield "| --- | --- |"
    killed, _ = _split(results)
    yield from sorted({f"| {_plain(one.mutant)} | {_cell(one.noticed or '')} |" for one in killed})


def _plain(one: Mutant) -> str:
    return _cell(one.name)


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("<", "(").replace(">", ")").replace("*", "\\*")


def _denied(body: Body) -> Iterator[str]:
    yield "## What is forbidden to everybody"
    yield ""
    yield "| of | nobody may | on | when |"
    yield "| --- | --- | --- | --- |"
    for one in statements(body):
        if one.effect != "Allow":
            yield f"| {one.who} | {_codes(one.actions)} | {_codes(one.resources)} | {one.when or '-'} |"
