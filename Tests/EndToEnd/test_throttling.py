"""Guessing at one account: strangers wait ever longer, and its owner does not."""

from __future__ import annotations

import re
import threading
import time

import pytest

from support import fastcgi
from support.checks import assert_problem, assert_refused
from support.clock import within_a_second
from support.command_line import CommandLine
from support.curl import HTML, Curl
from support.deployment import Deploy, Deployment, Person
from support.guessing import guess, tighten
from support.names import new_address, new_name
from support.parallel import at_once, log_in, post, status_of
from support.response import Response

FREE = 4
# Ten free tries, and then one: what has failed ten times waits 2^9 seconds.
LOOSE, LONG = {"throttle.account": 10, "throttle.device": 10, "throttle.longest": "1h"}, 512
DEVICE = re.compile(
    r"__Host-device=[\w-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=15552000"
)
# How names that are not those of an account that can be used come about, from a site.
OTHERS = {
    "unknown": lambda site: new_name(),
    "unknown-email": lambda site: new_address(),
    "no-name-at-all": lambda site: f"\u2028{new_name()}\u0007",
    "very-long": lambda site: new_name() * 100,
    "disabled": lambda site: disabled(site),
}


def disabled(site: Deployment) -> str:
    """The name of an account that is shut."""
    name = site.person().name
    CommandLine(site).do("user", "disable", name)
    return name


def device_of(client: Curl) -> str:
    """The cookie by which a browser is known again, as `name=value`."""
    return f"__Host-device={client.cookies['__Host-device']}"


def outline(answer: Response) -> tuple[int, bytes, list[str], str | None]:
    """Everything in an answer but when it was given."""
    names = sorted(name.lower() for name, _ in answer.headers)
    return answer.status, answer.body, names, answer.header("Retry-After")


@pytest.fixture
def besieged(deploy: Deploy) -> tuple[Deployment, Person]:
    """An account at which strangers have guessed so often that the next one waits for minutes."""
    site = deploy(LOOSE)
    owner = site.person()
    for _ in range(10):
        assert guess(site, owner.name).status == 401
    tighten(site, account=1)
    answer = guess(site, owner.name)
    assert_problem(answer, 429, "too-many-requests")
    assert LONG - 30 <= int(answer.header("Retry-After") or 0) <= LONG
    return site, owner


def test_the_delay_doubles_up_to_the_longest_and_knocking_does_not_prolong_it(
    deploy: Deploy,
) -> None:
    """ASVS 6.3.1 and 6.1.1: whatever the network; NIST SP 800-63B-4 section 3.2.2."""
    site = deploy({"throttle.account": FREE, "throttle.longest": "4s"})
    name = site.person().name
    for _ in range(FREE):
        assert guess(site, name).status == 401
    for delay in (1, 2, 4, 4):
        start, told = time.monotonic(), []
        while (answer := guess(site, name)).status == 429:
            assert_problem(answer, 429, "too-many-requests")
            told.append(int(answer.header("Retry-After") or 0))
            assert time.monotonic() < start + delay + 3, "the delay does not end"
        assert answer.status == 401
        # Of whole seconds, a delay of n ends between n - 1 and n.
        assert delay - 1.2 < time.monotonic() - start < delay + 1
        assert told or delay == 1, "nothing was delayed"
        assert told == sorted(told, reverse=True) and max(told, default=delay) <= delay


@pytest.mark.parametrize("kind", OTHERS)
def test_names_without_an_account_are_treated_alike(deploy: Deploy, kind: str) -> None:
    """ASVS 6.3.8: the same statuses, bodies and headers, one after the other."""
    site = deploy({"throttle.account": FREE})

    def series(name: str) -> list[tuple[int, bytes, list[str], str | None]]:
        return [outline(guess(site, name)) for _ in range(FREE + 2)]

    known = within_a_second(lambda: site.person().name, series)
    other = within_a_second(lambda: OTHERS[kind](site), series)
    assert [answer[0] for answer in known] == [401] * FREE + [429] * 2
    assert known == other


def test_every_spelling_of_a_name_counts_for_one(deploy: Deploy) -> None:
    """ASVS 6.3.1: case and width of letters gain nothing, with and without an account."""
    site = deploy({"throttle.account": FREE})

    def spellings(name: str) -> list[int]:
        wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)
        names = [name, name.upper(), wide, wide.upper(), name.title()]
        return [guess(site, spelling).status for spelling in names]

    for make in (new_name, lambda: site.person().name):
        assert within_a_second(make, spellings) == [401] * FREE + [429]


def test_the_right_password_from_an_unknown_device_waits_like_a_wrong_one(
    besieged: tuple[Deployment, Person],
) -> None:
    """ASVS 6.3.1: or a guesser would learn of it; the form says the same on its page."""
    site, owner = besieged
    right = log_in(site, owner.name, owner.password)
    wrong = guess(site, owner.name)
    assert (right.status, right.body, right.all("Set-Cookie")) == (429, wrong.body, [])
    assert {k for k, _ in right.headers} == {k for k, _ in wrong.headers}
    form = {"username": owner.name, "password": owner.password}
    page = site.client().post_form("/login", form, HTML)
    assert (page.status, page.media_type, page.all("Set-Cookie")) == (429, "text/html", [])
    assert "Too many tries" in page.text and owner.password not in page.text
    assert 1 < int(page.header("Retry-After") or 0) <= LONG


