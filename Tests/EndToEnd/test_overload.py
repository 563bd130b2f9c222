"""More logins than can be hashed: the rest is told so at once, and checks do not wait."""

from __future__ import annotations

import json
import statistics
import threading
import time

import pytest

from support.checks import assert_problem
from support.clock import let_pass
from support.deployment import Deploy
from support.fastcgi import check
from support.names import new_source
from support.response import Response

# One hash at a time of 64 MiB and three passes: some tenths of a second each.
COSTLY = {
    "password.memory": 65536,
    "password.passes": 3,
    "password.lanes": 1,
    "password.queue": 1,
}


def test_beyond_the_bound_a_login_is_told_503_at_once_and_checks_do_not_wait(
    deploy: Deploy,
) -> None:
    """Promise 5 (ASVS 15.1.3)."""
    deployment = deploy(COSTLY)
    person = deployment.person()
    cookie = person.client.ticket_cookie
    body = json.dumps({"username": person.name, "password": person.password}).encode()
    headers = {"Content-Type": "application/json"}

    def log_in() -> tuple[Response, float]:
        start = time.monotonic()
        answer = deployment.send(
            "POST", "/login", headers=headers, body=body, source=new_source()
        )
        return answer, time.monotonic() - start

    alone, cost = log_in()
    assert alone.status == 200

    answers: list[tuple[Response, float]] = []
    over = threading.Event()

    def keep_logging_in() -> None:
        while not over.is_set():
            answers.append(log_in())
            let_pass(0.02)

    crowd = [threading.Thread(target=keep_logging_in) for _ in range(8)]
    for thread in crowd:
        thread.start()
    checks: list[float] = []
    try:
        deadline = time.monotonic() + max(3, 6 * cost)
        while time.monotonic() < deadline:
            start = time.monotonic()
            assert deployment.ask(check("user", cookie)).status == 204
            checks.append(time.monotonic() - start)
    finally:
        over.set()
        for thread in crowd:
            thread.join(30)

    by_status: dict[int, list[float]] = {}
    for answer, seconds in answers:
        by_status.setdefault(answer.status, []).append(seconds)
        if answer.status == 503:
            assert_problem(answer, 503, "busy")
            assert int(answer.header("Retry-After") or 0) >= 1
    assert set(by_status) == {200, 503}, {k: len(v) for k, v in by_status.items()}
    refused = statistics.median(by_status[503])
    assert refused < cost / 2, f"a refusal took {refused:.3f} s, a login alone {cost:.3f} s"
    slow = sorted(checks)[int(len(checks) * 0.99)]
    assert slow < cost / 2, f"p99 of {len(checks)} checks {slow:.3f} s, a login {cost:.3f} s"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_refused_login_comes_in_the_form_that_was_asked_for(
    deploy: Deploy, accept: str
) -> None:
    deployment = deploy(COSTLY)
    person = deployment.person()
    form = f"username={person.name}&password={person.password}".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": accept}
    answers: list[Response] = []

    def log_in() -> None:
        answers.append(
            deployment.send("POST", "/login", headers=headers, body=form, source=new_source())
        )

    crowd = [threading.Thread(target=log_in) for _ in range(12)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    refused = [answer for answer in answers if answer.status == 503]
    assert refused and len(refused) < 12
    expected = "text/html" if accept == "text/html" else "application/problem+json"
    assert {answer.media_type for answer in refused} == {expected}
    assert all(answer.header("Retry-After") for answer in refused)
