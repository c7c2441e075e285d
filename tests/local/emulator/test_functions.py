"""Functions run as AWS runs them."""

import time

import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud


def test_an_exception_keeps_its_class(stack: Stack) -> None:
    """Retry and Catch go by the class, so it must not become Runtime.HandlerError."""
    answer = stack.call({"do": "fail"})
    assert (answer["errorType"], answer["errorMessage"]) == ("Busy", "not now")


def test_a_failed_import_says_so(stack: Stack) -> None:
    """AWS passes on what the runtime client reports while the function starts."""
    assert stack.call({}, "Broken")["errorType"] == "Runtime.ImportModuleError"


def test_an_invocation_is_not_held_up_on_its_way(stack: Stack) -> None:
    """It is two packets, of which the second would wait 40 ms for the first's receipt; the best of ten takes 11."""

    def took() -> float:
        since = time.perf_counter()
        stack.call({"do": "fail"})
        return time.perf_counter() - since

    assert min(took() for _ in range(10)) < 0.045


def test_time_runs_out(stack: Stack) -> None:
    """A function is ended when its time-out is over."""
    answer = stack.call({"do": "sleep", "seconds": 5}, "Other")
    assert answer["errorType"] == "Sandbox.Timedout"


def test_memory_runs_out(stack: Stack) -> None:
    """MemorySize is a limit: 200 MB fit into 256, 400 do not."""
    assert stack.call({"do": "slurp", "bytes": 200_000_000}) == 200_000_000
    assert stack.call({"do": "slurp", "bytes": 400_000_000})["errorType"] == "MemoryError"


def test_the_environment_is_clean(stack: Stack) -> None:
    """Nothing of the shell that started the cloud, all that AWS gives, the function's own and everybody's."""
    seen = stack.call({"do": "look around"})
    environment = seen["environment"]
    assert environment["LAMBDA_TASK_ROOT"] == seen["cwd"] == environment["PYTHONPATH"]
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environment["SECRET"] == stack.outputs["Secret"]
    assert environment["FOR_ALL"] == "of them"
    assert not {"HOME", "USER", "MINISTACK_ACCOUNT_ID", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"} & set(environment)


def test_a_function_is_its_role(stack: Stack) -> None:
    """It gets temporary credentials of its role and knows when its time is up."""
    seen = stack.call({"do": "look around"})
    assert seen["me"].startswith(f"arn:aws:sts::123456789012:assumed-role/{stack.outputs['FunctionRole']}/")
    assert 0 < seen["left"] <= 10_000


def test_a_role_bounds_its_function(stack: Stack) -> None:
    """What the role does not allow is denied."""
    answer = stack.call({"do": "list tables"})
    assert "AccessDenied" in answer["errorMessage"]


def test_what_a_function_logs_can_be_read(stack: Stack) -> None:
    """Its lines, and those of a failed import, are in CloudWatch Logs."""
    stack.call({"do": "fail"})
    stack.call({}, "Broken")
    assert "Busy" in stack.logged("Function")
    assert "not_there" in stack.logged("Broken")
