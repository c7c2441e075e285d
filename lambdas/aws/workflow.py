"""Step Functions: one execution per report and run, and the wake-up of a waiting one."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.core.errors import TryAgain

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# The normal answers to a late wake: the wait timed out, or the execution has ended.
LATE = ("TaskTimedOut", "InvalidToken", "TaskDoesNotExist")


class Workflow:
    """The poller's state machine, seen from the Lambdas."""

    def __init__(self, client: "SFNClient", machine: str = "") -> None:
        self._client, self._machine = client, machine

    def start(self, name: str, told: dict[str, Any]) -> None:
        """Start an execution; one of that name that was started before is the same one."""
        try:
            self._client.start_execution(stateMachineArn=self._machine, name=name, input=json.dumps(told))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def wake(self, token: str) -> bool:
        """Wake the execution that waits with this token; false when it does not wait any more.

        An error says no more than its code: AWS's own text may quote the token.
        """
        try:
            self._client.send_task_success(taskToken=token, output="{}")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in LATE:
                return False
            raise TryAgain(f"an execution could not be woken: {code}") from None
        return True
