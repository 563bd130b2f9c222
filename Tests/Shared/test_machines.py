"""Two machines on one engine are one site: whatever is done on one holds on the other at once."""

from __future__ import annotations

from support.checks import assert_problem, assert_refused
from support.command_line import CommandLine, administrator
from support.curl import Curl
from support.deployment import Person
from support.elsewhere import soon
from support.machines import Machines
from support.names import new_name
from support.parallel import at_once, log_in, post, status_of

HERE, THERE = 0, 1


def identifier(person: Person) -> str:
    """The public id of somebody who is logged in."""
    return str(person.client.get("/me").json()["id"])


def session_id(client: Curl) -> str:
    """The public id of a client's session."""
    return str(client.get("/me").json()["session"]["id"])


def known_everywhere(pair: Machines, cookie: str) -> str:
    """A session that every machine has let in, and so has cached; the same cookie."""
    for site in pair:
        assert status_of(site, cookie) == 200
    return cookie


def test_people_sign_up_here_and_use_and_leave_the_site_there(pair: Machines) -> None:
    here, name, password = pair[HERE].client(), new_name(), pair[HERE].secrets.password()
    assert here.sign_up(name, password).status == 201
    cookie = known_everywhere(pair, here.ticket_cookie)
    there = pair.elsewhere(here, THERE)
    assert there.get("/me").json()["username"] == name
    assert there.get("/dashboard").status == 200
    assert there.request("POST", "/logout").status == 204
    assert status_of(pair[THERE], cookie) == 401
    soon(pair[HERE], cookie, 401)
    assert_refused(pair[HERE].client().get("/me", {"Cookie": cookie}))


def test_a_name_that_was_taken_here_is_taken_there(pair: Machines) -> None:
    person = pair[HERE].person()
    answer = pair[THERE].client().sign_up(person.name, pair[THERE].secrets.password())
    assert answer.status == 409, str(answer)


def test_of_many_who_want_one_name_on_all_machines_one_gets_it(pair: Machines) -> None:
    name = new_name()
    body = {"username": name, "password": pair[HERE].secrets.password()}
    jobs = [lambda site=site: post(site, "/signup", body).status for site in [*pair] * 4]
    assert sorted(at_once(jobs)) == [201] + [409] * 7


def test_devices_are_listed_and_ended_from_anywhere(pair: Machines) -> None:
    person = pair[HERE].person()
    phone = pair.log_in(person, THERE)
    laptop = pair.log_in(person, HERE)
    clients = [person.client, phone, laptop]
    for client in clients:
        known_everywhere(pair, client.ticket_cookie)
    expected = {session_id(client) for client in clients}
    for machine in (HERE, THERE):
        listed = pair.elsewhere(phone, machine).get("/sessions").json()
        assert {session["id"] for session in listed} == expected
    ended = person.client.ticket_cookie
    answer = phone.request("DELETE", f"/sessions/{session_id(person.client)}")
    assert answer.status == 204, str(answer)
    soon(pair[HERE], ended, 401)
    assert laptop.request("DELETE", "/sessions").status == 204
    soon(pair[THERE], phone.ticket_cookie, 401)
    assert [status_of(site, laptop.ticket_cookie) for site in pair] == [200, 200]


def test_a_new_password_ends_the_sessions_of_every_machine(pair: Machines) -> None:
    person, new = pair[HERE].person(), pair[HERE].secrets.password()
    phone = known_everywhere(pair, pair.log_in(person, THERE).ticket_cookie)
    old = known_everywhere(pair, person.client.ticket_cookie)
    change = {"current": person.password, "new": new}
    assert person.client.post_json("/password", change).status == 204
    for site in pair:
        soon(site, phone, 401)
        soon(site, old, 401)
        assert status_of(site, person.client.ticket_cookie) == 200
        assert log_in(site, person.name, person.password).status == 401
        assert log_in(site, person.name, new).status == 200


