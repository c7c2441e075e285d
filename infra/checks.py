"""Where a rule of cdk-nag is not followed, the reason stands next to the construct, by way of `allow`."""

import aws_cdk as cdk
from constructs import IConstruct

# An id without the pack's prefix is accepted and matches nothing.
NAG = "AwsSolutions::AwsSolutions-"


def allow(construct: IConstruct, rule: str, reason: str, *, pack: str = NAG) -> None:
    """Say why a rule does not hold for a construct and what lies in it."""
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=f"{pack}{rule}", reason=reason))


def check(app: cdk.App) -> None:
    """Have the rules run at synth; validation-report.json tells what they found."""
    from cdk_nag import AwsSolutionsChecks  # here, because loading its rules takes seconds of every synth

    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
