"""A database that fails is said to have failed: 503 with a code, closed behind auth_request.

Promise 4: never "signed out", never let in, and nothing is acknowledged that is not written.
"""

from __future__ import annotations

import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.checks import assert_problem, assert_refused
from support.curl import FETCH, HTML, NAVIGATION
from support.deployment import Deploy
from support.locking import locked
from support.names import new_name
from support.response import Response
from support.waiting import wait_until

# What a lock may cost before the answer: the program waits 2 s for one, the rest is margin.
PATIENCE = 6.0


def assert_storage_problem(answer: Response, code: str | None = None) -> None:
    """503 with the code that tells an operator what is wrong, and when to come back."""
    problem = assert_problem(answer, 503, "storage-unavailable")
    assert isinstance(problem["code"], str) and problem["code"]
    assert code is None or problem["code"] == code
    assert int(answer.header("Retry-After") or 0) >= 1
    assert answer.header("Set-Cookie") is None


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_database_is_503_and_nothing_of_it_was_written(
    deploy: Deploy, how: str
) -> None:
    deployment = deploy()
    person, name, password = deployment.person(), new_name(), deployment.secrets.password()
    with locked(deployment.database, how):
        start = time.monotonic()
        assert_storage_problem(deployment.client().sign_up(name, password), "locked")
        assert time.monotonic() - start < PATIENCE
        assert_storage_problem(deployment.client().log_in(person.name, person.password), "locked")
        assert_storage_problem(person.client.request("POST", "/logout"), "locked")
        # Reading goes on: who is logged in stays logged in.
        assert person.client.get("/me").status == 200
        assert person.client.get("/dashboard", NAVIGATION).status == 200
    # The refused logout ended nothing, the refused sign-up left the name free.
    assert person.client.get("/me").status == 200
    assert_problem(deployment.client().log_in(name, password), 401, "invalid-credentials")
    assert deployment.client().sign_up(name, password).status == 201
    assert person.client.request("POST", "/logout").status == 204
    assert_refused(person.client.get("/me"))


def test_a_locked_database_is_a_page_for_people(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    form = {"username": person.name, "password": person.password}
    with locked(deployment.database, "IMMEDIATE"):
        answer = deployment.client().post_form("/login", form, HTML)
    assert answer.status == 503
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert answer.header("Retry-After") is not None
    assert answer.header("Set-Cookie") is None


def test_a_short_lock_is_waited_for(deploy: Deploy) -> None:
    """A backup or the command line holds it for moments; nobody notices."""
    deployment = deploy()
    person = deployment.person()
    answers: list[Response] = []
    client = deployment.client()
    login = threading.Thread(
        target=lambda: answers.append(client.log_in(person.name, person.password))
    )
    with locked(deployment.database, "IMMEDIATE"):
        login.start()
        login.join(0.3)
        assert not answers, "the login was answered before it could be written"
    login.join(10)
    assert [answer.status for answer in answers] == [200]
    assert client.get("/me").status == 200


@contextmanager
def damaged(database: Path) -> Iterator[None]:
    """Overwrites every page but the first, and afterwards puts them back.

    A commit before and after makes the program drop the pages that it has read.
    """

    def commit(statement: str) -> None:
        connection = sqlite3.connect(database, timeout=10)
        with connection:
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    commit("CREATE TABLE IF NOT EXISTS damage (x)")
    # A checkpoint that readers held up leaves pages in the log, which would hide the damage.
    log = database.with_name(database.name + "-wal")
    wait_until(lambda: (commit("DELETE FROM damage"), log.stat().st_size == 0)[1], "checkpoint")
    good = database.read_bytes()
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (len(good) - 4096))
    try:
        yield
    finally:
        with database.open("r+b") as file:
            file.write(good)
        commit("DROP TABLE damage")


