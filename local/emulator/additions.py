"""Which additions there are, in the order in which they are made."""

from local.emulator import athena, functions, gateway, roles, schedules, secrets, tasks

ROOMS = (functions, secrets, gateway, tasks, schedules, athena, roles)


def apply() -> None:
    for room in ROOMS:
        room.apply()
