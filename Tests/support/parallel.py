"""Many requests at once, each on a connection of its own, and what their cookies were."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from .deployment import Deployment
from .names import new_source
from .response import Response

Value = TypeVar("Value")


def at_once(jobs: Sequence[Callable[[], Value]]) -> list[Value]:
    """Does all of them at the same time, and returns what they came to in their order."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Value]) -> Value:
        start.wait(15)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def post(
    site: Deployment,
    path: str,
    value: Any,
    cookie: str = "",
    source: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """POST of JSON through nginx, from an address of its own unless `source` names one."""
    fields = {"Content-Type": "application/json"} | (headers or {})
    if cookie:
        fields["Cookie"] = cookie
    body = json.dumps(value).encode()
    answer = site.send("POST", path, headers=fields, body=body, source=source or new_source())
    for line in answer.all("Set-Cookie"):
        if len(secret := line.split(";")[0].partition("=")[2]) >= 16:
            site.secrets.add(secret)
    return answer


def log_in(site: Deployment, name: str, password: str, **more: Any) -> Response:
    """A login with JSON from nowhere known; `more` is that of `post`."""
    return post(site, "/login", {"username": name, "password": password}, **more)


def given_ticket(answer: Response) -> str:
    """The session cookie that an answer sets, as `name=value`."""
    assert answer.session_cookie, f"no session cookie in {answer.status}"
    return answer.session_cookie.split(";")[0]


def status_of(site: Deployment, cookie: str, path: str = "/me") -> int:
    """How a GET with only this cookie is answered."""
    return site.send("GET", path, headers={"Cookie": cookie}).status
