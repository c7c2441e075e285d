"""Repeats one case: `python -m tests.dying kill first --at 17 --before`; without `--at` all of a scenario."""

import argparse
import os
import sys

from tests.conftest import INVENTED
from tests.dying.harness import EVENTS, disturbed, everywhere, play, stopped
from tests.dying.invariants import check
from tests.dying.scenarios import ALL
from tests.dying.stage import Stage, deployed, folder


def main() -> int:
    """The exit status is 1 when an invariant is broken."""
    asked = argparse.ArgumentParser(prog="python -m tests.dying", description=__doc__)
    asked.add_argument("event", choices=[*EVENTS, "stop"])
    asked.add_argument("scenario", choices=ALL)
    asked.add_argument("--at", type=int)
    when = asked.add_mutually_exclusive_group()
    when.add_argument("--before", dest="when", action="store_const", const="before", default="before")
    when.add_argument("--after", dest="when", action="store_const", const="after")
    told = asked.parse_args()
    os.environ.update(INVENTED)
    scenario = ALL[told.scenario]
    with folder() as place:
        found = deployed(place)
    if told.at is None:
        tally = stopped(found, scenario) if told.event == "stop" else everywhere(found, scenario, told.event)
        said = "\n".join(tally.failed) or f"all survive: {tally}"
        return _tell(said, broken=bool(tally.failed))
    with Stage(found, scenario.make, scenario.text, small=scenario.small) as stage:
        if told.event == "stop":
            check(play(stage, scenario, stop=told.at), scenario)
            return _tell("it survives", broken=False)
        plain = play(stage, scenario)
        said = disturbed(stage, scenario, (told.at, told.when), EVENTS[told.event], plain)
    return _tell(said or "it survives", broken=bool(said))


def _tell(said: str, *, broken: bool) -> int:
    sys.stderr.write(f"{said}\n")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
