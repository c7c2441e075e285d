"""The tables and views as Glue has them: out of the template that CDK makes of infra/catalog.py."""

from typing import Any

from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from benchmarks.asking.lake import exports
from infra.catalog import Catalog
from infra.settings import settings

BUCKET = "lake"


def tables() -> tuple[str, dict[str, Any]]:
    """The database, and what it holds by `database/table`."""
    stack = Stack(App(), "Asking")
    catalog = Catalog(stack, "Catalog", bucket=BUCKET, exports=exports(), settings=settings(lambda _name: None))
    found = Template.from_stack(stack).find_resources("AWS::Glue::Table")
    inputs = [one["Properties"]["TableInput"] for one in found.values()]
    made = {f"{catalog.database}/{one['Name']}": {**one, "DatabaseName": catalog.database} for one in inputs}
    return catalog.database, made
