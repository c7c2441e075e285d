"""Which additions there are, in the order in which they are made."""

from local.emulator import athena, functions, gateway, limits, named, objects, roles, schedules, secrets, tasks

ROOMS = (functions, secrets, gateway, limits, tasks, schedules, athena, named, roles, objects)


def apply() -> None:
    for room in ROOMS:
        room.apply()
