"""Guessing by every way in: what is free on one is used up on all (ASVS 6.3.4)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from support.checks import assert_problem
from support.clock import within_a_second
from support.curl import HTML, NAVIGATION
from support.deployment import Deploy, Deployment, Person
from support.guessing import guess
from support.names import new_address, new_name, new_source
from support.pages import form_for
from support.parallel import log_in, post
from support.response import Response
from support.waiting import wait_until

FREE = 4
SAME_ORIGIN = NAVIGATION | {"Sec-Fetch-Site": "same-origin"}
# How often to ask whether a delay is over: seldom enough for the limit of nginx.
SELDOM = 0.25
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Way = Callable[[Deployment, dict[str, str], str], Response]


def as_json(path: str) -> Way:
    """JSON to a path."""
    return lambda site, body, source: post(site, path, body, source=source)


def as_form(path: str, headers: dict[str, str]) -> Way:
    """A form to a path, as the page sends it or as a program does."""

    def send(site: Deployment, body: dict[str, str], source: str) -> Response:
        fields = FORM | headers
        return site.send(
            "POST", path, headers=fields, body=urlencode(body).encode(), source=source
        )

    return send


LOGINS = [
    *(as_json("/login"), as_json("/api/login")),
    *(as_form("/login", SAME_ORIGIN), as_form("/login", {}), as_form("/api/login", HTML)),
]
SIGN_UPS = [
    *(as_json("/signup"), as_json("/api/signup"), as_json("/register")),
    *(as_json("/api/register"), as_form("/signup", SAME_ORIGIN)),
    *(as_form("/register", SAME_ORIGIN), as_form("/api/register", HTML)),
]


def body(site: Deployment, name: str) -> dict[str, str]:
    """A name and a password that nobody has."""
    return {"username": name, "password": site.secrets.password()}


def test_all_ways_to_log_in_count_together(deploy: Deploy) -> None:
    """ASVS 6.3.4 and 6.3.1: page, form and JSON, with the prefix and without it."""
    free = len(LOGINS)
    site = deploy({"throttle.account": free})

    def rounds(name: str) -> list[int]:
        return [way(site, body(site, name), new_source()).status for way in LOGINS * 2]

    for make in (lambda: site.person().name, new_name):
        assert within_a_second(make, rounds) == [401] * free + [429] * free


def test_all_ways_to_sign_up_count_together(deploy: Deploy) -> None:
    """ASVS 6.3.4 and 6.3.1: by the network that they come from."""
    free = len(SIGN_UPS)
    site = deploy({"throttle.sign-up": free})

    def rounds(source: str) -> list[int]:
        answers = [way(site, body(site, new_name()), source) for way in SIGN_UPS * 2]
        for answer in answers:
            for line in answer.all("Set-Cookie"):
                site.secrets.add(line.split(";")[0].partition("=")[2])
        return [answer.status for answer in answers]

    statuses = within_a_second(new_source, rounds)
    assert set(statuses[:free]) <= {201, 303}, statuses
    assert statuses[free:] == [429] * free


def test_the_two_ways_to_prove_a_password_within_a_session_count_together(
    deploy: Deploy,
) -> None:
    """ASVS 6.3.4: or the one would be a second helping of guesses for the other."""
    site = deploy({"throttle.device": FREE})
    new = site.secrets.password()

    def tried(person: Person, path: str, password: str) -> int:
        fields = {"password": password, "current": password, "new": new}
        return post(site, path, fields, cookie=person.client.ticket_cookie).status

    def rounds(person: Person) -> list[int]:
        paths = ["/password", "/api/reauthenticate", "/api/password", "/reauthenticate"]
        statuses = [tried(person, path, site.secrets.password()) for path in paths]
        return statuses + [tried(person, path, person.password) for path in paths]

    assert within_a_second(site.person, rounds) == [400, 401, 400, 401] + [429] * 4


def with_two_names(site: Deployment) -> tuple[str, str, str]:
    """An account with a username and an email address, and its password."""
    name, address, password = new_name(), new_address(), site.secrets.password()
    fields = {"username": name, "email": address, "password": password}
    assert post(site, "/signup", fields).status == 201
    return name, address, password


def test_two_names_of_one_account_are_counted_apart_and_forgotten_together(
    deploy: Deploy,
) -> None:
    """ASVS 6.3.8: one counter for both would tell that they belong together."""
    site = deploy({"throttle.account": FREE})

    def apart(names: tuple[str, str, str]) -> list[int]:
        first, second, _ = names
        used_up = [guess(site, first).status for _ in range(FREE + 1)]
        return used_up + [guess(site, second).status for _ in range(FREE + 1)]

    assert within_a_second(lambda: with_two_names(site), apart) == ([401] * FREE + [429]) * 2

    def together(names: tuple[str, str, str]) -> list[int]:
        first, second, password = names
        for _ in range(FREE - 1):
            guess(site, first)
            guess(site, second)
        right = log_in(site, second, password).status
        return [right] + [guess(site, first).status for _ in range(FREE + 1)]

    statuses = within_a_second(lambda: with_two_names(site), together)
    assert statuses == [200] + [401] * FREE + [429]


def test_the_page_that_asks_again_says_to_wait_and_keeps_the_way_back(deploy: Deploy) -> None:
    """ASVS 6.3.1: and after the delay the same form leads on."""
    site = deploy({"throttle.device": 1, "throttle.longest": "3s"})
    person = site.person()
    place = "/dashboard?tab=a%20b"
    page = person.client.get("/reauthenticate?next=%2Fdashboard%3Ftab%3Da%2520b", NAVIGATION)
    fields = form_for(page.text, "/reauthenticate").fields
    assert fields["next"] == place
    right = fields | {"password": person.password}
    ticket = person.client.ticket_cookie

    def send(password: str) -> Response:
        return person.client.post_form(
            "/reauthenticate", fields | {"password": password}, SAME_ORIGIN
        )

    # Delays of 1, 2 and 3 s: the last is long enough to look at on a slow machine.
    for _ in range(3):
        wait_until(
            lambda: send(site.secrets.password()).status == 401, "a free try", interval=SELDOM
        )
    refused = send(person.password)
    assert (refused.status, refused.media_type) == (429, "text/html"), str(refused)
    assert "Too many tries" in refused.text and person.password not in refused.text
    assert 1 <= int(refused.header("Retry-After") or 0) <= 3
    assert form_for(refused.text, "/reauthenticate").fields["next"] == place
    assert person.client.ticket_cookie == ticket and refused.all("Set-Cookie") == []
    problem = person.client.post_json("/reauthenticate", {"password": person.password})
    assert_problem(problem, 429, "too-many-requests")
    answer = wait_until(
        lambda: (a := person.client.post_form("/reauthenticate", right, SAME_ORIGIN)).status == 303
        and a,
        "the delay to end",
        interval=SELDOM,
    )
    assert answer.location == place and person.client.ticket_cookie != ticket
