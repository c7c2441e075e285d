"""A schedule's call of a Lambda: MiniStack runs it once; AWS invokes asynchronously, so it is retried and reported.

That is what brings the function's EventInvokeConfig (retries, `on_failure`) to bear. Its clock looks every 10 s;
here every second, so that a one-shot `at()` fires when it says.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
"""

import json

from ministack.services import eventbridge, lambda_svc, scheduler


def apply() -> None:
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    eventbridge._dispatch_to_lambda = invoke


def invoke(arn: str, payload: str) -> None:
    func, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not func or not config:
        eventbridge.logger.error("no function %s for a schedule or rule to call", name)
        return
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(func, config), json.loads(payload))