def test_storage_that_cannot_be_read_is_closed_and_never_signed_out(deploy: Deploy) -> None:
    """ASVS 16.5.2: the check fails closed; nginx makes an error page of it."""
    deployment = deploy()
    person = deployment.person()
    cookie = person.client.ticket_cookie
    guest = deployment.client()
    with damaged(deployment.database):
        wait_until(
            lambda: guest.get("/me", {"Cookie": cookie}).status == 503, "the damage to be seen"
        )
        assert_storage_problem(guest.get("/me", {"Cookie": cookie}))
        answer = guest.get("/dashboard", {"Cookie": cookie} | NAVIGATION)
        assert answer.status == 500
        assert answer.header("Location") is None
        assert person.name not in answer.text
        assert guest.get("/dashboard", {"Cookie": cookie} | FETCH).status == 500
        account = guest.get("/account", {"Cookie": cookie} | NAVIGATION)
        assert account.status == 503
        assert account.header("Set-Cookie") is None
        assert guest.get("/health/ready").status == 503
        assert guest.get("/health/live").status == 200
    wait_until(lambda: guest.get("/me", {"Cookie": cookie}).status == 200, "the recovery")
    assert guest.get("/dashboard", {"Cookie": cookie} | NAVIGATION).status == 200
    assert guest.get("/health/ready").status == 200


def ignore_file_size_signal() -> None:
    """Runs in the child: a write beyond the limit fails with EFBIG instead of ending it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_full_disk_is_503_and_nothing_of_it_was_written(deploy: Deploy) -> None:
    """A limit on the size of files stands for the disk: the log of the database cannot grow."""
    deployment = deploy(prepare=ignore_file_size_signal)
    person, name, password = deployment.person(), new_name(), deployment.secrets.password()
    log = deployment.database.with_name(deployment.database.name + "-wal")
    old = resource.prlimit(deployment.process.pid, resource.RLIMIT_FSIZE)
    limits = (max(log.stat().st_size, deployment.log.stat().st_size + 65536), old[1])
    resource.prlimit(deployment.process.pid, resource.RLIMIT_FSIZE, limits)
    # What fits is taken; the first that does not fit is refused.
    for _ in range(200):
        answer = deployment.client().sign_up(new_name(), deployment.secrets.password())
        if answer.status != 201:
            break
    assert_storage_problem(answer)
    assert_storage_problem(deployment.client().sign_up(name, password))
    assert_storage_problem(person.client.request("POST", "/logout"))
    assert person.client.get("/me").status == 200
    resource.prlimit(deployment.process.pid, resource.RLIMIT_FSIZE, old)
    assert_problem(deployment.client().log_in(name, password), 401, "invalid-credentials")
    assert deployment.client().sign_up(name, password).status == 201
    assert person.client.request("POST", "/logout").status == 204


def test_a_session_that_another_process_deletes_is_refused_in_a_fifth_of_a_second(
    deploy: Deploy,
) -> None:
    """What the command line changes holds at the next request, 0.2 s later at most."""
    deployment = deploy()
    person, other = deployment.person(), deployment.person()
    cookie = person.client.ticket_cookie
    headers = {"Cookie": cookie}
    assert deployment.send("GET", "/me", headers=headers).status == 200
    with sqlite3.connect(deployment.database) as database:
        database.execute(
            "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE username = ?)",
            [person.name],
        )
    database.close()
    start = time.monotonic()
    wait_until(
        lambda: deployment.send("GET", "/me", headers=headers).status == 401,
        "the deleted session to be refused",
        timeout=5,
    )
    # The margin is for a busy machine; the promise is 0.2 s.
    assert time.monotonic() - start < 0.2 + 0.5
    assert other.client.get("/me").status == 200


def test_an_account_that_another_process_disables_is_out(deploy: Deploy) -> None:
    """ASVS 7.4.2: its sessions end, and it looks like any wrong login."""
    deployment = deploy()
    person = deployment.person()
    with sqlite3.connect(deployment.database) as database:
        database.execute("UPDATE users SET disabled = 1 WHERE username = ?", [person.name])
    database.close()
    wait_until(lambda: person.client.get("/me").status == 401, "the account to be out", timeout=3)
    answer = deployment.client().log_in(person.name, person.password)
    assert_problem(answer, 401, "invalid-credentials")
