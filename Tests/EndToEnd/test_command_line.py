"""The commands beside the running server: what they change holds at its next request."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from support.checks import PUBLIC_ID, assert_problem, assert_refused
from support.command_line import CommandLine, administrator
from support.curl import NAVIGATION
from support.deployment import CHEAP_HASHING, Deploy, Deployment, Person
from support.names import new_address, new_name
from support.program import binary, clean_environment, write_settings
from support.waiting import wait_until

# The contract: a change by another process holds within a fifth of a second.
DELAY = 0.2
NOBODY = "AAAAAAAAAAAAAAAAAAAAAA"
# Another owner than root: Debian's nobody.
SOMEBODY = 65534


@pytest.fixture(scope="module")
def console(site: Deployment) -> CommandLine:
    """The command line of the shared site."""
    return CommandLine(site)


def after_delay(probe: Callable[[], int]) -> int:
    """The status that a probe gives once the promised time is over."""
    time.sleep(DELAY)
    return probe()


def guarded(person: Person, path: str = "/dashboard") -> Callable[[], int]:
    """Asks for a guarded page, as a navigation would."""
    return lambda: person.client.get(path, NAVIGATION).status


def test_the_first_administrator_is_made_beside_the_running_server(deploy: Deploy) -> None:
    """ASVS 6.3.2 and 13.2.3: none is there by default; the operator makes one."""
    site = deploy()
    assert CommandLine(site).do("user", "list") == ""
    admin = administrator(site)
    assert admin.client.get("/staff", NAVIGATION).status == 200
    assert [u["username"] for u in admin.client.get("/users").json()["users"]] == [admin.name]


def test_an_account_is_added_and_logs_in(site: Deployment, console: CommandLine) -> None:
    address, password = new_address(), site.secrets.password()
    said = console.do(
        *("user", "add", new_name(), "--email", address, "--group", "a", "--group", "b"),
        given=password + "\n",
    )
    assert PUBLIC_ID.search(said) and password not in said
    client = site.client()
    assert client.log_in(address, password).status == 200
    assert client.get("/me").json()["groups"] == ["a", "b"]


def test_a_password_is_never_an_argument(site: Deployment, console: CommandLine) -> None:
    """Arguments stand in the list of processes."""
    name = new_name()
    for arguments in (["--password", "x"], ["a-second-argument"]):
        console.refused("user", "add", name, *arguments, given=site.secrets.password() + "\n")
    usage = console.do("user", "add", "--help") + console.do("user", "passwd", "--help")
    assert "--password" not in usage
    assert "no account" in console.refused("user", "show", name)


@pytest.mark.parametrize(
    "given",
    ["", "\n", "short\n", "password123\n", "\0" * 20 + "\n", "x" * 5000 + "\n"],
    ids=["none", "empty", "short", "common", "nul", "long"],
)
def test_a_password_that_breaks_the_rules_makes_no_account(
    console: CommandLine, given: str
) -> None:
    """ASVS 6.1.3: the rules are the same by every way."""
    name = new_name()
    console.refused("user", "add", name, given=given)
    assert "no account" in console.refused("user", "show", name)


def test_a_password_that_is_not_utf8_is_refused(site: Deployment) -> None:
    command = [binary(), "user", "add", "--config", site.settings_file, new_name()]
    result = subprocess.run(
        command, input=b"walrus\xff\xfeplinth-long\n", capture_output=True, env=clean_environment()
    )
    assert result.returncode == 1 and b"UTF-8" in result.stderr


def test_a_password_keeps_its_blanks_and_loses_only_the_line_end(
    site: Deployment, console: CommandLine
) -> None:
    """ASVS 6.2.8: verified exactly as given."""
    for end in ("", "\n", "\r\n"):
        name, password = new_name(), f"  {site.secrets.password()} "
        console.do("user", "add", name, given=password + end)
        assert site.client().log_in(name, password).status == 200
        assert site.client().log_in(name, password.strip()).status == 401


def test_list_and_show(site: Deployment, console: CommandLine, person: Person) -> None:
    lines = [json.loads(line) for line in console.do("user", "list", "--json").splitlines()]
    mine = [user for user in lines if user["username"] == person.name]
    assert len(mine) == 1 and mine[0]["disabled"] is False
    found = console.do("user", "list", "--search", person.name).splitlines()
    assert [line.split("\t")[:2] for line in found] == [[mine[0]["id"], person.name]]
    for who in (person.name, person.name.upper(), mine[0]["id"]):
        shown = console.do("user", "show", who)
        assert mine[0]["id"] in shown and person.client.source in shown
        assert person.client.get("/me").json()["session"]["id"] in shown
    assert console.do("user", "list", "--search", "%") == ""


def test_passwd_ends_every_session_and_the_old_password(
    site: Deployment, console: CommandLine, person: Person
) -> None:
    new, old_path = site.secrets.password(), guarded(person)
    assert old_path() == 200
    console.do("user", "passwd", person.name, given=new + "\n")
    assert after_delay(old_path) == 303
    assert site.client().log_in(person.name, person.password).status == 401
    assert site.client().log_in(person.name, new).status == 200


def test_groups_hold_at_the_next_request(console: CommandLine, person: Person) -> None:
    """ASVS 8.3.2, with the fifth of a second that another process may need."""
    staff = guarded(person, "/staff")
    for _ in range(3):
        assert staff() == 403
        assert console.do("user", "groups", person.name, "--add", "admin").split() == ["admin"]
        assert after_delay(staff) == 200
        console.do("user", "groups", person.name, "--remove", "admin", "--force")
        assert after_delay(staff) == 403
    both = console.do("user", "groups", person.name, "--set", "x,y")
    assert both.split() == console.do("user", "groups", person.name).split() == ["x", "y"]
    assert console.do("user", "groups", person.name, "--set", "").split() == []
    for group in ("a b", "a\nb", "", "ädmin"):
        console.refused("user", "groups", person.name, "--add", group)


def test_disable_enable_and_delete(site: Deployment, console: CommandLine, person: Person) -> None:
    """ASVS 7.4.2."""
    page = guarded(person)
    assert page() == 200
    console.do("user", "disable", person.name)
    assert after_delay(page) == 303
    assert "disabled" in console.do("user", "show", person.name)
    assert site.client().log_in(person.name, person.password).status == 401
    console.do("user", "enable", person.name)
    assert person.client.log_in(person.name, person.password).status == 200
    assert page() == 200
    console.do("user", "delete", person.name)
    assert after_delay(page) == 303
    assert "no account" in console.refused("user", "show", person.name)
    assert site.client().log_in(person.name, person.password).status == 401


def test_a_link_sets_a_password_once(deploy: Deploy) -> None:
    """ASVS 6.4.1; its address is that of the settings, never of a request (CS-Forgot)."""
    site = deploy({"site.url": "https://people.example.org"})
    console, name = CommandLine(site), new_name()
    said = console.do("user", "add", name, "--link")
    url = next(word for word in said.split() if "token=" in word)
    assert url.startswith("https://people.example.org/set-password?token=")
    newer = next(w for w in console.do("user", "link", name).split() if "token=" in w)
    tokens = [site.secrets.add(parse_qs(urlsplit(u).query)["token"][0]) for u in (url, newer)]
    client, password = site.client(), site.secrets.password()
    fields = {"token": tokens[1], "password": password}
    assert client.post_json("/set-password", fields).status == 204
    for used in tokens:
        again = {"token": used, "password": site.secrets.password()}
        assert_problem(client.post_json("/set-password", again), 404, "link-unusable")
    assert client.log_in(name, password).status == 200


def test_sessions_are_listed_and_ended(
    site: Deployment, console: CommandLine, person: Person
) -> None:
    """ASVS 7.4.5: one, those of an account, or all."""
    other, second = site.person(), site.client("laptop/1")
    assert second.log_in(person.name, person.password).status == 200
    rows = [row.split("\t") for row in console.do("session", "list", person.name).splitlines()]
    assert {row[3] for row in rows} == {person.client.source, second.source}
    own = person.client.get("/me").json()["session"]["id"]
    assert own in {row[1] for row in rows}
    assert console.do("session", "end", own) == "Ended 1 session.\n"
    time.sleep(DELAY)
    assert_refused(person.client.get("/me"))
    assert second.get("/me").status == 200
    assert "no session" in console.refused("session", "end", own)
    assert console.do("session", "end", "--user", person.name) == "Ended 1 session.\n"
    time.sleep(DELAY)
    assert_refused(second.get("/me"))
    assert other.client.get("/me").status == 200


def test_all_sessions_of_everybody_are_ended(deploy: Deploy) -> None:
    """ASVS 7.4.5."""
    site = deploy()
    people = [site.person() for _ in range(3)]
    assert CommandLine(site).do("session", "end", "--all") == "Ended 3 sessions.\n"
    time.sleep(DELAY)
    for person in people:
        assert_refused(person.client.get("/me"))
        assert person.client.log_in(person.name, person.password).status == 200


@pytest.mark.parametrize("verb", ["groups", "disable", "delete"])
def test_the_last_administrator_goes_by_force_only(deploy: Deploy, verb: str) -> None:
    site = deploy()
    console, admin = CommandLine(site), administrator(site)
    arguments = ["user", verb, admin.name] + (["--set", ""] if verb == "groups" else [])
    assert "--force" in console.refused(*arguments)
    assert admin.client.get("/users").status == 200
    console.do(*arguments, "--force")
    assert after_delay(lambda: admin.client.get("/users").status) in (401, 403)


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "show", NOBODY],
        ["user", "passwd", NOBODY],
        ["user", "link", NOBODY],
        ["user", "groups", NOBODY, "--add", "x"],
        ["user", "disable", NOBODY],
        ["user", "enable", NOBODY],
        ["user", "delete", NOBODY],
        ["session", "list", NOBODY],
        ["session", "end", NOBODY],
        ["session", "end", "--user", NOBODY],
        ["session", "end", "../../etc/passwd"],
        ["user", "show", "'; DROP TABLE users; --"],
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_said_with_status_1(
    site: Deployment, console: CommandLine, arguments: list[str]
) -> None:
    outcome = console.run(*arguments, given=site.secrets.password() + "\n")
    assert (outcome.status, outcome.output) == (1, ""), outcome
    assert outcome.error.startswith("Error: there is no "), outcome


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "show"],
        ["user", "fly", "x"],
        ["session", "end"],
        ["session", "end", NOBODY, "--all"],
        ["audit", "list", "--limit", "0"],
        ["audit", "list", "--limit", "many"],
    ],
    ids=" ".join,
)
def test_a_command_that_makes_no_sense_is_status_64(
    console: CommandLine, arguments: list[str]
) -> None:
    """EX_USAGE of sysexits.h."""
    assert console.run(*arguments).status == 64


def test_settings_that_are_wrong_are_status_78(deploy: Deploy) -> None:
    """EX_CONFIG of sysexits.h, as for serve."""
    site = deploy()
    site.settings["workers"] = 0
    site.rewrite_settings()
    outcome = CommandLine(site).run("user", "list")
    assert outcome.status == 78 and "workers" in outcome.error


def test_a_store_that_is_not_there_is_said_and_not_made(deploy: Deploy) -> None:
    """A mistyped path must not end in a second, empty store."""
    site = deploy()
    missing = site.database.parent / "other" / "coatcheck.db"
    site.settings["storage.path"] = str(missing)
    site.rewrite_settings()
    assert str(missing) in CommandLine(site).refused("user", "list")
    assert not missing.parent.exists()


def test_a_store_made_before_the_first_start_belongs_to_the_service() -> None:
    """Made by root it is its folder's owner's, or the service could not open it."""
    with tempfile.TemporaryDirectory(prefix="coatcheck-test-") as name:
        folder = Path(name) / "data"
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            Path(name).chmod(0o711)
            os.chown(folder, SOMEBODY, SOMEBODY)
        settings = Path(name) / "coatcheck.yaml"
        write_settings(settings, {"storage.path": str(folder / "c.db")} | CHEAP_HASHING)
        command = [binary(), "user", "add", "--config", settings, new_name(), "--link"]
        result = subprocess.run(command, capture_output=True, env=clean_environment())
        assert result.returncode == 0, result.stderr
        for path in folder.iterdir():
            assert path.stat().st_uid == folder.stat().st_uid, path.name


def test_what_a_command_writes_belongs_to_the_server(deploy: Deploy) -> None:
    """Files beside the database keep mode and owner, whoever runs the command."""
    site = deploy()
    CommandLine(site).do("user", "add", new_name(), "--link")
    owner = site.database.stat().st_uid
    for path in site.database.parent.iterdir():
        assert (path.stat().st_uid, path.stat().st_mode & 0o077) == (owner, 0), path


def test_twenty_commands_at_once_lose_nothing(site: Deployment) -> None:
    """Each waits its turn at the store, beside a server that writes too."""
    person = site.person()
    command = [binary(), "user", "groups", "--config", site.settings_file, person.name, "--add"]
    running = [
        subprocess.Popen(
            [*command, f"g{n:02}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=clean_environment(),
        )
        for n in range(20)
    ]
    for process in running:
        assert process.communicate(timeout=60)[1] == b"" and process.returncode == 0
    expected = [f"g{n:02}" for n in range(20)]
    wait_until(
        lambda: person.client.get("/me").json()["groups"] == expected, "all 20 groups", timeout=30
    )


def test_a_closed_circle_is_made_by_its_operator_alone(deploy: Deploy) -> None:
    """`site.sign-up: false`: nobody makes an account of their own; administrators do."""
    site = deploy({"site.sign-up": False})
    client, password = site.client(), site.secrets.password()
    answer = client.post_json("/signup", {"username": new_name(), "password": password})
    assert_problem(answer, 403, "sign-up-closed")
    name = new_name()
    CommandLine(site).do("user", "add", name, given=password + "\n")
    assert client.log_in(name, password).status == 200
    assert client.get("/dashboard").status == 200
