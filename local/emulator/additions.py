"""Which additions there are, in the order in which they are made."""

from local.emulator import athena, functions, gateway, named, objects, roles, schedules, secrets, tasks

ROOMS = (functions, secrets, gateway, tasks, schedules, athena, named, roles, objects)


def apply() -> None:
    for room in ROOMS:
        room.apply()
