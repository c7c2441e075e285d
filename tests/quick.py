"""moto's DynamoDB answers, told faster: an attribute's value is passed on as it stands in the table.

moto looks for nine spellings of each of the ten members that any value might have; half of a test with a ledger went
there. Values of bytes, which would have to be encoded, the ledger does not have.
"""

from typing import Any

from moto.core.serialize import SERVICE_SPECIFIC_SERIALIZERS, JSONSerializer


class Quick(JSONSerializer):
    """Takes values for what they are: DynamoDB's own form already."""

    def _serialize(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue":
            self._default_serialize(serialized, value, shape, key)
        else:
            super()._serialize(serialized, value, shape, key)


def quicken() -> None:
    """From now on, in this process."""
    SERVICE_SPECIFIC_SERIALIZERS["dynamodb"] = {"json": Quick}
