"""Partition projection: the partitions a table's properties say there are, and the values in an object's path.

MiniStack ignores the properties and reads `name=value` folders. Athena never lists: it makes every combination of
the projected values, puts each into the location template, and reads what lies there.
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

import datetime
import re
from typing import Any


def partition(table: dict[str, Any], prefix: str, url: str) -> dict[str, str] | None:
    """The partition values of the object at `url`, or None if the table does not reach it."""
    properties = table.get("Parameters") or {}
    keys = [key["Name"] for key in table.get("PartitionKeys") or []]
    bucket = url.split("/")[2]
    projected = properties.get("projection.enabled") == "true"
    template = properties.get("storage.location.template") if projected else None
    template = template or f"s3://{bucket}/{prefix}" + "".join(f"{key}=${{{key}}}/" for key in keys)
    found = re.match(_pattern(template, keys), url)
    if not found:
        return None
    values = found.groupdict()
    return values if not projected or all(_reached(properties, key, values[key]) for key in keys) else None


def _pattern(template: str, keys: list[str]) -> str:
    pattern = re.escape(template.rstrip("/") + "/")
    for key in keys:
        pattern = pattern.replace(re.escape(f"${{{key}}}"), f"(?P<{key}>[^/]+)", 1)
    return pattern


def _reached(properties: dict[str, str], key: str, value: str) -> bool:
    def told(what: str) -> str:
        return properties[f"projection.{key}.{what}"]

    match told("type"):
        case "enum":
            return value in [one.strip() for one in told("values").split(",")]
        case "date":
            first, last = (_day(one.strip(), told("format")) for one in told("range").split(","))
            return first <= _day(value, told("format")) <= last
        case "integer":
            low, high = (int(one) for one in told("range").split(","))
            return low <= int(value) <= high
    return True  # injected: whatever the query asks for


def _day(text: str, form: str) -> datetime.datetime:
    """A date of a range: absolute, or NOW with an offset such as NOW+1DAYS or NOW-3YEARS."""
    relative = re.fullmatch(r"NOW\s*(?:([+-])\s*(\d+)\s*(YEARS?|MONTHS?|WEEKS?|DAYS?|HOURS?))?", text)
    if not relative:
        return datetime.datetime.strptime(text, _python(form)).replace(tzinfo=datetime.UTC)
    sign, number, unit = relative.groups()
    if not number:
        return datetime.datetime.now(datetime.UTC)
    days = {"Y": 365.25, "M": 30.44, "W": 7.0, "D": 1.0, "H": 1 / 24}[unit[0]] * int(number)
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days if sign == "+" else -days)


def _python(form: str) -> str:
    """Java's pattern in Python's letters."""
    for java, python in (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H")):
        form = form.replace(java, python)
    return form
