"""Which additions there are, in the order in which they are made."""

from local.emulator import (
    alarms,
    athena,
    expiry,
    functions,
    gateway,
    limits,
    metrics,
    named,
    objects,
    roles,
    schedules,
    secrets,
    tasks,
)

ROOMS = (
    *(functions, secrets, gateway, limits, tasks, expiry, schedules),
    *(athena, named, objects, metrics, alarms, roles),
)


def apply() -> None:
    for room in ROOMS:
        room.apply()