def test_somebody_disabled_here_is_out_there_until_enabled(pair: Machines) -> None:
    """ASVS 7.4.2 with several machines."""
    admin, person = administrator(pair[HERE]), pair[THERE].person()
    cookie = known_everywhere(pair, person.client.ticket_cookie)
    path = f"/users/{identifier(person)}"
    assert admin.client.request("PATCH", path, json={"disabled": True}).status == 200
    soon(pair[THERE], cookie, 401)
    answer = log_in(pair[THERE], person.name, person.password)
    assert_problem(answer, 401, "invalid-credentials")
    there = pair.elsewhere(admin.client, THERE)
    assert there.request("PATCH", path, json={"disabled": False}).status == 200
    assert [status_of(site, cookie) for site in pair] == [401, 401]
    assert log_in(pair[HERE], person.name, person.password).status == 200


def test_somebody_deleted_here_is_gone_there(pair: Machines) -> None:
    admin, person = administrator(pair[HERE]), pair[THERE].person()
    cookie = known_everywhere(pair, person.client.ticket_cookie)
    assert admin.client.request("DELETE", f"/users/{identifier(person)}").status == 204
    soon(pair[THERE], cookie, 401)
    assert log_in(pair[THERE], person.name, person.password).status == 401
    answer = pair[THERE].client().sign_up(person.name, pair[THERE].secrets.password())
    assert answer.status == 201, str(answer)
    assert status_of(pair[HERE], cookie) == 401


def test_groups_given_and_taken_here_open_and_close_places_there(pair: Machines) -> None:
    admin, person = administrator(pair[HERE]), pair[THERE].person()
    cookie = known_everywhere(pair, person.client.ticket_cookie)
    path = f"/users/{identifier(person)}"
    assert status_of(pair[THERE], cookie, "/staff") == 403
    for groups, status in (["admin"], 200), ([], 403):
        answer = admin.client.request("PATCH", path, json={"groups": groups})
        assert answer.status == 200, str(answer)
        soon(pair[THERE], cookie, status, "/staff")
        assert status_of(pair[THERE], cookie) == 200


def test_what_the_command_line_does_on_one_machine_holds_on_the_other(pair: Machines) -> None:
    console = CommandLine(pair[HERE])
    name, password = new_name(), pair[HERE].secrets.password()
    console.do("user", "add", name, given=password + "\n")
    person = Person(name, password, pair[THERE].client())
    assert person.client.log_in(name, password).status == 200
    cookie = known_everywhere(pair, person.client.ticket_cookie)
    assert session_id(person.client) in console.do("session", "list", name)
    console.do("user", "groups", name, "--add", "admin")
    soon(pair[THERE], cookie, 200, "/staff")
    console.do("session", "end", "--user", name)
    soon(pair[THERE], cookie, 401)
    soon(pair[HERE], cookie, 401)
    second = known_everywhere(pair, pair.log_in(person, HERE).ticket_cookie)
    console.do("user", "disable", name, "--force")
    for site in pair:
        soon(site, second, 401)


def test_a_machine_that_is_upgraded_while_the_other_serves_logs_nobody_out(
    pair: Machines,
) -> None:
    person = pair[HERE].person()
    cookie = known_everywhere(pair, person.client.ticket_cookie)
    for site, other in ((pair[0], pair[1]), (pair[1], pair[0])):
        assert site.process.stop() == 0
        assert status_of(other, cookie) == 200
        later = pair.log_in(person, [*pair].index(other)).ticket_cookie
        site.start()
        assert [status_of(site, ticket) for ticket in (cookie, later)] == [200, 200]


def test_an_end_while_a_machine_is_down_holds_when_it_is_back(pair: Machines) -> None:
    person = pair[HERE].person()
    cookie = known_everywhere(pair, person.client.ticket_cookie)
    pair[THERE].kill()
    assert person.client.request("POST", "/logout").status == 204
    pair[THERE].start()
    assert status_of(pair[THERE], cookie) == 401