def test_the_owner_logs_in_on_a_known_device_during_the_flood(
    besieged: tuple[Deployment, Person],
) -> None:
    """ASVS 6.1.1: no malicious lockout; OWASP's device cookie."""
    site, owner = besieged
    over, seen = threading.Event(), set[int]()

    def flood() -> None:
        while not over.is_set():
            seen.add(guess(site, owner.name).status)

    strangers = [threading.Thread(target=flood) for _ in range(4)]
    for stranger in strangers:
        stranger.start()
    try:
        for _ in range(5):
            assert owner.client.request("POST", "/logout").status == 204
            answer = owner.client.log_in(owner.name, owner.password)
            assert answer.status == 200, str(answer)
            assert owner.client.get("/dashboard").status == 200
    finally:
        over.set()
        for stranger in strangers:
            stranger.join()
    assert seen == {429}
    assert log_in(site, owner.name, owner.password).status == 429, "strangers wait on"
    assert owner.client.post_json("/reauthenticate", {"password": owner.password}).status == 204


def test_the_device_of_another_account_does_not_help(
    besieged: tuple[Deployment, Person],
) -> None:
    """ASVS 6.3.1: an attacker has devices too, known for accounts of their own."""
    site, owner = besieged
    mallory = site.person()
    planted = "__Host-device=" + "D" * 43
    good, other = device_of(owner.client), device_of(mallory.client)
    for cookie in (other, planted, f"{good}; {other}", "__Host-device=short", good + "x"):
        answer = log_in(site, owner.name, owner.password, cookie=cookie)
        assert answer.status == 429, cookie.replace(good, "(good)")
    assert log_in(site, owner.name, owner.password, cookie=good).status == 200


def test_a_stolen_device_cookie_alone_opens_nothing(deploy: Deploy) -> None:
    """ASVS 6.3.1 and 7.2.1: it is no session, and guesses with it are counted by themselves."""
    site = deploy({"throttle.device": FREE, "throttle.account": 100})
    owner = site.person()
    stolen, second = device_of(owner.client), site.client()
    assert second.log_in(owner.name, owner.password).status == 200
    assert device_of(second) != stolen
    secret = stolen.partition("=")[2]
    for cookie in (stolen, f"__Host-session={secret}", f"{stolen}; __Host-session={secret}"):
        for path in ("/me", "/dashboard", "/account/data", "/sessions"):
            assert status_of(site, cookie, path) == 401
        assert site.ask(fastcgi.check("user", cookie)).status == 401
        for path in ("/reauthenticate", "/password"):
            assert_refused(post(site, path, {"password": owner.password}, cookie=cookie))

    def tries(cookie: str) -> list[int]:
        statuses = [guess(site, owner.name, cookie=cookie).status for _ in range(FREE)]
        return statuses + [log_in(site, owner.name, owner.password, cookie=cookie).status]

    assert within_a_second(lambda: fresh_device(site, owner), tries) == [401] * FREE + [429]
    assert second.log_in(owner.name, owner.password).status == 200, "another device of hers"
    assert log_in(site, owner.name, owner.password).status == 200, "and strangers"


def fresh_device(site: Deployment, owner: Person) -> str:
    """A device that has just become known for an account."""
    answer = log_in(site, owner.name, owner.password)
    (line,) = [line for line in answer.all("Set-Cookie") if line.startswith("__Host-device=")]
    assert DEVICE.fullmatch(line), "hidden from scripts, sent over https only, for 180 days"
    return line.split(";")[0]


def test_a_device_keeps_its_cookie_for_as_long_as_one_account_is_used_on_it(
    site: Deployment, person: Person
) -> None:
    """Each login makes its time begin anew; another account in the same browser replaces it."""
    known, other = device_of(person.client), site.person()
    assert person.client.request("POST", "/logout").status == 204
    answer = person.client.log_in(person.name, person.password)
    (line,) = [line for line in answer.all("Set-Cookie") if line.startswith("__Host-device=")]
    assert DEVICE.fullmatch(line) and line.split(";")[0] == known
    assert person.client.log_in(other.name, other.password).status == 200
    assert device_of(person.client) != known


@pytest.mark.parametrize("right", [False, True], ids=["wrong", "one-right"])
def test_guesses_at_once_gain_nothing(deploy: Deploy, right: bool) -> None:
    """ASVS 6.3.1 and 15.4.2: so many are looked at as are free, however many come together."""
    site = deploy({"throttle.account": FREE, "password.queue": 15})

    def rush(owner: Person) -> list[int]:
        jobs = [lambda: guess(site, owner.name)] * 15
        if right:
            jobs.append(lambda: log_in(site, owner.name, owner.password))
        return [answer.status for answer in at_once(jobs)]

    statuses = within_a_second(site.person, rush)
    assert set(statuses) <= {200, 401, 429}, statuses
    # A right one forgets what failed before it, as it does one after the other.
    most = 2 * FREE if 200 in statuses else FREE
    assert FREE - 1 <= statuses.count(401) <= most, statuses
    if not right:
        assert statuses.count(401) == FREE


def test_a_login_forgets_what_failed_before(deploy: Deploy) -> None:
    """NIST SP 800-63B-4 section 3.2.2: success resets the count."""
    site = deploy({"throttle.account": FREE})
    owner = site.person()
    for _ in range(4):
        statuses = [guess(site, owner.name).status for _ in range(FREE - 1)]
        assert statuses == [401] * (FREE - 1)
        assert log_in(site, owner.name, owner.password).status == 200
