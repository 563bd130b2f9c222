"""A clock that is set forward and back while the program runs.

Server time decides what has ended. Whatever was refused stays refused when the clock is set back,
and no wait grows longer than its longest.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from support.checks import assert_problem
from support.clock import within_a_second
from support.command_line import administrator
from support.curl import FETCH
from support.deployment import Deploy, Deployment
from support.faulty import Switches
from support.guessing import guess
from support.names import new_name
from support.response import Response
from support.waiting import wait_until

DAY = 86_400
YEAR = 365 * DAY
LONGEST = 900


@pytest.fixture
def switches(tmp_path: Path) -> Switches:
    """The switch of the program's clock."""
    return Switches(tmp_path)


@pytest.fixture
def site(switches: Switches, deploy: Deploy) -> Deployment:
    """A site whose clock can be set; expired things are swept every second."""
    settings = {"session.sweep": "1s", "throttle.account": 2, "throttle.longest": f"{LONGEST}s"}
    return deploy(settings, environment=switches.environment, login_burst=10_000)


def standing(site: Deployment, cookie: str) -> tuple[int, int]:
    """How a session is seen by its own route and by the check of a guarded page."""
    me = site.send("GET", "/me", headers={"Cookie": cookie}).status
    return me, site.send("GET", "/dashboard", headers=FETCH | {"Cookie": cookie}).status


LIVE, OVER = (200, 200), (401, 401)


def test_what_expired_stays_expired_when_the_clock_is_set_back(
    site: Deployment, switches: Switches
) -> None:
    """ASVS 7.3.1 and 7.3.2: both limits, seen at a check and by a restarted program."""
    cookies = [site.person().client.ticket_cookie for _ in range(10)]
    assert {standing(site, cookie) for cookie in cookies} == {LIVE}
    switches.set_clock(DAY)
    assert {standing(site, cookie) for cookie in cookies} == {OVER}
    switches.set_clock(0)
    assert {standing(site, cookie) for cookie in cookies} == {OVER}
    site.kill()
    site.start()
    assert {standing(site, cookie) for cookie in cookies} == {OVER}


def test_what_ended_stays_ended_whatever_the_clock_says(
    site: Deployment, switches: Switches
) -> None:
    person = site.person()
    cookie = person.client.ticket_cookie
    assert person.client.request("POST", "/logout").status == 204
    for seconds in (-YEAR, -DAY, -1, 1, DAY, YEAR, 0):
        switches.set_clock(seconds)
        assert standing(site, cookie) == OVER


def test_a_step_back_ends_no_session_and_lets_people_log_in(
    site: Deployment, switches: Switches
) -> None:
    person = site.person()
    for seconds in (-1, -3600, -DAY, -YEAR):
        switches.set_clock(seconds)
        assert standing(site, person.client.ticket_cookie) == LIVE
        other = site.client()
        assert other.log_in(person.name, person.password).status == 200
        assert standing(site, other.ticket_cookie) == LIVE
        assert len(person.client.get("/sessions").json()) >= 2
        cookie = other.ticket_cookie
        assert other.request("POST", "/logout").status == 204
        assert standing(site, cookie) == OVER


def test_a_remembered_session_outlasts_a_day_forward_and_back(
    site: Deployment, switches: Switches
) -> None:
    """Its last use lies in the future then, which neither ends it nor breaks the list."""
    person, client = site.person(), site.client()
    assert client.log_in(person.name, person.password, remember=True).status == 200
    for seconds in (DAY, 0, DAY, -DAY, 0):
        switches.set_clock(seconds)
        assert standing(site, client.ticket_cookie) == LIVE
        assert len(client.get("/sessions").json()) >= 1


def waiting_time(answer: Response) -> int:
    """For how long a refused guess at somebody's password is told to wait."""
    assert_problem(answer, 429, "too-many-requests")
    return int(answer.header("Retry-After") or 0)


def locked_name(site: Deployment) -> str:
    """The name of somebody whose two free tries are used up, as the third guess was told."""

    def guesses(name: str) -> tuple[str, list[Response]]:
        return name, [guess(site, name) for _ in range(3)]

    name, answers = within_a_second(lambda: site.person().name, guesses)
    assert [answer.status for answer in answers[:2]] == [401] * 2
    assert waiting_time(answers[2]) == 1
    return name


@pytest.mark.parametrize("restarted", [False, True])
def test_a_wait_never_becomes_a_year_when_the_clock_is_set_back(
    site: Deployment, switches: Switches, restarted: bool
) -> None:
    switches.set_clock(YEAR)
    name = locked_name(site)
    switches.set_clock(0)
    if restarted:
        site.restart()
    assert waiting_time(guess(site, name)) <= LONGEST
    wait_until(
        lambda: guess(site, name).status == 401, "the wait to be over", timeout=15, interval=0.2
    )


def test_a_step_forward_frees_nobody_who_guesses_on(site: Deployment, switches: Switches) -> None:
    """An hour of waiting is over after an hour, and the count goes on after the step back."""
    name = locked_name(site)
    switches.set_clock(3600)
    assert guess(site, name).status == 401
    assert 1 <= waiting_time(guess(site, name)) <= 4
    switches.set_clock(0)
    assert 1 <= waiting_time(guess(site, name)) <= 4


def stored(site: Deployment, table: str) -> int:
    """How many rows a table has, read beside the program."""
    with sqlite3.connect(site.database) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_link_that_ran_out_stays_so_when_the_clock_is_set_back(
    site: Deployment, switches: Switches
) -> None:
    admin = administrator(site)
    user = admin.client.post_json("/users", {"username": new_name()}).json()
    secret = site.secrets.add(parse_qs(urlsplit(user["link"]["url"]).query)["token"][0])
    change = {"token": secret, "password": site.secrets.password()}
    switches.set_clock(YEAR)
    assert_problem(site.client().post_json("/set-password", change), 404, "link-unusable")
    wait_until(lambda: stored(site, "password_links") == 0, "the sweep")
    switches.set_clock(0)
    assert_problem(site.client().post_json("/set-password", change), 404, "link-unusable")


def test_the_timers_go_on_after_a_step_back(site: Deployment, switches: Switches) -> None:
    """They count by the monotonic clock: a year back is no year of waiting."""
    switches.set_clock(-YEAR)
    site.person()
    assert stored(site, "sessions") == 1
    # Beyond the limits of the session, and still far from where the timers began.
    switches.set_clock(DAY - YEAR)
    wait_until(lambda: stored(site, "sessions") == 0, "the sweep", timeout=15)
